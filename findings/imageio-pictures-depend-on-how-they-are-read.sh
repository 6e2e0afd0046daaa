#!/usr/bin/env bash
# imageio 2.38.1, imageio-ffmpeg 0.8.1: in a film of changing rate get_data(i) is not the i-th picture that is read.
#
# Expected: `reader.get_data(i)` is what the i-th turn of `for picture in reader` gives, and `reader.count_frames()`
# says how many turns there are. Telephones write such films (more pictures in motion, fewer at rest), and recorders
# that leave out what doesn't move.
# Seen: read in turn FFmpeg repeats pictures to keep an even rate, of 240 it makes 359; a step of more than 100, or
# back, seeks to i over the mean rate and counts on from there. Of the film with a rest get_data(110) shows what comes
# 3 s later. count_frames() counts 240 (149) pictures as they are stored: a loop over them leaves out the last third.
# iio.imread(index=i) of imageio 3 gives the same as get_data(i). No warning. All is right at one rate.
# Cost to a video search: a picture found by its number in a run through the film is shown as another one.
# `output_params=["-fps_mode", "passthrough"]` gives each picture once in turn; seeks stay wrong.
# Related: imageio issue 949 tells of wrong pictures of get_data in films that begin later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "imageio==2.38.1" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys
import warnings
from importlib.metadata import version

import imageio.v2
import imageio.v3
import imageio_ffmpeg
import numpy as np

COUNT = 240


def number(frame):
    """Read the bars of a (64, 128, 3) frame."""
    return int(((frame.mean(axis=2)[32, 8::16] > 128) << np.arange(8)).sum())


bars = np.repeat(np.where(np.arange(COUNT)[:, None] >> np.arange(8) & 1, 220, 30), 16, axis=1).astype(np.uint8)
film = np.repeat(bars[:, None, :], 64, axis=1).tobytes()
raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "128x64", "-r", "30", "-i", "-"]
code = ["-fps_mode", "vfr", "-c:v", "libx264", "-g", "30", "-pix_fmt", "yuv420p"]
FILES = {
    "one-rate.mp4": [],
    "changing.mp4": ["-vf", "setpts='if(lt(N,120),N/30,4+(N-120)/15)/TB'"],  # 4 s at 30, 8 s at 15
    "rest.mkv": ["-vf", "select='not(between(n,60,150))'"],  # nothing between 2 s and 5 s
}
ASKED = [10, 110, 140]
print("version: imageio", version("imageio"), "imageio-ffmpeg", version("imageio-ffmpeg"))
seen = {}
warnings.simplefilter("error", UserWarning)
for name, filters in FILES.items():
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *raw, *filters, *code, name], check=True, input=film
    )
    in_turn = [number(picture) for picture in imageio.v2.get_reader(name, "ffmpeg")]
    counted = imageio.v2.get_reader(name, "ffmpeg").count_frames()
    sought = [number(imageio.v2.get_reader(name, "ffmpeg").get_data(i)) for i in ASKED]
    by_index = [number(imageio.v3.imread(name, plugin="FFMPEG", index=i)) for i in ASKED]
    passed = {"format": "ffmpeg", "output_params": ["-fps_mode", "passthrough"]}
    once = [number(picture) for picture in imageio.v2.get_reader(name, **passed)]
    once_sought = [number(imageio.v2.get_reader(name, **passed).get_data(i)) for i in ASKED]
    stored = list(range(COUNT)) if name != "rest.mkv" else [*range(60), *range(151, COUNT)]
    of_turn = [in_turn[i] for i in ASKED]
    print(f"expected: {name}: {len(stored)} pictures; {ASKED} are {[stored[i] for i in ASKED]}")
    print(f"seen: {name}: {counted} counted, {len(in_turn)} in turn; {ASKED} are {of_turn} in turn, {sought} by")
    print(f"    get_data, {by_index} by imread; the last of those counted is {in_turn[counted - 1]}")
    print(f"    with passthrough: {len(once)} in turn, all right: {once == stored}; {once_sought} by get_data")
    seen[name] = (counted, len(in_turn), of_turn, sought)
    assert by_index == sought
same = (
    seen["one-rate.mp4"] == (240, 240, ASKED, ASKED)
    and seen["changing.mp4"][:2] == (240, 359)
    and seen["rest.mkv"][:2] == (149, 240)
    and seen["changing.mp4"][3][1] - seen["changing.mp4"][2][1] > 20
    and seen["rest.mkv"][3][1] - seen["rest.mkv"][2][1] > 80
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
