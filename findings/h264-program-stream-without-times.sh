#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8): H.264 and HEVC in an MPEG program stream are decoded with hardly any times.
#
# Expected: every decoded frame has a pts. A program stream need not stamp every picture (ISO/IEC 13818-1, 2.7.4: one
# stamp in 0.7 s); the demuxer knows the rate and fills in what is not stamped, as it does for MPEG-2 in the same
# container, and in transport streams.
# Seen: for H.264 and HEVC the pictures between two stamps have pts None and dts None, and frame.time is None, though
# there are no B-pictures and average_rate is known. ffmpeg stamps one picture a packet of 2 kB, so the calmer the scene
# the fewer times there are: with 200 to 300 bytes a picture one in two to six. The pictures are all there.
# Cost to a video search: a reader that passes over frames without a time sees a fraction of the film; one that takes
# the frame's number for it puts moments where they aren't after any seek.
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


def times_of(path):
    """Whether all pictures come in order; how many have no time, and a wrong one; the widest gap; the stated rate."""
    with av.open(path) as film:
        frames = [(number_of(f.to_ndarray(format="gray")), f.pts, f.dts, f.time) for f in film.decode(video=0)]
        rate = film.streams.video[0].average_rate
    untimed = sum(pts is None and dts is None and time is None for _, pts, dts, time in frames)
    timed = [(number, time) for number, _, _, time in frames if time is not None]
    wrong = sum(abs(time - timed[0][1] - number / 25) > 0.003 for number, time in timed)
    gap = max(later - earlier for (_, earlier), (_, later) in zip(timed, timed[1:]))
    return [number for number, *_ in frames] == list(range(COUNT)), untimed, wrong, round(gap, 2), rate


def noise(strength):
    """Keeps pictures from being so small that stamps stand farther apart than the standard allows."""
    return ["-vf", f"noise=alls={strength}:allf=t"]


h264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "0", *noise(8)]
hevc = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=25:bframes=0", *noise(14)]
mpeg2 = ["-c:v", "mpeg2video", "-g", "25", "-q:v", "10", *noise(8)]
films = {
    "H.264, program stream": ("h264.mpg", h264),
    "HEVC, program stream": ("hevc.mpg", hevc),
    "MPEG-2, program stream": ("mpeg2.mpg", mpeg2),
    "H.264, transport stream": ("h264.ts", h264),
}
seen = {}
for name, (path, how) in films.items():
    write_film(path, COUNT, *how)
    seen[name] = times_of(path)
print("version: PyAV", av.__version__, "libavformat", ".".join(map(str, av.library_versions["libavformat"])))
print("expected: every frame has a time")
for name, (ordered, untimed, wrong, gap, rate) in seen.items():
    print(f"seen: {name}: all {COUNT} pictures in order {ordered}, {rate} a second; {untimed} without any time", end="")
    print(f", {wrong} times wrong, at most {gap} s between two")
same = all(
    ordered and gap < 0.7 and (untimed > COUNT // 4) == (name in ("H.264, program stream", "HEVC, program stream"))
    for name, (ordered, untimed, _, gap, _) in seen.items()
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
