#!/usr/bin/env bash
# FFmpeg 9.0.2, PyAV 18.1.0, OpenCV 5.0.0.93: RGB of a gray film in tv range has black at 16 and white at 235.
#
# Expected: the film's brightness goes from 16 to 235 and its head says so (tv range). As RGB black is 0 and white is
# 255, whether the film is kept as 4:2:0 or, having no colour, as gray (4:0:0). Pillow, with libavif, reads it so.
# Seen: of gray HEVC (8 and 10 bits), AV1 and FFV1 the numbers are handed on as they are, though the frame says
# color_range 1 (MPEG): swscale holds all gray for full range. PyAV's `src_color_range="MPEG"` changes nothing.
# OpenCV's imread() of a gray AVIF does the same. The same film coded as 4:2:0, and gray H.264, which is decoded as
# 4:2:0, are spread. No warning.
# Cost to a video search: an old film, an infrared camera or a scan is paler than its copy in another format: black
# frames aren't black for a threshold, hashes and embeddings are of another picture.
# `(y - 16) * 255 / 219` of the gray values, where frame.color_range is 1, is right.
# Related: LAVFilters issue 623 and libheif issue 580 tell of the same in other software.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "av==18.1.0" "opencv-python-headless==5.0.0.93" "pillow==13.0.0" "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import subprocess
import sys
from importlib.metadata import version

import av
import cv2
import imageio_ffmpeg
import numpy as np
from PIL import Image

LUMA = np.array([16, 32, 64, 126, 180, 235], np.uint8)
RGB = np.rint((LUMA.astype(float) - 16) * 255 / 219).astype(int).tolist()
ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
film = np.repeat(np.repeat(LUMA[None], 32, axis=1), 64, axis=0).tobytes() * 3
raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "192x64", "-r", "25", "-i", "-"]
HEVC = ["libx265", "-x265-params", "log-level=none:range=limited", "-crf", "4"]
AV1 = ["libaom-av1", "-cpu-used", "8", "-crf", "5", "-frames:v", "1"]
FILES = {  # name: pixels and codec
    "colour-hevc.mp4": ["yuv420p", *HEVC],
    "colour.avif": ["yuv420p", *AV1],
    "gray-h264.mp4": ["gray", "libx264", "-crf", "4", "-bsf:v", "h264_metadata=video_full_range_flag=0"],
    "gray-hevc.mp4": ["gray", *HEVC],
    "gray10-hevc.mp4": ["gray10le", *HEVC],
    "gray-ffv1.mkv": ["gray", "ffv1"],
    "gray.avif": ["gray", *AV1],
}


def values(picture):
    """Read one value from each bar."""
    return [int(np.ravel(row)[0]) for row in picture[32, 16::32]]


def near(one, other):
    return np.abs(np.subtract(one, other)).max() <= 2


names = ["av", "opencv-python-headless", "pillow"]
print("version:", *[f"{name} {version(name)}" for name in names], "FFmpeg", imageio_ffmpeg.get_ffmpeg_version())
print("expected:", RGB, "for all files")
same = True
for name, (pixels, *code) in FILES.items():
    levels = "scale=in_range=pc:out_range=pc," if pixels == "yuv420p" else ""
    levels += f"format={pixels},setparams=range=tv"
    call = [ffmpeg, "-v", "error", *raw, "-vf", levels, "-pix_fmt", pixels, "-c:v", *code, name]
    subprocess.run(call, check=True, input=film)
    with av.open(name) as container:
        frame = next(container.decode(video=0))
        told = values(frame.reformat(format="rgb24", src_color_range="MPEG").to_ndarray())
        seen = {"PyAV": values(frame.to_ndarray(format="rgb24")), "PyAV, told the range": told}
    call = [ffmpeg, "-v", "error", "-i", name, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    out = subprocess.run(call, check=True, capture_output=True).stdout
    seen["FFmpeg"] = values(np.frombuffer(out, np.uint8).reshape(64, 192, 3))
    avif = name.endswith("avif")
    seen["OpenCV"] = values(cv2.imread(name) if avif else cv2.VideoCapture(name).read()[1])
    pillow = values(np.asarray(Image.open(name).convert("RGB"))) if avif else RGB
    print(f"seen: {name} ({frame.format.name}, color_range {frame.color_range}):", seen, f"Pillow {pillow}" * avif)
    wanted = RGB if frame.format.name == "yuv420p" else LUMA.tolist()
    same = same and near(pillow, RGB) and all(near(each, wanted) for each in seen.values())
    same = same and (frame.format.name == "yuv420p") == (name[:6] == "colour" or "h264" in name)
    same = same and frame.color_range == 1
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
