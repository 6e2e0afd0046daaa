#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8): a seek backwards in a fragmented MP4 lands behind the time that was asked for.
#
# Expected: `seek(offset, backward=True)`, the default, says "If there is not a keyframe at the given offset, look
# backwards for it", so that decoding from there comes by the wanted picture. In plain MP4 and Matroska it does.
# Seen: where pictures are stored in another order than shown, the demuxer compares the target with when a key picture
# is decoded, not with when it is shown. For every target between the two (two pictures a group here) it takes a key
# picture that is shown later, and the wanted picture can't be reached from there. So it is for H.264 in fragmented MP4
# (what OBS and many cameras write) and in FLV, and for MPEG-4 Part 2 even in plain MP4; H.264 there is right.
# Cost to a video search: "seek, decode until the time is reached, take that picture" gives another picture, now and
# then, for thumbnails and clip edges, and only in some containers. One has to look at the first time that comes back
# and seek further back.
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
COUNT, GROUP = 200, 25


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


def landed_behind(path):
    """Of the times of all pictures, how many seeks come out behind; and which pictures one example gave."""
    with av.open(path) as film:
        stream = film.streams.video[0]
        times = [frame.pts for frame in film.decode(stream)]
    assert len(times) == COUNT, path
    assert times == sorted(times), path
    behind, example = 0, ""
    with av.open(path) as film:
        stream = film.streams.video[0]
        for number, time in enumerate(times):
            film.seek(time, stream=stream)
            first = next(film.decode(stream), None)
            if first is None or first.pts > time:
                behind += 1
                came = number_of(first.to_ndarray(format="gray")) if first else "none"
                example = example or f", for picture {number} the first that comes is {came}"
    return behind, example


h264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", str(GROUP), "-x264-params", "scenecut=0"]
mpeg4 = ["-c:v", "mpeg4", "-g", str(GROUP), "-bf", "2", "-q:v", "4", "-sc_threshold", "1000000000"]
films = {
    "H.264, plain MP4": ("plain.mp4", h264),
    "H.264, Matroska": ("film.mkv", h264),
    "H.264, fragmented MP4": ("fragmented.mp4", [*h264, "-movflags", "frag_keyframe+empty_moov"]),
    "H.264, FLV": ("film.flv", h264),
    "MPEG-4 Part 2, plain MP4": ("mpeg4.mp4", mpeg4),
}
seen = {}
for name, (path, how) in films.items():
    write_film(path, COUNT, *how)
    seen[name] = landed_behind(path)
print("version: PyAV", av.__version__, "libavformat", ".".join(map(str, av.library_versions["libavformat"])))
print("expected: the first picture decoded after a seek is shown at the target or before it")
for name, (behind, example) in seen.items():
    print(f"seen: {name}: {behind} of {COUNT} seeks came out behind{example}")
right = ("H.264, plain MP4", "H.264, Matroska")
same = all((behind == 0) == (name in right) for name, (behind, _) in seen.items())
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
