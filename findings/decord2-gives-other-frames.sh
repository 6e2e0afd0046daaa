#!/usr/bin/env bash
# decord2 3.4.0, which carries on decord for what reads video into models (video2dataset and the like use decord): asked
# for picture i, it gives another one.
#
# Expected: vr[i] is picture i in the order shown, wherever reading began. The docstring says "Get frame at idx", and
# decord's author says that "indexing always use seek_accurate", which "guarantees" the place (dmlc/decord issue 130).
# Seen: read on from 0, MP4, MOV and Matroska are right. Asked for single pictures, MPEG-2 and HEVC as x265 codes it by
# default (open groups: pictures shown before a key picture are stored behind it) give another picture near each key
# picture, in Matroska one of the group before; and in a transport stream every picture is another one, vr[0] the first
# of the second group. No error and no warning.
# Cost to a video search: embeddings of other pictures than the ones that stand in the index, so that clips miss what
# was found by up to a second.
# Related: dmlc/decord issues 54 and 365 tell of wrong pictures at some indices.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "decord2==3.4.0" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import importlib.metadata
import subprocess
import sys

import decord
import imageio_ffmpeg
import numpy as np

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
COUNT = 200
decord.logging.set_level(decord.logging.QUIET)


def write_film(path, count, *how):
    """Pictures at 25 a second, each with its number as ten black and white blocks, made by ffmpeg."""
    pictures = np.full((count, 144, 160), 128, np.uint8)  # 96 rows of grey and 48 of no colour: yuv420p
    for number in range(count):
        for bit in range(10):
            pictures[number, 32:64, 16 * bit : 16 * bit + 16] = 235 if number >> bit & 1 else 16
    command = [FFMPEG, "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "160x96", "-r", "25", "-i", "-"]
    subprocess.run([*command, *how, path], input=pictures.tobytes(), check=True)


def number_of(grey):
    """The number drawn in a (96, 160) picture."""
    return sum(int(grey[40:56, 16 * bit + 4 : 16 * bit + 12].mean() > 125) << bit for bit in range(10))


def given(reader, index):
    return number_of(reader[index].asnumpy().mean(axis=2))


def read(path):
    """Wrong pictures read one after the other; and [(asked, given)] where single ones are asked for."""
    reader = decord.VideoReader(path)
    assert len(reader) == COUNT, path
    in_turn = sum(given(reader, index) != index for index in range(COUNT))
    single = []
    for index in range(0, COUNT, 3):
        came = given(decord.VideoReader(path), index)
        if came != index:
            single.append((index, came))
    return in_turn, single


h264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "25"]
hevc = ["-c:v", "libx265", "-x265-params", "log-level=error:keyint=25:scenecut=0"]
mpeg2 = ["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-b:v", "2M"]
films = {
    "H.264, MP4": ("h264.mp4", h264),
    "HEVC, MP4": ("hevc.mp4", hevc),
    "HEVC, Matroska": ("hevc.mkv", hevc),
    "MPEG-2, MOV": ("mpeg2.mov", mpeg2),
    "H.264, transport stream": ("h264.ts", h264),
}
seen = {}
for name, (path, how) in films.items():
    write_film(path, COUNT, *how)
    seen[name] = read(path)
asked = len(range(0, COUNT, 3))
print("version: decord2", importlib.metadata.version("decord2"))
print("expected: reader[i] is picture i, whether read in turn or alone")
for name, (in_turn, single) in seen.items():
    print(f"seen: {name}: in turn {in_turn} of {COUNT} wrong; alone {len(single)} of {asked}", end="")
    print(f" wrong, (asked, given): {single[:4]}" if single else " wrong")
in_turn_wrong = {name for name, (in_turn, _) in seen.items() if in_turn}
alone_wrong = {name for name, (_, single) in seen.items() if single}
same = in_turn_wrong == {"H.264, transport stream"} and alone_wrong == set(films) - {"H.264, MP4"}
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
