#!/usr/bin/env bash
# PySceneDetect 0.7.2: its clips are cut earlier than its own list says when the sound of a file begins first.
#
# Expected: the times that detect() gives and split_video_ffmpeg() of the same package takes are counted alike, so that
# each clip shows one shot and no picture of another.
# Seen: detect() counts from the first picture, with OpenCV and with PyAV alike, while FFmpeg, which it has cut, counts
# from what comes first in the file. Where the sound begins first, as when a recorder joins a broadcast and waits for
# a key picture, each clip starts with the end of the shot before it, by as much as the picture is later, and the end of
# the last shot is in no clip. No warning; without sound, or where both begin together, the cuts are right.
# Cost to a video search: every clip handed over begins with another shot's end, and a clip's first picture, from which
# a thumbnail or an embedding is made, shows what is not in the shot.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "scenedetect==0.7.2" "opencv-python-headless==5.0.0.93" "av==18.1.0" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
ffmpeg=$(venv/bin/python -c "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())")
mkdir bin && ln -s "$ffmpeg" bin/ffmpeg
PATH="$work/bin:$PATH" venv/bin/python - <<'PYTHON'
import itertools
import subprocess
import sys
from importlib.metadata import version

import av
import numpy as np
from scenedetect import ContentDetector, detect, split_video_ffmpeg

COLOURS = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40)], np.uint8)


def ffmpeg(*arguments, pictures=None):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, input=pictures)


def shots(path):
    """Name the shots that a file shows, with the number of pictures of each."""
    with av.open(path) as container:
        seen = [frame.to_ndarray(format="rgb24")[32, 64].astype(int) for frame in container.decode(video=0)]
    names = [int(abs(COLOURS - colour).sum(axis=1).argmin()) for colour in seen]
    return [[name, len(list(group))] for name, group in itertools.groupby(names)]


film = np.repeat(COLOURS, 60, axis=0)[:, None, None].repeat(64, 1).repeat(128, 2)
raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "128x64", "-r", "25", "-i", "-"]
ffmpeg(*raw, "-c:v", "libx264", "-pix_fmt", "yuv420p", "silent.mp4", pictures=film.tobytes())
sound = ["-f", "lavfi", "-t", "12", "-i", "sine", "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac"]
DELAYS = {"together.mp4": 0, "fifth.mkv": 0.2, "second.mkv": 1, "second.mp4": 1}
for name, delay in DELAYS.items():
    ffmpeg("-itsoffset", str(delay), "-i", "silent.mp4", *sound, name)
print("version: PySceneDetect", version("scenedetect"), "with FFmpeg of imageio-ffmpeg", version("imageio-ffmpeg"))
print("expected: each clip has one shot of 60 pictures: [[0, 60]], [[1, 60]], [[2, 60]], [[3, 60]]")
same = True
for name, delay in {"silent.mp4": 0, **DELAYS}.items():
    for backend in ("opencv", "pyav"):
        scenes = detect(name, ContentDetector(threshold=10), backend=backend)
        split_video_ffmpeg(name, scenes, output_file_template=f"{name}-$SCENE_NUMBER.mp4")
        clips = [shots(f"{name}-{i:03d}.mp4") for i in range(1, 5)]
        print(f"seen: {name}, {backend}: shots from {[start.seconds for start, _ in scenes]} s, clips {clips}")
        lost = round(delay * 25)
        late = [[[0, 60 - lost]]] + [[[i - 1, lost], [i, 60 - lost]] for i in (1, 2, 3)]
        same &= clips == (late if lost else [[[i, 60]] for i in range(4)])
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
