#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8): in an MPEG program stream a picture's time depends on where reading began.
#
# Expected: a picture has one presentation time, whether the file is read from its beginning or from a seek; in MP4,
# Matroska and transport streams it has.
# Seen: in MPEG-2 in a program stream (.mpg, .vob: DVDs, DVD recorders, older cameras), read from the beginning, all
# times are right. After a seek the first key picture, and sometimes the next picture, is up to 0.12 s off (three
# pictures), early or late, and those behind it are right: only some packets are stamped, and a stamp goes to the wrong
# picture where reading begins in the middle of one.
# Cost to a video search: key pictures are just what an index looks at, and the first picture after a seek just what a
# cut looks at. The same picture stands at two times, and a clip begins up to three pictures beside the moment.
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
COUNT = 400


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


def times_of(path, targets):
    """{number: seconds} read from the beginning; and [(number, seconds)] of the group of pictures after each seek."""
    with av.open(path) as film:
        stream = film.streams.video[0]
        straight = {number_of(frame.to_ndarray(format="gray")): frame.time for frame in film.decode(stream)}
    after = []
    for target in targets:
        with av.open(path) as film:
            stream = film.streams.video[0]
            film.seek(round((straight[0] + target) / stream.time_base), stream=stream)
            frames = film.decode(stream)
            frames = (frame for frame in frames if frame.pict_type == av.video.frame.PictureType.I)  # whole ones only
            if frame := next(frames, None):
                after.append((number_of(frame.to_ndarray(format="gray")), frame.time))
    return straight, after


how = ["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-b:v", "2M", "-flags", "+cgop", "-sc_threshold", "1000000000"]
seen = {}
for name in ("film.mpg", "film.ts", "film.mkv"):
    write_film(name, COUNT, *how)
    straight, after = times_of(name, np.arange(1, 14, 0.25))
    wrong = sum(abs(time - straight[0] - number / 25) > 0.003 for number, time in straight.items())
    off = [
        (number, round(time - straight[number], 3)) for number, time in after if abs(time - straight[number]) > 0.003
    ]
    seen[name] = len(straight), wrong, len(after), off
print("version: PyAV", av.__version__, "libavformat", ".".join(map(str, av.library_versions["libavformat"])))
print("expected: the key picture that comes after a seek has the time that it has when the file is read through")
for name, (pictures, wrong, seeks, off) in seen.items():
    print(f"seen: {name}: read through {wrong} of {pictures} times wrong, after seeks {len(off)} of {seeks}", end="")
    print(f"; (picture, seconds off): {off[:5]}" if off else "")
same = all(wrong == 0 and bool(off) == (name == "film.mpg") for name, (_, wrong, _, off) in seen.items())
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
