#!/usr/bin/env bash
# FFmpeg 9.0.2 (imageio-ffmpeg 0.8.1) writing, PyAV 18.1.0 (FFmpeg 8) reading: H.264 in MXF has its times shuffled.
#
# Expected: `ffmpeg -i film.mov -c copy film.mxf` keeps when each picture is shown, as it does for MPEG-2, or refuses,
# as it does for HEVC ("codec not currently supported in container").
# Seen: with B-pictures the file doesn't hold the order of showing. Read back, each packet's time is its place in the
# file: the pictures are decoded in the right order, most of them with a neighbour's time, up to two pictures off, so
# that times jump back several times a second. No warning in writing or reading. The ffmpeg program gets by, since it
# guesses times anew where they jump back; PyAV's frame.pts and frame.time are what the file says.
# Cost to a video search: archives hand out MXF. A reader that takes times to rise skips two of five pictures of such a
# file, one that sorts by time shuffles them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "av==18.1.0" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
COUNT = 200


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


def read_back(path):
    """Whether pictures come in order; how many times are wrong, and jump back; how many pictures rising times leave."""
    with av.open(path) as film:
        frames = [(number_of(frame.to_ndarray(format="gray")), frame.time) for frame in film.decode(video=0)]
    numbers, times = [number for number, _ in frames], [time for _, time in frames]
    wrong = sum(abs(time - times[0] - number / 25) > 0.003 for number, time in frames)
    back = sum(later <= earlier for earlier, later in zip(times, times[1:]))
    latest, left = -1.0, 0
    for time in times:
        if time > latest:
            latest, left = time, left + 1
    return numbers == list(range(COUNT)), wrong, back, left


h264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-x264-params", "scenecut=0"]
mpeg2 = ["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-b:v", "2M"]
for codec, how in (("h264", h264), ("mpeg2", mpeg2)):
    write_film(f"{codec}.mov", COUNT, *how)
    subprocess.run([FFMPEG, "-v", "warning", "-i", f"{codec}.mov", "-c", "copy", f"{codec}.mxf"], check=True)
seen = {path: read_back(path) for path in ("h264.mov", "mpeg2.mxf", "h264.mxf")}
print("version: PyAV", av.__version__, "ffmpeg", imageio_ffmpeg.get_ffmpeg_version())
print("expected: the copy in MXF has the pictures and times of the original, or is refused")
for path, (ordered, wrong, back, left) in seen.items():
    print(f"seen: {path}: pictures in order {ordered}, {wrong} times wrong, {back} not rising;", end=" ")
    print(f"{left} of {COUNT} pictures are left to who takes times to rise")
same = seen["h264.mov"] == seen["mpeg2.mxf"] == (True, 0, 0, COUNT) and seen["h264.mxf"][0]
same = same and min(seen["h264.mxf"][1:3]) > COUNT // 10 and seen["h264.mxf"][3] < COUNT * 3 // 4
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
