#!/usr/bin/env bash
# MoviePy 2.2.1: in a film of changing rate, get_frame(t) is another picture read forwards than read backwards.
#
# Expected: get_frame(t) is the picture of the time t, whatever was read before, and write_videofile() of a whole clip
# shows what the film shows. Telephones and screen recorders write such films: more pictures in motion, fewer at rest.
# Seen: after a step back, or one of over 100 pictures, MoviePy has FFmpeg seek, and get_frame(t) is right to a picture.
# Read forwards, as iter_frames(), write_videofile() and every effect do, it shows ever earlier ones, by 3.3 s after
# 10 s: MoviePy counts at the mean rate, while FFmpeg hands it pictures at the highest one. The last third of the film
# never comes. No warning. fps_source="tbr" mends it for this film; the handbook has it for rates that are read wrongly.
# Cost to a video search: a film looked through from its beginning gives every picture a wrong time, and a look at one
# moment, by which one would check it, is right. A film written anew plays too slowly and stops before its end.
# Related: Zulko/moviepy issue 1548 tells of the slow or fast film.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "moviepy==2.2.1" "imageio==2.38.1" "imageio-ffmpeg==0.8.1" "av==18.1.0" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys
import warnings
from importlib.metadata import version

import av
import imageio_ffmpeg
import numpy as np
from moviepy import VideoFileClip

COUNT = 240


def number(frame):
    """Read the bars of a (64, 128, 3) frame."""
    return int(((frame.mean(axis=2)[32, 8::16] > 128) << np.arange(8)).sum())


bars = np.repeat(np.where(np.arange(COUNT)[:, None] >> np.arange(8) & 1, 220, 30), 16, axis=1).astype(np.uint8)
film = np.repeat(bars[:, None, :], 64, axis=1).tobytes()
raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "128x64", "-r", "30", "-i", "-"]
code = ["-fps_mode", "vfr", "-c:v", "libx264", "-g", "30", "-pix_fmt", "yuv420p"]
changing = ["-vf", "setpts='if(lt(N,120),N/30,4+(N-120)/15)/TB'"]  # 4 s at 30, 8 s at 15
right, differs = {}, {}
print("version: MoviePy", version("moviepy"), "with FFmpeg of imageio-ffmpeg", version("imageio-ffmpeg"))
for name, filters in {"one-rate.mp4": [], "changing.mp4": changing}.items():
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *raw, *filters, *code, name]
    subprocess.run(call, check=True, input=film)
    clip = VideoFileClip(name, audio=False)
    seconds = np.arange(int(clip.duration))
    with av.open(name) as container:
        shown = [(float(each.time), number(each.to_ndarray(format="rgb24"))) for each in container.decode(video=0)]
    true = [max(n for at, n in shown if at <= t + 1e-4) for t in seconds]
    forwards = [number(clip.get_frame(t)) for t in seconds]
    anew = VideoFileClip(name, audio=False)
    backwards = [number(anew.get_frame(t)) for t in seconds[::-1]][::-1]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        last = max(number(frame) for frame in clip.iter_frames())
    print(f"expected: {name}: at {seconds.tolist()} s the pictures {true}, the last one {COUNT - 1}")
    print(f"seen: {name}: backwards {backwards}, forwards {forwards}, last {last}, {len(said)} warnings")
    right[name] = np.abs(np.subtract(backwards, true)).max() <= 1 and not said
    differs[name] = max(np.abs(np.subtract(forwards, true)).max(), COUNT - 1 - last)
sys.exit(0 if all(right.values()) and differs["one-rate.mp4"] == 0 and differs["changing.mp4"] > 40
         else "The behaviour has changed.")
PYTHON
