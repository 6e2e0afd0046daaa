#!/usr/bin/env bash
# FFmpeg 9.0.2: chapters written into MP4 or MOV are without gaps, and the first begins at 0, whatever its START is.
#
# Expected: a chapter that goes from 65 to 70 s in ffmpeg's metadata file, or in a Matroska file, does so in an MP4 made
# of it with `-map_chapters` and stream copy; or ffmpeg says that the format can't hold it.
# Seen: Matroska gives back what was written. MP4 and MOV come back with the first chapter beginning at 0, and each one
# ending where the next begins. The file holds two lists: the old one (chpl) has the right beginnings, the chapter track
# has samples without a gap from 0 on, and ffmpeg and PyAV read the track. No warning.
# Cost to a video search: moments are laid into a file as chapters for a player to jump to. The first jump goes to the
# beginning of the film instead of the moment, and a chapter no longer says when its moment is over; chapters read from
# such files into a search are wrong moments.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
MOMENTS = [(65, 70), (80, 95), (110, 112)]  # seconds, in a film of 120


def ffmpeg(*arguments):
    """What ffmpeg writes to its output, and what it says."""
    done = subprocess.run([FFMPEG, "-v", "warning", "-y", *arguments], check=True, capture_output=True, text=True)
    return done.stdout, done.stderr


def chapters(path):
    """[(first second, last second)] as ffmpeg reads them."""
    text, _ = ffmpeg("-i", path, "-f", "ffmetadata", "-")
    found = re.findall(r"TIMEBASE=(\d+)/(\d+)\nSTART=(\d+)\nEND=(\d+)", text)
    return [tuple(int(time) * int(over) / int(under) for time in times) for over, under, *times in found]


def old_list(path):
    """The beginnings in the list `chpl` of an MP4, in seconds."""
    content = Path(path).read_bytes()
    at = content.find(b"chpl") + 4 + 4 + 4  # behind the name, version and flags, and a reserved word
    count, at, starts = content[at], at + 1, []
    for _ in range(count):
        starts.append(int.from_bytes(content[at : at + 8], "big") / 1e7)
        at += 9 + content[at + 8]
    return starts


parts = [f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={first}000\nEND={last}000\ntitle=moment\n" for first, last in MOMENTS]
Path("moments.txt").write_text(";FFMETADATA1\n" + "".join(parts))
ffmpeg("-f", "lavfi", "-i", "testsrc=size=160x96:rate=5:duration=120", "-c:v", "libx264", "film.mp4")
seen, said = {}, ""
for name in ("moments.mkv", "moments.mp4", "moments.mov"):
    _, words = ffmpeg("-i", "film.mp4", "-i", "moments.txt", "-map", "0:v", "-map_chapters", "1", "-c", "copy", name)
    seen[name], said = chapters(name), said + words
print("version:", subprocess.run([FFMPEG, "-version"], capture_output=True, text=True).stdout.split(" Copyright")[0])
print("expected:", MOMENTS)
for name, found in seen.items():
    print(f"seen: {name}: {found}")
print(f"seen: moments.mp4, its old list: beginnings {old_list('moments.mp4')}; warnings: {said.strip() or 'none'}")
pressed = [(0, 80), (80, 110), (110, 112)]
same = seen["moments.mkv"] == MOMENTS and seen["moments.mp4"] == seen["moments.mov"] == pressed and not said
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
