#!/usr/bin/env bash
# pycaption 2.3.14: TTML is read by the times of its <p> alone; those of the parts around it and in it are passed over.
#
# Expected: times in TTML of the W3C count from the element around them: a cue of 1 to 3 s in a <div> or <body> that
# begins at 3600 s is shown an hour later, and a <span> with times of its own is shown at these. ttconv 1.2.3 reads so.
# Seen: begin, end and dur of <body> and <div> are passed over: all cues are an hour early, and one that its part cuts
# off is shown in full. Words that come one by one, each a <span> with its time, are all there from the beginning to
# the end. No error and no warning; a <p> without times does raise one.
# Cost to a video search: words are found at a time at which they are not said, for a whole film by the same amount, in
# files that play rightly. Times of single words, the best there are for a cut, are gone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "pycaption==2.3.14" "ttconv==1.2.3"
venv/bin/python -W ignore - <<'PYTHON'
import re
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import version

from pycaption import DFXPReader, SRTWriter
from ttconv.imsc.reader import to_model
from ttconv.srt.writer import from_model

HEAD = '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><head><layout><region xml:id="low"/></layout></head>'
CUE = '<p region="low" begin="1s" end="3s">words</p>'
SPANS = '<span begin="0s" end="1s">some</span><span begin="2s" end="3s">words</span>'


def cues(srt):
    """Give [from, to, text] of each cue of an SRT, in seconds."""
    found = re.findall(r"(\d+):(\d+):(\d+),000 --> (\d+):(\d+):(\d+),000\n(.*)", srt)
    clock = [(*map(int, each[:6]), each[6]) for each in found]
    return [[h * 3600 + m * 60 + s, i * 3600 + n * 60 + t, text] for h, m, s, i, n, t, text in clock]


CASES = {  # name: body, what the W3C's rule gives, what pycaption gives
    "no shift": (f"<body><div>{CUE}</div></body>", [[1, 3, "words"]], [[1, 3, "words"]]),
    "div": (f'<body><div begin="3600s" end="7200s">{CUE}</div></body>', [[3601, 3603, "words"]], [[1, 3, "words"]]),
    "body": (f'<body begin="3600s" end="7200s"><div>{CUE}</div></body>', [[3601, 3603, "words"]], [[1, 3, "words"]]),
    "div that ends": (f'<body><div end="2s">{CUE}</div></body>', [[1, 2, "words"]], [[1, 3, "words"]]),
    "spans": (f'<body><div><p region="low" begin="1s" end="5s">{SPANS}</p></div></body>',
              [[1, 2, "some"], [3, 4, "words"]], [[1, 5, "some words"]]),
}
print("version: pycaption", version("pycaption"), "beside ttconv", version("ttconv"))
same = True
for name, (body, expected, known) in CASES.items():
    document = HEAD + body + "</tt>"
    other = cues(from_model(to_model(ElementTree.ElementTree(ElementTree.fromstring(document)))))
    seen = cues(SRTWriter().write(DFXPReader().read(document)))
    print(f"{name}: expected: {expected}, as ttconv reads: {other}; seen: {seen}")
    same &= other == expected and seen == known
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
