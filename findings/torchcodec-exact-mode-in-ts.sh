#!/usr/bin/env bash
# torchcodec 0.17.0 with FFmpeg's libraries: `seek_mode="exact"` gives other frames of an H.264 transport stream.
#
# Expected: decoder[i] is frame i in the order shown, whatever the container. The documentation of seek_mode says that
# exact mode "guarantees" it, and pays for that with a scan of the whole file when it is opened.
# Seen: right in MP4 and Matroska. In a transport stream with the very same packets nearly every i is another frame:
# decoder[0] is one of the middle of the first group, the rest follows from there, and the last ones raise "no more
# frames left to decode". The scan gives the right number of frames and the right times, but the seek to a key frame's
# time lands behind it, and what is decoded next is taken for what was asked for.
# Cost to a video search: recorders and cameras write .ts and .mts; each keyframe's embedding is of a picture up to a
# group (seconds) later than the time that it is stored under.
# Related: meta-pytorch/torchcodec issue 179 (HEVC in MP4, mended).
set -euo pipefail
ldconfig -p | grep libavcodec > /dev/null || { echo "FFmpeg's shared libraries are needed (Debian: apt install ffmpeg)"; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "torchcodec==0.17.0" "torch==2.14.1" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import imageio_ffmpeg
import numpy as np
import torchcodec
from torchcodec.decoders import VideoDecoder

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
COUNT = 100


def ffmpeg(*arguments, pictures=None):
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments], check=True, input=pictures)


def film():
    """(COUNT, 64, 128) uint8: the number of each frame as eight bars, black or white."""
    numbers = np.arange(COUNT)[:, None] >> np.arange(8) & 1
    bars = np.repeat(np.where(numbers, 220, 30), 16, axis=1).astype(np.uint8)
    return np.repeat(bars[:, None, :], 64, axis=1)


def number(decoder, i):
    """Read the bars of frame i, which is (3, 64, 128); None where it can't be had."""
    try:
        middle = decoder[i].numpy().mean(axis=0)[32, 8::16] > 128
    except RuntimeError:
        return None
    return int((middle << np.arange(8)).sum())


raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "128x64", "-r", "25", "-i", "-"]
ffmpeg(*raw, "-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", "film.mp4", pictures=film().tobytes())
for copy in ("film.mkv", "film.ts"):
    ffmpeg("-i", "film.mp4", "-c", "copy", copy)
print("version: torchcodec", torchcodec.__version__, "with FFmpeg", torchcodec.ffmpeg_major_version)
print("expected: decoder[i] shows i, for every i, in each container")
wrong = {}
for name in ("film.mp4", "film.mkv", "film.ts"):
    decoder = VideoDecoder(name, seek_mode="exact")
    shown = [number(decoder, i) for i in range(len(decoder))]
    wrong[name] = sum(i != n for i, n in enumerate(shown))
    print(f"seen: {name}: {len(decoder)} frames, {wrong[name]} are wrong; every tenth shows {shown[::10]}")
sys.exit(0 if wrong["film.mp4"] == wrong["film.mkv"] == 0 < wrong["film.ts"] else "The behaviour has changed.")
PYTHON
