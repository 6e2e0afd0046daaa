"""Writes clips as an edit decision list (CMX 3600), for editing programs that conform the original videos.

Source timecode counts from 00:00:00:00 at the start of each video, the record side from 01:00:00:00. One list has
one rate, that of the first clip's video; at 29.97 and 59.94 it counts drop-frame, as SMPTE ST 12-1 has it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath

from query.clips.clip import Clip
from query.clips.cut import Cut
from query.clips.names import readable

_HOUR = 3600
_DAY_HOURS = 24
_REEL_LETTERS = 8
_DROP = (30, 60)
"""Nominal rates that come with a dropping count where they are slowed by 1000/1001."""


@dataclass(frozen=True, slots=True)
class Timecode:
    """How frames are counted at a rate."""

    nominal: int
    """Whole frames that a second counts."""
    is_drop: bool
    rate: Fraction

    @classmethod
    def at(cls, rate: Fraction) -> Timecode:
        """The count of a rate; a rate that has none of its own counts like the nearest whole one."""
        nominal = max(1, round(rate))
        is_slowed = nominal >= 24 and abs(rate - Fraction(nominal * 1000, 1001)) < Fraction(1, 250)
        exact = Fraction(nominal * 1000, 1001) if is_slowed else Fraction(nominal)
        return cls(nominal, is_slowed and nominal in _DROP, exact)

    def frames(self, seconds: float) -> int:
        """The frame that is nearest to begin at `seconds`."""
        return round(Fraction(seconds).limit_denominator(10**6) * self.rate)

    def hour(self, number: int) -> int:
        """The frame that begins at hour `number` of the count."""
        dropped = number * 54 * (self.nominal // 15) if self.is_drop else 0
        return number * _HOUR * self.nominal - dropped

    def text(self, frame: int) -> str:
        """hh:mm:ss:ff, with ';' before the frames where the count drops."""
        if self.is_drop:
            # two numbers (four at 60) are left out each minute but every tenth
            out = self.nominal // 15
            minute = 60 * self.nominal - out
            tens, rest = divmod(frame, 10 * minute + out)
            frame += 9 * out * tens + (out * ((rest - out) // minute) if rest >= out else 0)
        seconds, count = divmod(frame, self.nominal)
        clock = f"{seconds // 3600 % _DAY_HOURS:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"{clock}{';' if self.is_drop else ':'}{count:02d}"


def as_edl(clips: Iterable[tuple[Cut, Clip]], *, title: str) -> str:
    """The text of the list, an event a clip in the order given."""
    pairs = list(clips)
    timecode = Timecode.at(pairs[0][0].footage.rate if pairs else Fraction(25))
    reels = _reels(clip.moment.video for _, clip in pairs)
    lines = [f"TITLE: {_line(title) or 'framescout'}"]
    lines.append(f"FCM: {'DROP FRAME' if timecode.is_drop else 'NON-DROP FRAME'}")
    record = timecode.hour(1)
    for number, (cut, clip) in enumerate(pairs, 1):
        start = timecode.frames(clip.start)
        length = max(1, timecode.frames(clip.end) - start)
        channels = "V" if cut.footage.audio_index is None else "B"
        times = [timecode.text(frame) for frame in (start, start + length, record, record + length)]
        reel = reels[clip.moment.video]
        lines.append("")
        lines.append(f"{number:03d}  {reel:<8} {channels:<5} C        {' '.join(times)}")
        lines.append(f"* FROM CLIP NAME: {_line(PurePath(clip.moment.video).name)}")
        lines.append(f"* SOURCE FILE: {_line(clip.moment.video)}")
        record += length
    return "\r\n".join(lines) + "\r\n"


def _reels(videos: Iterable[str]) -> dict[str, str]:
    """A reel name for each video: eight capital letters and digits, all different."""
    reels: dict[str, str] = {}
    taken = {"BL", "AX"}  # black and auxiliary source
    for video in dict.fromkeys(videos):
        plain = unicodedata.normalize("NFKD", PurePath(video).stem).encode("ascii", "ignore").decode()
        base = re.sub("[^A-Z0-9]", "", plain.upper()) or "REEL"
        name, number = base[:_REEL_LETTERS], 1
        while name in taken:
            number += 1
            name = base[: _REEL_LETTERS - len(str(number))] + str(number)
        taken.add(name)
        reels[video] = name
    return reels


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in readable(text)).split())
