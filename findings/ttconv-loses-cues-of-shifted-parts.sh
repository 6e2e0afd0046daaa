#!/usr/bin/env bash
# ttconv 1.2.3: where a part of a TTML or IMSC file begins later, as many seconds of its last cues are lost.
#
# Expected: `begin` on <body> or <div> moves all that is in it, as TTML of the W3C has it: a cue of 40 to 42 s in a part
# that begins at 10 s is shown from 50 to 52 s. Such parts are how a file is fitted to a film with a longer head.
# Seen: the cue is not there. A part without an `end` lasts in ttconv until the number of seconds at which its last cue
# ends, counted within the part and taken for the film's time: with begin="10s" the last 10 s are lost, with
# begin="60s" on a minute of cues all of them, and the SRT or WebVTT is empty. An `end`, however late, brings all back.
# A span with times inside a <p> that begins later is lost in the same way. No error, no warning, exit status 0.
# Cost to a video search: the last words of each film, or all of a short one, are never found, and nothing tells it
# from a film in which nobody speaks. Subtitles that are handed over stop early.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "ttconv==1.2.3"
venv/bin/python - <<'PYTHON'
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HEAD = '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><head><layout><region xml:id="low"/></layout></head>'
STARTS = (1, 20, 40)
CUES = "".join(f'<p region="low" begin="{at}s" end="{at + 2}s">words</p>' for at in STARTS)
SPANS = "".join(f'<p region="low" begin="{at}s"><span begin="1s" end="3s">words</span></p>' for at in STARTS)


def starts(body, ending):
    """Convert with the command of the package, and read the cues' starts in seconds."""
    Path("in.ttml").write_text(HEAD + body + "</tt>")
    call = [Path(sys.executable).with_name("tt"), "convert", "-i", "in.ttml", "-o", f"out.{ending}"]
    said = subprocess.run(call, check=True, capture_output=True, text=True)
    assert not re.search("warn|error", said.stdout + said.stderr, re.IGNORECASE)
    times = re.findall(r"(?:(\d+):)?(\d\d):(\d\d)[.,]000 -->", Path(f"out.{ending}").read_text())
    return [int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) for hours, minutes, seconds in times]


CASES = {  # name: body, starts by the W3C's rule, starts seen
    "no shift": (f"<body><div>{CUES}</div></body>", [1, 20, 40], [1, 20, 40]),
    "div at 10 s, with an end": (f'<body><div begin="10s" end="1000s">{CUES}</div></body>', [11, 30, 50], [11, 30, 50]),
    "div at 10 s": (f'<body><div begin="10s">{CUES}</div></body>', [11, 30, 50], [11, 30]),
    "body at 30 s": (f'<body begin="30s"><div>{CUES}</div></body>', [31, 50, 70], [31]),
    "body at 60 s": (f'<body begin="60s"><div>{CUES}</div></body>', [61, 80, 100], []),
    "spans": (f"<body><div>{SPANS}</div></body>", [2, 21, 41], [2]),
}
print("version: ttconv", version("ttconv"))
same = True
for name, (body, expected, known) in CASES.items():
    seen = {ending: starts(body, ending) for ending in ("srt", "vtt")}
    print(f"{name}: expected: cues at {expected} s; seen: {seen}")
    same &= all(each == known for each in seen.values())
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
