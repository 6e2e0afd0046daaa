#!/usr/bin/env bash
# OpenTimelineIO's adapters for AAF, ALE and FCP7 XML say "drop frame" by the rate alone, each in its own way.
#
# Expected: SMPTE ST 12-1 lets 29.97 drop numbers or not, as the recorder has it, and 23.976 never drops. A list that
# hands footage over to an editing program has to say what the recorder says, or at the least never that 23.976 drops,
# since programs find the footage again by it.
# Seen: otio-aaf-adapter marks the timecode of every rate over 1.001 as dropping, 23.976 too. otio-ale-adapter writes
# all of 29.97 with ";" (dropping numbers), otio-fcp-adapter the same footage with ":" and NDF (numbers that don't
# drop). So footage that begins at 01:00:00;00 begins at 00:59:56:12 in FCP7 XML, and what begins at 01:00:00:00 without
# dropping begins at 01:00:03;18 in ALE: 108 frames an hour apart. OpenTimelineIO reads its own files back right, since
# it counts frames, and so a round trip through the library shows nothing.
# Cost to a video search: an exported list is taken by the editing program, and footage is offline or seconds off.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "opentimelineio==0.18.1" \
    "otio-aaf-adapter==2.0.0" "otio-ale-adapter==1.1.0" "otio-fcp-adapter==1.0.0" "pyaaf2==1.7.1"
venv/bin/python - <<'PYTHON'
import re
import sys

import aaf2
import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

NTSC, FILM = 30000 / 1001, 24000 / 1001
DROPPING = 107892  # the frame that is 01:00:00;00
PLAIN = 108000  # the frame that is 01:00:00:00


def timeline(first, rate):
    """A second of footage that begins at frame number `first` of the recorder's count."""
    span = TimeRange(RationalTime(first, rate), RationalTime(round(rate), rate))
    media = otio.schema.ExternalReference("file:///cam.mov", span)
    media.name = "cam.mov"
    track = otio.schema.Track("Video", [otio.schema.Clip("cam.mov", media, span)], kind="Video")
    built = otio.schema.Timeline("list")
    built.tracks.append(track)
    return built


def drops_in_aaf(first, rate):
    """Whether the source's timecode is marked as dropping."""
    otio.adapters.write_to_file(timeline(first, rate), "list.aaf", "AAF", use_empty_mob_ids=True)
    with aaf2.open("list.aaf") as file:
        (drop,) = {
            slot.segment["Drop"].value
            for mob in file.content.sourcemobs()
            for slot in mob.slots
            if type(slot.segment).__name__ == "Timecode"
        }
    return bool(drop)


def start_in_ale(first, rate):
    text = otio.adapters.write_to_string(timeline(first, rate), "ale", fps=rate)
    return re.search(r"\d\d:\d\d:\d\d[:;]\d\d", text)[0]


def start_in_fcp7(first, rate):
    text = otio.adapters.write_to_string(timeline(first, rate), "fcp_xml")
    return re.search(r"<string>(.*?)</string>", text)[1], re.search(r"<displayformat>(.*?)<", text)[1]


seen = {
    "AAF, 23.976, drops": drops_in_aaf(86400, FILM),
    "ALE, 29.97 not dropping, from 01:00:00:00": start_in_ale(PLAIN, NTSC),
    "FCP7 XML, 29.97 dropping, from 01:00:00;00": start_in_fcp7(DROPPING, NTSC),
}
print("version: OpenTimelineIO", otio.__version__, "adapters: AAF 2.0.0, ALE 1.1.0, FCP7 1.0.0")
print("expected: 23.976 doesn't drop; 29.97 is written as the recorder counts it, or the same way in all lists")
for name, value in seen.items():
    print(f"seen: {name}: {value}")
same = [*seen.values()] == [True, "01:00:03;18", ("00:59:56:12", "NDF")]
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
