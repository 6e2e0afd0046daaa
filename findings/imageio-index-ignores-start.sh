#!/usr/bin/env bash
# imageio 2.38.1 with PyAV: `index=` gives earlier frames of a video whose first frame has a time after 0.
#
# Expected: iio.imread(file, plugin="pyav", index=i) is the i-th frame of iio.imiter(file, plugin="pyav"); imageio's
# maintainer says that it seeks "frame-exact".
# Seen: true for a file that begins at 0. Transport streams, fragmented MP4 of B-pictures and files with an offset
# (a cut without encoding, a track that begins later) hold their first frame at 0.08 to 2 s: there the time is worked
# out as i over the rate, without the start, so that index 50 is frame 48, or frame 0. In HEVC as x265 codes it by
# default (open groups) single frames near key pictures are others too. Iterating gives the right ones. No warning.
# Cost to a video search: thumbnails, embeddings and clips of other pictures than those that were found.
# Related: janclemenslab/napari-video issue 3 suspects it; imageio issue 938 tells of the last frame alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "imageio==2.38.1" "av==18.1.0" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import av
import imageio
import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np

av.logging.set_level(av.logging.PANIC)
COUNT = 100


def ffmpeg(*arguments, pictures=None):
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True, input=pictures)


def number(frame):
    """Read the bars of a (64, 128, 3) frame."""
    return int(((frame.mean(axis=2)[32, 8::16] > 128) << np.arange(8)).sum())


bars = np.repeat(np.where(np.arange(COUNT)[:, None] >> np.arange(8) & 1, 220, 30), 16, axis=1).astype(np.uint8)
film = np.repeat(bars[:, None, :], 64, axis=1)
raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "128x64", "-r", "25", "-i", "-"]
ffmpeg(*raw, "-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", "plain.mp4", pictures=film.tobytes())
ffmpeg("-i", "plain.mp4", "-c", "copy", "stream.ts")
ffmpeg("-i", "plain.mp4", "-c", "copy", "-movflags", "frag_keyframe+empty_moov", "fragmented.mp4")
ffmpeg("-itsoffset", "2", "-i", "plain.mp4", "-c", "copy", "later.mp4")
hevc = ["-c:v", "libx265", "-x265-params", "log-level=0:keyint=25", "-pix_fmt", "yuv420p", "hevc.mp4"]
ffmpeg(*raw, *hevc, pictures=film.tobytes())
print("version: imageio", imageio.__version__, "with PyAV", av.__version__)
print("expected: index=i shows i, as iterating does")
wrong = {}
for name in ("plain.mp4", "later.mp4", "fragmented.mp4", "stream.ts", "hevc.mp4"):
    in_order = [number(frame) for frame in iio.imiter(name, plugin="pyav")]
    assert in_order == list(range(COUNT)), name
    shown = [number(iio.imread(name, plugin="pyav", index=i)) for i in range(COUNT)]
    wrong[name] = sum(i != n for i, n in enumerate(shown))
    print(f"seen: {name}: {wrong[name]} of {COUNT} are others; index 0, 10, 20, ... shows {shown[::10]}")
sys.exit(0 if not wrong.pop("plain.mp4") and all(wrong.values()) else "The behaviour has changed.")
PYTHON
