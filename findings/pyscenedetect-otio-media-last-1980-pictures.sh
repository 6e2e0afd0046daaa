#!/usr/bin/env bash
# PySceneDetect 0.7.2: in its OpenTimelineIO list every film, of whatever length, is 1980 pictures long.
#
# Expected: a clip's media reference says as available_range how much of the file there is: 500 pictures of a film of
# 500, and 5000 of one of 5000, as the Final Cut 7 list of the same package does in <file><duration>.
# Seen: available_range is 0 to 1980 for both: the number stands fixed in write_scene_list_otio(). Each shot that lies
# behind it, from 1:06 at 30 pictures a second, asks for media that by the list do not exist: OpenTimelineIO's own
# `otiotool --verify-ranges` calls them out of bounds. Of a shorter film pictures are said to exist that do not.
# Cost to a video search: programs that go by the available range, and cut a clip to it, or take what is outside for
# missing media, lose all shots but those of the first minute. The test list of a short film shows nothing of it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "scenedetect==0.7.2" \
    "opencv-python-headless==5.0.0.93" "imageio-ffmpeg==0.8.1" "numpy==2.4.6" "opentimelineio==0.18.1"
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import opentimelineio as otio
from scenedetect import ContentDetector, detect
from scenedetect.output import write_scene_list_fcp7, write_scene_list_otio

RATE = Fraction(25)
print("version: PySceneDetect", version("scenedetect"), "read with OpenTimelineIO", version("opentimelineio"))
print("expected: the media have as many pictures as the film, and every shot is in bounds")
same = True
for count in (500, 5000):
    shades = (np.arange(count) // 250 % 2 * 200 + 20).astype(np.uint8)
    film = shades[:, None].repeat(32 * 32, axis=1).tobytes()
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "32x32", "-r", str(RATE), "-i", "-"]
    code = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "film.mp4"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *raw, *code], check=True, input=film)
    scenes = detect("film.mp4", ContentDetector())
    write_scene_list_fcp7("film.xml", scenes, "film.mp4", RATE, (32, 32))
    write_scene_list_otio("film.otio", scenes, "film.mp4", RATE, audio=False)
    by_fcp = int(re.search(r"<file .*?<duration>(\d+)", Path("film.xml").read_text(), re.DOTALL).group(1))
    clips = list(otio.adapters.read_from_file("film.otio").find_clips())
    by_otio = {round(clip.available_range().duration.value) for clip in clips}
    tool = [sys.executable, "-m", "opentimelineio.console.otiotool", "-i", "film.otio", "--verify-ranges"]
    said = subprocess.run(tool, check=True, capture_output=True, text=True).stdout
    outside = said.count("OUT OF BOUNDS")
    print(f"seen: film of {count}: Final Cut 7 {by_fcp}, OTIO {by_otio}; {outside} of {len(clips)} shots out of bounds")
    same &= by_fcp == count and by_otio == {1980} and outside == max(0, len(clips) - 1980 // 250)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
