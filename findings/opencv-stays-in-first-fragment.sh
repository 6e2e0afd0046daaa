#!/usr/bin/env bash
# OpenCV 5.0.0.93: of an MP4 in fragments it counts the first one's pictures only, and every seek behind it stays there.
#
# Expected: set(CAP_PROP_POS_FRAMES, 200) and set(CAP_PROP_POS_MSEC, 8000) lead to picture 200 of a film of 250 at 25 a
# second, or fail, and CAP_PROP_FRAME_COUNT is about 250. Reading on from the beginning does give 250 pictures.
# Seen: in a file that FFmpeg writes with "-movflags frag_keyframe", as recorders do that may lose their power, the head
# holds the tables of the first fragment. OpenCV takes their 50 pictures for the film's: each seek behind them gives
# picture 50 and says True, and tells 51 and 2000 ms as its position. With an empty head ("+empty_moov"), or in a plain
# MP4, all is right. PyAV's stream.frames is 50 as well, and so is total_frames of supervision 0.31.2, which asks
# OpenCV; PyAV's container.duration is right.
# Cost to a video search: pictures taken at even steps through a film, and every look at a moment that was found, show
# its first seconds only. An index of a recorder's whole archive is made of first fragments, without an error.
# Related: OpenCV issue 9053 tells of seeks that are a few pictures off.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "opencv-python-headless==5.0.0.93" "av==18.1.0" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys
from importlib.metadata import version

import av
import cv2
import imageio_ffmpeg
import numpy as np

COUNT = 250


def number(frame):
    """Read the bars of a (64, 128, 3) frame."""
    return int(((frame.mean(axis=2)[32, 8::16] > 128) << np.arange(8)).sum())


def sought(name, what, value):
    film = cv2.VideoCapture(name)
    assert film.set(what, value)
    return number(film.read()[1])


bars = np.repeat(np.where(np.arange(COUNT)[:, None] >> np.arange(8) & 1, 220, 30), 16, axis=1).astype(np.uint8)
film = np.repeat(bars[:, None, :], 64, axis=1).tobytes()
raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "128x64", "-r", "25", "-i", "-"]
code = ["-c:v", "libx264", "-g", "50", "-sc_threshold", "0", "-pix_fmt", "yuv420p"]
FLAGS = {"plain.mp4": "faststart", "empty.mp4": "frag_keyframe+empty_moov", "first.mp4": "frag_keyframe"}
ASKED = [10, 49, 60, 100, 200, 240]
print("version: OpenCV", version("opencv-python-headless"), "beside PyAV", av.__version__)
print(f"expected: {COUNT} pictures counted and read, and those sought are {ASKED}")
result = {}
for name, flags in FLAGS.items():
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *raw, *code, "-movflags", flags, name]
    subprocess.run(call, check=True, input=film)
    capture = cv2.VideoCapture(name)
    counted = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    read = sum(1 for _ in iter(capture.grab, False))
    by_number = [sought(name, cv2.CAP_PROP_POS_FRAMES, i) for i in ASKED]
    by_time = [sought(name, cv2.CAP_PROP_POS_MSEC, i * 40) for i in ASKED]
    with av.open(name) as container:
        other = f"PyAV: frames {container.streams.video[0].frames}, {container.duration / 1e6} s"
    print(f"seen: {name}: counted {counted}, read {read}, by number {by_number}, by time {by_time}; {other}")
    result[name] = (counted, read, by_number, by_time)
right = (COUNT, COUNT, ASKED, ASKED)
stuck = [10, 49, 50, 50, 50, 50]
same = result["plain.mp4"] == result["empty.mp4"] == right and result["first.mp4"] == (50, COUNT, stuck, stuck)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
