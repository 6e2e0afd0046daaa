"""Counts what an index run did."""

from __future__ import annotations

from typing import Any

import msgspec

from framescout.timeline import format_clock

_MOST_REASONS = 5


class Report(msgspec.Struct):
    """Counts of one run; grows while the run goes on."""

    indexed: list[str] = msgspec.field(default_factory=list)
    """Paths of videos that were read and are in the catalog."""
    partial: list[str] = msgspec.field(default_factory=list)
    """Those of them that could not be read to their end."""
    known: list[str] = msgspec.field(default_factory=list)
    """New paths of footage that was known: moved, copied or touched."""
    unchanged: int = 0
    gone: int = 0
    quarantined: dict[str, str] = msgspec.field(default_factory=dict)
    """Path -> why, of this run."""
    still_quarantined: int = 0
    """Files that are in quarantine from earlier runs and have not changed."""
    unreadable_folders: list[str] = msgspec.field(default_factory=list)
    footage: float = 0.0
    """Seconds of footage that were read."""
    elapsed: float = 0.0
    """Seconds that the run took."""
    stopped: str | None = None
    """Why it ended before all was done: 'until' or 'interrupted'."""
    left: int = 0
    """Videos that were not begun."""

    def sentence(self) -> str:
        """The last line of a run."""
        parts = [f"{len(self.indexed)} videos indexed"]
        if self.footage:
            speed = self.footage / max(self.elapsed, 0.001)
            parts[0] += f" ({format_clock(self.footage)} of footage in {format_clock(self.elapsed)}, {speed:.0f}x)"
        for count, what in (
            (len(self.partial), "of them only in part"),
            (len(self.known), "moved or copied"),
            (self.unchanged, "unchanged"),
            (self.gone, "gone"),
            (len(self.quarantined), "quarantined"),
            (self.still_quarantined, "in quarantine from before"),
        ):
            if count:
                parts.append(f"{count} {what}")
        if self.stopped:
            parts.append(f"stopped ({self.stopped}) with {self.left} left to do; the next run goes on here")
        return ", ".join(parts)

    def summary(self) -> list[str]:
        """What a run did, short enough for a mail whatever went wrong: the sentence, then each reason with a file."""
        reasons: dict[str, list[str]] = {}
        for path, sentence in self.quarantined.items():
            reasons.setdefault(sentence.partition(" (")[0], []).append(path)
        often = sorted(reasons.items(), key=lambda pair: -len(pair[1]))
        lines = [f"  {len(paths):>6} {why}: {paths[0]}" for why, paths in often[:_MOST_REASONS]]
        if len(often) > _MOST_REASONS:
            lines.append(f"         and {len(often) - _MOST_REASONS} other reasons")
        if lines:
            lines.append("framescout status lists what is in quarantine, framescout retry tries it again")
        return [self.sentence(), *lines]

    def to_json(self) -> dict[str, Any]:
        """For `index --json`."""
        return {
            "indexed": self.indexed,
            "partial": self.partial,
            "known": self.known,
            "unchanged": self.unchanged,
            "gone": self.gone,
            "quarantined": self.quarantined,
            "still_quarantined": self.still_quarantined,
            "unreadable_folders": self.unreadable_folders,
            "footage": round(self.footage, 3),
            "elapsed": round(self.elapsed, 3),
            "stopped": self.stopped,
            "left": self.left,
        }
