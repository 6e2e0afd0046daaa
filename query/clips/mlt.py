"""Writes clips as a project of MLT, which Shotcut and Kdenlive open and `melt` plays: the original videos on one track.

Places count frames at the project's rate, that of the first clip's video, from the beginning of each file on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from math import gcd
from xml.etree import ElementTree

from framescout.media.footage import Footage
from query.clips.clip import Clip
from query.clips.cut import Cut
from query.clips.names import readable

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_mlt(clips: Iterable[tuple[Cut, Clip]], *, title: str) -> str:
    """The text of the project: a producer for each video, and a playlist of their stretches in the order given."""
    pairs = list(clips)
    project = ElementTree.Element("mlt", LC_NUMERIC="C", title=_text(title))
    rate = _add_profile(project, pairs[0][0].footage if pairs else None)
    videos = {cut.footage.path: cut.footage for cut, _ in pairs}
    names = {path: f"producer{number}" for number, path in enumerate(videos)}
    for path, facts in videos.items():
        _add_producer(project, names[path], facts)
    playlist = ElementTree.SubElement(project, "playlist", id="playlist0")
    for cut, clip in pairs:
        begins = cut.footage.first_time  # MLT's 0 is the first picture, also where sound comes before it
        first, end = (_frames(max(0.0, seconds - begins), rate) for seconds in (clip.start, clip.end))
        places = {"in": str(first), "out": str(max(first, end - 1))}
        ElementTree.SubElement(playlist, "entry", {"producer": names[cut.footage.path], **places})
    tractor = ElementTree.SubElement(project, "tractor", id="tractor0", title=_text(title))
    ElementTree.SubElement(tractor, "track", producer="playlist0")
    ElementTree.indent(project)
    return ElementTree.tostring(project, encoding="unicode", xml_declaration=False) + "\n"


def _add_profile(project: ElementTree.Element, facts: Footage | None) -> Fraction:
    """How the project shows: as the first clip's video; returns its rate."""
    width, height = (facts.width, facts.height) if facts else (1920, 1080)
    rate = facts.count.rate if facts else Fraction(25)
    shape = gcd(width, height)
    said = {
        "description": "framescout", "width": width, "height": height, "progressive": 1,
        "sample_aspect_num": 1, "sample_aspect_den": 1,
        "display_aspect_num": width // shape, "display_aspect_den": height // shape,
        "frame_rate_num": rate.numerator, "frame_rate_den": rate.denominator, "colorspace": 709,
    }  # fmt: skip
    ElementTree.SubElement(project, "profile", {name: str(value) for name, value in said.items()})
    return rate


def _add_producer(project: ElementTree.Element, name: str, facts: Footage) -> None:
    producer = ElementTree.SubElement(project, "producer", id=name)
    said = {"resource": facts.path, "mlt_service": "avformat", "video_index": str(facts.video_index)}
    said["audio_index"] = str(facts.audio_indexes[0]) if facts.audio_indexes else "-1"
    for key, value in said.items():
        ElementTree.SubElement(producer, "property", name=key).text = _text(value)


def _frames(seconds: float, rate: Fraction) -> int:
    return round(Fraction(seconds).limit_denominator(10**6) * rate)


def _text(text: str) -> str:
    """What XML can hold of it."""
    return _NO_XML.sub("\ufffd", readable(text))
