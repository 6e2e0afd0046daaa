#!/usr/bin/env bash
# mutagen 1.48.1, tinytag 2.3.2, hachoir 3.4.0: an MP4 or M4A in fragments lasts as long as its first fragment, or 0 s.
#
# Expected: `MP4(file).info.length` is the "length in seconds" and tinytag's `duration` the "duration in seconds" of
# the whole file, or None or an error where it isn't known.
# Seen: the head of a fragmented file holds the tables of the first fragment, or of none; the others lie beside the
# sound. Recorders that may lose their power, streams and downloads are written so. mutagen, tinytag and hachoir read
# the head alone: of 10 s they make 2.007, or, with an empty head, 0.0 (hachoir: no duration). No error, no warning.
# MediaInfo and FFmpeg, through pymediainfo and PyAV, say 10.
# Cost to a video search: lengths, progress and cuts that follow from it end after 2 s; a file of "0 s" is sorted out as
# empty. Both numbers pass any check of None.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "mutagen==1.48.1" "tinytag==2.3.2" "hachoir==3.4.0" "pymediainfo==7.0.1" "av==18.1.0" "imageio-ffmpeg==0.8.1"
venv/bin/python - <<'PYTHON'
import subprocess
import sys
from importlib.metadata import version

import av
import imageio_ffmpeg
from hachoir.core import config
from hachoir.metadata import extractMetadata
from hachoir.parser import createParser
from mutagen.mp4 import MP4
from pymediainfo import MediaInfo
from tinytag import TinyTag

config.quiet = True
source = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=10", "-f", "lavfi", "-i", "sine=duration=10"]
FILES = {  # name: options, and the seconds that are seen
    "plain.mp4": ([], 10),
    "recorder.mp4": (["-movflags", "frag_keyframe"], 2),
    "stream.mp4": (["-movflags", "frag_keyframe+empty_moov"], 0),
    "plain.m4a": (["-vn"], 10),
    "recorder.m4a": (["-vn", "-f", "mp4", "-movflags", "frag_keyframe", "-frag_duration", "2000000"], 2),
    "dash.m4a": (["-vn", "-f", "mp4", "-movflags", "dash"], 0),
}
print("version:", *[f"{name} {version(name)}" for name in ("mutagen", "tinytag", "hachoir", "pymediainfo", "av")])
print("expected: about 10 s from all")
same = True
for name, (options, seconds) in FILES.items():
    code = [] if "-vn" in options else ["-c:v", "libx264", "-g", "50"]
    call = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, *code, *options, name]
    subprocess.run(call, check=True)
    seen = {"mutagen": MP4(name).info.length, "tinytag": TinyTag.get(name).duration}
    with createParser(name) as parser:
        kept = extractMetadata(parser)
    seen["hachoir"] = kept.get("duration").total_seconds() if kept.has("duration") else None
    with av.open(name) as container:
        right = {"PyAV": container.duration / 1e6}
    right["MediaInfo"] = MediaInfo.parse(name).general_tracks[0].duration / 1000
    shown = {key: None if value is None else round(value, 3) for key, value in (seen | right).items()}
    print(f"seen: {name}: {shown}")
    same = same and all(abs(value - 10) < 0.2 for value in right.values())
    same = same and all(abs((value or 0) - seconds) < 0.1 for value in seen.values())
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
