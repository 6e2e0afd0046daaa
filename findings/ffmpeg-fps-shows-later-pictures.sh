#!/usr/bin/env bash
# FFmpeg 9.0.2: the filter fps=1 shows second k with the picture of half a second later; at fps=1/2 it is a second.
#
# Expected: `-vf fps=1` of a film of 25 pictures a second gives the pictures 0, 25, 50 ... as those of second 0, 1, 2 ...,
# and `-r 1` does the same.
# Seen: it gives 12, 37, 62, 87 under the times 0, 1, 2, 3. The filter rounds each picture's own time to the nearest
# second, so that the last one that rounds to 0 s, the one of 0.48 s, stands for it. `round=up` gives 0, 25, 50, 75, and
# `round=down` 24, 49, 74, 99. `-r 1` behind the input takes yet others, and six of them for four seconds.
# Cost to a video search: one picture a second is how footage is most often sampled, and picture k is taken for second
# k. Every moment found is then said to begin half a second before what it shows, a whole one at a picture each two
# seconds: a cut by these times begins in the shot before, and the picture beside a time is not the one there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SIDE = 64
SEEN = {
    "fps=1": [12, 37, 62, 87],
    "fps=1:round=up": [0, 25, 50, 75],
    "fps=1:round=down": [24, 49, 74, 99],
    "fps=1/2": [24, 74],
}


def ffmpeg(*arguments):
    return subprocess.run([FFMPEG, "-y", *arguments], check=True, capture_output=True)


def shades(*arguments):
    """The upper left pixel of each picture."""
    raw = ffmpeg("-i", "film.mkv", *arguments, "-f", "rawvideo", "-pix_fmt", "gray", "-").stdout
    return [raw[start] for start in range(0, len(raw), SIDE * SIDE)]


def times(filters):
    """As the filter writes them, in seconds."""
    said = ffmpeg("-i", "film.mkv", "-vf", f"{filters},showinfo", "-f", "null", "-").stderr.decode()
    return [float(time) for time in re.findall(r"pts_time:(\S+)", said)]


colour = f"color=black:size={SIDE}x{SIDE}:rate=25:duration=4,geq=lum='16+2*N':cb=128:cr=128"
ffmpeg("-f", "lavfi", "-i", colour, "-c:v", "ffv1", "film.mkv")  # a shade of its own for each picture
every = shades()
found = {filters: [every.index(shade) for shade in shades("-vf", filters)] for filters in SEEN}
by_rate = [every.index(shade) for shade in shades("-r", "1")]
print("version:", ffmpeg("-version").stdout.decode().split(" Copyright")[0])
print("expected: fps=1: pictures [0, 25, 50, 75] of", len(every))
for filters, numbers in found.items():
    print(f"seen: {filters}: pictures {numbers} at {times(filters)} s, which were at {[n / 25 for n in numbers]} s")
print(f"seen: -r 1: pictures {by_rate}")
same = found == SEEN and times("fps=1") == [0, 1, 2, 3] and times("fps=1/2") == [0, 2]
sys.exit(0 if same and by_rate == [0, 1, 22, 47, 72, 97] else "The behaviour has changed.")
PYTHON
