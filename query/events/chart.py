"""Draws curves of keyframes over time, one panel below the other: with the wall clock, file borders and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from framescout.catalog.records import VideoFacts
from framescout.console import printable
from framescout.errors import MediaError
from framescout.media.frames import picture_at
from framescout.timeline import format_clock

WIDTH, LEFT, RIGHT = 1400, 76, 24
HEAD, AXIS, GAP = 46, 60, 30
PICTURE = (160, 90)
MOST_PICTURES = 7
INK, FAINT, GREY, LINE, ALARM, SHADE, BORDER = (
    "#1d2126", "#68707c", "#a9afb8", "#1f5fbf", "#c8321e", "#f8ded9", "#dfe3e8",
)  # fmt: skip
SERIES = (LINE, GREY, "#2a7d4f", "#b0690f", "#7a3fb5", "#0f7f8a", "#b53a68")
_TITLE = GAP - 8  # pixels from the top of a panel's title to its frame
_INSIDE = WIDTH - LEFT - RIGHT
_A_LABEL, _A_NAME = 130, 90  # pixels that a time needs, and a file's name
_SHORT = 20.0  # seconds of footage in which labels of whole seconds would come twice


class Axis(msgspec.Struct, frozen=True):
    """Where each keyframe of a stretch of footage lies across the picture; gaps between files take no room."""

    videos: tuple[VideoFacts, ...]
    video_of: np.ndarray
    """(N,) which of the videos each keyframe is of."""
    times: np.ndarray
    """(N,) seconds from the start of its video."""
    lengths: np.ndarray
    """(N,) seconds for which it stands."""
    zone: tzinfo

    @property
    def edges(self) -> np.ndarray:
        """(N + 1,) pixels from the left."""
        known = np.concatenate([[0.0], np.cumsum(self.lengths)])
        edges: np.ndarray = LEFT + known / max(float(known[-1]), 1e-3) * _INSIDE
        return edges

    def clock(self, place: int, later: float = 0.0) -> str:
        """The wall clock `later` seconds after a keyframe; where nobody knows it, the time in its file."""
        video, seconds = self.videos[int(self.video_of[place])], float(self.times[place]) + later
        if video.recorded_at is None:
            return format_clock(seconds, decimals=1)
        at = (video.recorded_at + timedelta(seconds=seconds)).astimezone(self.zone)
        tenths = f".{at.microsecond // 100_000}" if self.lengths.sum() < _SHORT else ""
        return f"{at:%d %b %H:%M:%S}{tenths}"


class Panel(msgspec.Struct, frozen=True):
    """Some curves in one frame."""

    title: str
    height: int
    curves: Sequence[tuple[str, np.ndarray, str]]
    """(name, values of each keyframe, colour), drawn in this order."""
    low: float
    high: float
    mark: tuple[float, str] | None = None
    """A line across at this height, with a word beside it."""
    shaded: Sequence[tuple[int, int]] = ()
    """[first, last] keyframes behind which the paper is red."""


def draw(title: str, axis: Axis, panels: Sequence[Panel], best: Sequence[int]) -> Image.Image:
    """The picture; `best`: keyframes whose pictures are shown, those that matter most first."""
    top = HEAD + (PICTURE[1] + 46 if len(best) else 0)
    height = top + sum(panel.height + GAP for panel in panels) + AXIS
    image = Image.new("RGB", (WIDTH, height), "white")
    pen = ImageDraw.Draw(image)
    pen.text((LEFT, 12), printable(title), INK, font(18))
    edges = axis.edges
    frames: list[tuple[int, int]] = []
    for panel in panels:
        pen.text((LEFT, top), printable(panel.title), FAINT, font(13))
        frames.append((top + _TITLE, top + _TITLE + panel.height))
        top += panel.height + GAP
    for (above, below), panel in zip(frames, panels, strict=True):
        _draw_panel(pen, panel, edges, above, below)
    _draw_borders(pen, axis, edges, frames)
    _draw_clock(pen, axis, edges, top + 10)
    _draw_pictures(image, pen, axis, edges, list(best), frames)
    return image


def counted(alerts: int) -> str:
    """'1 alert', '2 alerts'."""
    return f"{alerts} alert{'s' * (alerts != 1)}"


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own."""
    return ImageFont.load_default(size)


def _draw_panel(pen: ImageDraw.ImageDraw, panel: Panel, edges: np.ndarray, above: int, below: int) -> None:
    for first, last in panel.shaded:
        pen.rectangle((edges[first], above, max(edges[last + 1], edges[first] + 2), below), fill=SHADE)
    pen.line((LEFT, below, WIDTH - RIGHT, below), fill=BORDER)
    if panel.mark is not None:
        height = float(_heights(np.array([panel.mark[0]]), panel, above, below)[0])
        pen.line((LEFT, height, WIDTH - RIGHT, height), fill=ALARM)
        pen.text((LEFT - 8, height), panel.mark[1], ALARM, font(12), anchor="rm")
    right = WIDTH - RIGHT
    for _, values, colour in panel.curves:
        _curve(pen, edges, _heights(values, panel, above, below), colour)
    for name, _, colour in reversed(panel.curves):
        pen.text((right, above - _TITLE), printable(name), colour, font(13), anchor="ra")
        right -= round(pen.textlength(printable(name), font(13))) + 18


def _heights(values: np.ndarray, panel: Panel, above: int, below: int) -> np.ndarray:
    """Pixels from the top; what lies beyond the panel is drawn at its edge."""
    share = (np.clip(values, panel.low, panel.high) - panel.low) / max(panel.high - panel.low, 1e-9)
    heights: np.ndarray = below - share * (below - above)
    return heights


def _curve(pen: ImageDraw.ImageDraw, edges: np.ndarray, heights: np.ndarray, colour: str) -> None:
    """A step a keyframe; where there are more keyframes than pixels, the highest of each pixel."""
    best = np.full(WIDTH + 1, np.inf)
    np.minimum.at(best, edges[:-1].astype(int), heights)
    known = np.flatnonzero(np.isfinite(best)).tolist()
    ends = [*known[1:], float(edges[-1])]
    steps = [(float(x), float(best[start])) for start, end in zip(known, ends, strict=True) for x in (start, end)]
    pen.line(steps, fill=colour, width=2)


def _draw_borders(pen: ImageDraw.ImageDraw, axis: Axis, edges: np.ndarray, frames: Sequence[tuple[int, int]]) -> None:
    """A line where a file begins, and its name where there is room for it."""
    begins = np.flatnonzero(np.diff(axis.video_of, prepend=-1))
    ends = [*edges[begins[1:]].tolist(), float(edges[-1])]
    drawn = 0.0
    for place, end in zip(begins.tolist(), ends, strict=True):
        x = float(edges[place])
        if x - drawn >= 4 or not drawn:  # many short files would make one grey field
            for above, below in frames:
                pen.line((x, above, x, below), fill=BORDER)
            drawn = x
        if frames and end - x >= _A_NAME:
            name = _fitted(pen, Path(axis.videos[int(axis.video_of[place])].path).name, end - x - 8)
            pen.text((x + 4, frames[-1][1] + 3), name, GREY, font(11))


def _draw_clock(pen: ImageDraw.ImageDraw, axis: Axis, edges: np.ndarray, top: int) -> None:
    for x in np.arange(LEFT, WIDTH - RIGHT - _A_LABEL / 2, _A_LABEL).tolist():
        place = int(np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(axis.times) - 1))
        through = (x - edges[place]) / max(edges[place + 1] - edges[place], 1e-9)
        pen.line((x, top, x, top + 5), fill=FAINT)
        pen.text((x + 4, top + 4), axis.clock(place, through * float(axis.lengths[place])), FAINT, font(12))


def _draw_pictures(
    image: Image.Image,
    pen: ImageDraw.ImageDraw,
    axis: Axis,
    edges: np.ndarray,
    best: Sequence[int],
    frames: Sequence[tuple[int, int]],
) -> None:
    """The pictures of the best keyframes in a row, in the order of time, each with a line down to where it lies."""
    chosen = sorted(best[:MOST_PICTURES])
    room = _INSIDE / max(len(chosen), 1)
    for number, place in enumerate(chosen):
        middle = (edges[place] + edges[place + 1]) / 2
        lowest, highest = LEFT + number * room, LEFT + (number + 1) * room - PICTURE[0]
        left = int(np.clip(middle - PICTURE[0] / 2, lowest, max(lowest, highest)))
        video = axis.videos[int(axis.video_of[place])]
        try:
            picture = picture_at(video.path, float(axis.times[place]), size=PICTURE)
            image.paste(picture, (left + (PICTURE[0] - picture.width) // 2, HEAD))
        except (MediaError, OSError):  # the file is gone, or can't be decoded any more
            pen.text((left + PICTURE[0] // 2, HEAD + 40), "no picture", FAINT, font(12), anchor="mm")
        pen.text((left + PICTURE[0] // 2, HEAD + PICTURE[1] + 4), axis.clock(place), FAINT, font(12), anchor="ma")
        title = frames[0][0] - _TITLE - 2  # no line crosses a title or what the curves are called
        pen.line((left + PICTURE[0] // 2, HEAD + PICTURE[1] + 20, middle, title), fill=BORDER)
        for above, below in frames:
            pen.line((middle, above, middle, below), fill=GREY)


def _fitted(pen: ImageDraw.ImageDraw, text: str, room: float) -> str:
    text = printable(text)
    while len(text) > 1 and pen.textlength(text, font(11)) > room:
        text = text[:-1]
    return text
