#!/usr/bin/env bash
# pysubs2 1.8.1: a comment behind a cue of WebVTT becomes part of what is said, and "&amp;" stays as it is written.
#
# Expected: a block that begins with NOTE is a comment, which nobody is shown, and &amp; and &lt; stand for & and <
# (WebVTT of the W3C, 4.1 and 4.2). FFmpeg 9.0.2 reads the same file so.
# Seen: the comment is the second paragraph of the cue before it, also in the SRT that is written from it; a comment
# before the first cue is left out. The entities stay, so that an SRT shows "&amp;" to people.
# Cost to a video search: transcripts and exports of editors carry notes. A search in the text finds words that nobody
# said, at a time at which nothing of it happens, and subtitles burnt into a clip show them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "pysubs2==1.8.1" "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import imageio_ffmpeg
import pysubs2

FILE = """WEBVTT

NOTE made by hand

00:01.000 --> 00:02.000
The gate opens.

NOTE camera 4 was moved here

00:03.000 --> 00:04.000
Smith &amp; Sons
"""
WANTED = ["The gate opens.", "Smith & Sons"]
Path("talk.vtt").write_text(FILE)
command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "talk.vtt", "-f", "srt", "-"]
by_ffmpeg = subprocess.run(command, check=True, capture_output=True, text=True).stdout
read = pysubs2.load("talk.vtt")
said = [cue.plaintext for cue in read]
written = read.to_string("srt")
print("version: pysubs2", version("pysubs2"))
print("expected:", WANTED)
print("FFmpeg:", re.findall(r"--> .+\n(.+)", by_ffmpeg))
print("seen:", said)
print("seen, as SRT:", repr(written))
same = (
    re.findall(r"--> .+\n(.+)", by_ffmpeg) == WANTED
    and said == ["The gate opens.\n\nNOTE camera 4 was moved here", "Smith &amp; Sons"]
    and "NOTE camera 4" in written
    and "&amp;" in written
    and "made by hand" not in written
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
