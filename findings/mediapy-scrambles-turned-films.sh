#!/usr/bin/env bash
# mediapy 1.2.7 with FFmpeg 7.0.2: the pictures of a film that a telephone recorded upright are scrambled.
#
# Expected: read_video() gives such a film as it is shown: pictures of 64 x 128 of a film that is stored as 128 x 64 with
# a matrix that turns it. Its code means to: it looks for the angle in what FFmpeg says, and swaps width and height.
# Seen: FFmpeg tells of an angle twice, of the file (90) and of what it puts out (0, since it has turned the pictures).
# mediapy takes the last one, and cuts FFmpeg's rows of 64 pixels into rows of 128. Two rows stand side by side in each,
# so that everything in the picture is there twice, half as high. The number of bytes fits, and no error comes.
# The matrix for half a turn does no harm. FFmpeg 9 has no option -vsync any more, and mediapy ends with an error there.
# Cost to a video search: whatever looks at the pictures, an embedding or a person, sees combed halves of two pictures
# in every upright film of a telephone, and a right one in all others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "mediapy==1.2.7" "imageio-ffmpeg==0.6.0" "numpy==2.4.6"
mkdir bin && ln -s "$(venv/bin/python -c "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())")" bin/ffmpeg
PATH="$work/bin:$PATH" venv/bin/python - <<'PYTHON'
import subprocess
import sys
from importlib.metadata import version

import mediapy
import numpy as np


def ffmpeg(*arguments, pictures=None):
    call = ["ffmpeg", "-hide_banner", *arguments]
    return subprocess.run(call, input=pictures, capture_output=True, check=False)


def pieces(picture):
    """Count the bright stretches of the row that has most of them, and the rows that have any."""
    bright = picture.mean(axis=2) > 128
    begins = np.diff(bright.astype(int), axis=1, prepend=0) > 0
    return int(begins.sum(axis=1).max()), int(bright.any(axis=1).sum())


square = np.zeros((64, 128), np.uint8)
square[16:48, 48:80] = 230
raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "128x64", "-r", "25", "-i", "-"]
ffmpeg(*raw, "-c:v", "libx264", "-pix_fmt", "yuv420p", "flat.mp4", pictures=square.tobytes() * 25)
for degrees in (90, 180, 270):
    ffmpeg("-display_rotation", str(degrees), "-i", "flat.mp4", "-c", "copy", f"{degrees}.mp4")
print("version: mediapy", version("mediapy"), "with", ffmpeg("-version").stdout.split(b" Copyright")[0].decode())
print("expected: a square of 32 rows, in one piece, in pictures of 128 rows where they are turned by 90 or 270 degrees")
seen = {}
for name in ("flat", "180", "90", "270"):
    film = mediapy.read_video(f"{name}.mp4")
    seen[name] = film.shape[1:3], *pieces(film[5])
    (rows, columns), count, bright = seen[name]
    print(f"seen: {name}: {rows} x {columns} pixels, the square has {bright} rows and is there {count} times")
right, scrambled = ((64, 128), 1, 32), ((64, 128), 2, 16)
sys.exit(0 if list(seen.values()) == [right, right, scrambled, scrambled] else "The behaviour has changed.")
PYTHON
