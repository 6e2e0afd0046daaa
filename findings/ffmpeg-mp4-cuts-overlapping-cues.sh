#!/usr/bin/env bash
# FFmpeg 9.0.2: of subtitles that overlap, MP4 keeps each only until the next begins, some for no time at all.
#
# Expected: a cue from 1 to 9 s beside one from 3 to 4 s comes through `-c:s mov_text` as it comes through Matroska and
# WebVTT: with its own time. MP4's timed text can't hold two samples at once, so that a muxer would write both texts
# into one sample for the time in which both stand, or say that it can't.
# Seen: each cue ends where the next one begins, and of two that begin together the first lasts 0 s. The text is there,
# its time is gone, and nothing is said.
# Cost to a video search: two people who talk at once, sign and speech, detections or moments written as cues overlap
# all the time. A search in the text finds a moment of no length, or stops a clip after a quarter of what was said.
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
CUES = [(1, 9, "a dog barks"), (3, 4, "hello"), (3, 6, "a sign: closed"), (10, 11, "bye")]  # seconds
CODECS = {"film.mkv": "srt", "film.vtt": "webvtt", "film.mp4": "mov_text"}


def ffmpeg(*arguments):
    """What ffmpeg writes to its output, and what it says."""
    done = subprocess.run([FFMPEG, "-v", "warning", "-y", *arguments], check=True, capture_output=True, text=True)
    return done.stdout, done.stderr


def cues(path):
    """[(first second, last second, text)] as ffmpeg gives them back."""
    text, _ = ffmpeg("-i", path, "-map", "0:s", "-f", "srt", "-")
    found = re.findall(r"00:00:(\d\d),(\d{3}) --> 00:00:(\d\d),(\d{3})\n(.+)", text)
    return [(int(a) + int(b) / 1000, int(c) + int(d) / 1000, words) for a, b, c, d, words in found]


blocks = [f"{n}\n00:00:{a:02},000 --> 00:00:{b:02},000\n{words}\n" for n, (a, b, words) in enumerate(CUES, 1)]
Path("cues.srt").write_text("\n".join(blocks))
ffmpeg("-f", "lavfi", "-i", "testsrc=size=160x96:rate=5:duration=12", "-c:v", "libx264", "plain.mp4")
seen, said = {}, ""
for name, codec in CODECS.items():
    film = [] if name.endswith("vtt") else ["-i", "plain.mp4"]
    _, words = ffmpeg(*film, "-i", "cues.srt", "-c:v", "copy", "-c:s", codec, name)
    seen[name], said = cues(name), said + words
print("version:", subprocess.run([FFMPEG, "-version"], capture_output=True, text=True).stdout.split(" Copyright")[0])
print("expected:", CUES)
for name, found in seen.items():
    print(f"seen: {name}: {found}")
print("warnings:", said.strip() or "none")
cut = [(1, 3, CUES[0][2]), (3, 3, CUES[1][2]), (3, 6, CUES[2][2]), (10, 11, CUES[3][2])]
same = seen["film.mkv"] == seen["film.vtt"] == CUES and seen["film.mp4"] == cut and not said
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
