#!/usr/bin/env bash
# OpenTimelineIO 0.18.1: `to_time_string` is up to a second off for times that lie just before or after a whole second.
#
# Expected: `RationalTime.to_time_string` writes hours, minutes and seconds with a fraction (its docstring: the time
# "as used by ffmpeg"), right to a microsecond, and `from_time_string` gives back the frame it came from.
# Seen: the fraction seems to be printed as a number of its own, with two characters cut off that are taken for "0.". A
# fraction below 0.0001 prints as 8.33333e-05, and .33333 is what comes out, or it prints as 5e-05, and e-05 comes out.
# A fraction that rounds to 1 loses the second: 1001 s becomes 00:16:40.0. Whole rates such as 25 are right; at 23.976,
# 29.97 and 59.94 it hits one frame in 9,000 to 15,000, always the same ones, and at 90 kHz, the unit of MPEG's times,
# the eight ticks after each whole second. No error, no warning.
# Cost to a video search: a cut list handed to ffmpeg by these strings begins up to a second off, in a few shots of an
# archive, and no spot check finds them. Going by `to_seconds()` is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "OpenTimelineIO==0.18.1"
venv/bin/python - <<'PYTHON'
import sys
from fractions import Fraction
from importlib.metadata import version

from opentimelineio.opentime import RationalTime, from_time_string


def seconds(text):
    """The number of seconds that a text like 00:16:40.5 says; None where it isn't one."""
    hours, minutes, rest = text.split(":")
    try:
        return int(hours) * 3600 + int(minutes) * 60 + float(rest) if rest[:1].isdigit() and "e" not in rest else None
    except ValueError:
        return None


print("version: OpenTimelineIO", version("OpenTimelineIO"))
print("expected: a text that says the time of the frame, to a microsecond, at every rate")
RATES = {"25": (25, 1), "23.976": (24000, 1001), "29.97": (30000, 1001), "59.94": (60000, 1001), "90 kHz": (90000, 1)}
wrong = {}
for name, (top, bottom) in RATES.items():
    exact, rate = Fraction(top, bottom), top / bottom
    found = wrong[name] = []
    for frame in range(min(3 * 3600 * top // bottom, 500_000)):
        text, true = RationalTime(frame, rate).to_time_string(), float(frame / exact)
        if (said := seconds(text)) is None or abs(said - true) > 0.001:
            found.append((frame, text, true))
    print(f"seen: rate {name}: {len(found)} of {frame + 1} times are wrong")
    for frame, text, true in found[:3]:
        print(f"seen:     frame {frame} is at {true:.6f} s, and the text is {text}")
    if name == "59.94":
        print("seen:     of them no time at all:", [text for _, text, _ in found if seconds(text) is None][:3])
back = from_time_string(RationalTime(24_000, 24000 / 1001).to_time_string(), 24000 / 1001).to_seconds()
print(f"seen: 1001 s at 23.976, written and read back: {back:.3f} s")
same = (
    not wrong["25"]
    and all(len(wrong[name]) > 10 for name in RATES if name != "25")
    and (24_000, "00:16:40.0") in [(frame, text) for frame, text, _ in wrong["23.976"]]
    and wrong["90 kHz"][0][:2] == (1, "00:00:00.111111")
    and abs(back - 1000) < 0.001
)
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
