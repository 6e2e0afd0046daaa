#!/usr/bin/env bash
# webvtt-py 0.6.0: start_in_seconds and end_in_seconds are whole numbers, cut and not rounded; text keeps its entities.
#
# Expected: a cue from 1.900 to 4.700 s has start_in_seconds 1.9 and end_in_seconds 4.7, as its text form `start` says
# and as every player shows it; the text of "Smith &amp; Sons" is "Smith & Sons", since `text` is what is left without
# tags.
# Seen: 1 and 4. A cue of less than a second may have no length at all: 7.1 to 7.8 s is 7 to 7. `text` drops the tags
# and keeps "&amp;".
# Cost to a video search: moments and clips that begin at a word begin up to a second too early and end up to a second
# too early, in the middle of what is said; short words give clips of no length.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "webvtt-py==0.6.0"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import webvtt

CUES = [(1.9, 4.7, "<v Mary>Smith &amp; <i>Sons</i>"), (7.1, 7.8, "No.")]
blocks = [f"00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n" for start, end, text in CUES]
Path("talk.vtt").write_text("\n".join(["WEBVTT\n", *blocks]))
read = webvtt.read("talk.vtt")
found = [(cue.start_in_seconds, cue.end_in_seconds, cue.text) for cue in read]
print("version: webvtt-py", version("webvtt-py"))
print("expected:", [(1.9, 4.7, "Smith & Sons"), (7.1, 7.8, "No.")])
print("as text:", [(cue.start, cue.end) for cue in read])
print("seen:", found)
sys.exit(0 if found == [(1, 4, "Smith &amp; Sons"), (7, 7, "No.")] else "The behaviour has changed.")
PYTHON
