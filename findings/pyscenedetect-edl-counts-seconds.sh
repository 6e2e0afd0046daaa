#!/usr/bin/env bash
# PySceneDetect 0.7.2: its EDL of 29.97 or 23.976 pictures a second says NON-DROP FRAME and is numbered by the clock.
#
# Expected: in an EDL headed "FCM: NON-DROP FRAME" a time is a count of pictures: 00:01:00:00 is picture 1800 at 29.97.
# The lists that the same package writes for OpenTimelineIO and Final Cut 7 name the same pictures as the EDL.
# Seen: the EDL counts seconds of the clock, and calls picture 1800 00:01:00:01, which says 1801. Read as its heading
# tells, each shot begins later than it is, by 17 pictures after ten minutes and so by about 108 (3.6 s) after an hour,
# at 23.976 and 29.97 alike. OTIO and Final Cut 7 are right, and so is the EDL at 25. Nothing is said.
# Cost to a video search: the list that is handed to an editor shows other pictures than those found, by more the later
# they are, and the first minute, where one looks whether it fits, is right to one picture.
# Related: PySceneDetect issue 502 saw a drift at 23.976 and is closed.
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
from scenedetect.output import write_scene_list_edl, write_scene_list_fcp7, write_scene_list_otio

CUTS = [0, 900, 1800, 9000, 18000]
print("version: PySceneDetect", version("scenedetect"), "read with OpenTimelineIO", version("opentimelineio"))
print("expected: all three lists name the pictures", CUTS)
off = {}
for rate in (Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001)):
    shades = (np.searchsorted(CUTS, np.arange(18100), side="right") % 2 * 200 + 20).astype(np.uint8)
    film = shades[:, None].repeat(32 * 32, axis=1).tobytes()
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "32x32", "-r", str(rate), "-i", "-"]
    code = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "film.mp4"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *raw, *code], check=True, input=film)
    scenes = detect("film.mp4", ContentDetector())
    write_scene_list_edl("film.edl", scenes)
    write_scene_list_otio("film.otio", scenes, "film.mp4", rate, audio=False)
    write_scene_list_fcp7("film.xml", scenes, "film.mp4", rate, (32, 32))
    edl = Path("film.edl").read_text()
    assert "FCM: NON-DROP FRAME" in edl
    times = re.findall(r"C +([\d:]+) ", edl)
    by_edl = [otio.opentime.from_timecode(each, float(rate)).to_frames() for each in times]
    clips = otio.adapters.read_from_file("film.otio").find_clips()
    by_otio = [round(clip.source_range.start_time.value) for clip in clips]
    by_fcp = [int(each) for each in re.findall(r"<in>(\d+)</in>", Path("film.xml").read_text())]
    print(f"seen: at {float(rate):.3f}: OTIO {by_otio}, FCP 7 {by_fcp}, EDL {by_edl} from {times}")
    assert by_otio == by_fcp == [scene[0].frame_num for scene in scenes]
    off[float(rate)] = np.subtract(by_edl, CUTS).tolist()
print("seen: EDL minus true picture:", off)
right = off.pop(25.0) == [0] * 5
sys.exit(0 if right and all(each[-1] >= 17 for each in off.values()) else "The behaviour has changed.")
PYTHON
