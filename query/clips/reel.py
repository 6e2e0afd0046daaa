"""Joins cuts into one file with a chapter for each.

The reel has the largest picture and the highest frame rate of its clips, so that nothing is lost. Clips of another
shape stand centred on black. Clips without sound are silent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import ffmpeg
import msgspec

from framescout.media.ffmpeg import file_url, run
from framescout.timeline import format_clock
from query.clips.captions import origin, source_name, timecode
from query.clips.cut import AAC, H264, Cut, trimmed

_SMOOTHEST = Fraction(60)
_SAMPLES = 48_000


class _Shape(msgspec.Struct, frozen=True):
    width: int
    height: int
    rate: Fraction


def write_reel(cuts: Sequence[Cut], target: Path, *, done: Callable[[Cut], None] = lambda _: None) -> None:
    """Write the clips to `target`, in the order given; the parts lie beside it until it is whole.

    Raises:
        ClipError: a part can't be cut.
        DiskFullError: it didn't fit.
    """
    shape = _shape(cuts)
    with tempfile.TemporaryDirectory(prefix=".framescout-reel-", dir=target.parent) as folder:
        lengths = []
        for number, cut in enumerate(cuts):
            lengths.append(_write_part(cut, shape, Path(folder) / f"{number}.mov"))
            done(cut)
        listing, chapters = Path(folder) / "parts.txt", Path(folder) / "chapters.txt"
        names = (f"file {number}.mov\nduration {float(length):.9f}\n" for number, length in enumerate(lengths))
        listing.write_text("".join(names))
        chapters.write_text("".join(_chapters(cuts, lengths)), encoding="utf-8")
        parts = ffmpeg.input(file_url(listing), f="concat", protocol_whitelist="file")
        titles = ffmpeg.input(file_url(chapters), f="ffmetadata", protocol_whitelist="file")
        options: dict[str, Any] = {"vcodec": "copy", "movflags": "+faststart"}
        reel = ffmpeg.output(parts["v"], parts["a"], file_url(target), **options, **AAC)
        # ffmpeg-python knows no input without streams, so the chapters' one joins the finished list of arguments
        arguments = ffmpeg.get_args(reel)
        after_input = arguments.index("-i") + 2
        arguments[after_input:after_input] = ffmpeg.get_args(ffmpeg.output(titles, "-"))[:6]
        run([*arguments[:-1], "-map_chapters", "1", arguments[-1]], doing="the reel can't be joined")


def _shape(cuts: Sequence[Cut]) -> _Shape:
    largest = max((cut.footage for cut in cuts), key=lambda each: each.width * each.height)
    rate = min(_SMOOTHEST, max(cut.footage.rate for cut in cuts))
    return _Shape(largest.width + largest.width % 2, largest.height + largest.height % 2, rate)


def _write_part(cut: Cut, shape: _Shape, target: Path) -> Fraction:
    """One clip in the reel's shape, its sound not yet compressed; returns its exact length in seconds."""
    frames = max(1, round(Fraction(cut.span.duration) * shape.rate))
    length = frames / shape.rate
    picture, sounds = trimmed(cut, target.parent)
    picture = (
        picture.filter(
            "scale",
            shape.width,
            shape.height,
            force_original_aspect_ratio="decrease",
            in_color_matrix="bt709" if cut.footage.is_hdr else cut.footage.matrix,
            out_color_matrix="bt709",
        )
        .filter("setparams", colorspace="bt709", color_primaries="bt709", color_trc="bt709")
        .filter("pad", shape.width, shape.height, x="(ow-iw)/2", y="(oh-ih)/2")
        .filter("setsar", 1)
        .filter("fps", fps=f"{shape.rate.numerator}/{shape.rate.denominator}", start_time=0)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end_frame=frames)
        .filter("format", "yuv420p")
    )
    sound = (
        _heard(cut, sounds)
        .filter("aresample", _SAMPLES)
        .filter("aformat", sample_fmts="s16", channel_layouts="stereo")
        .filter("apad")
        .filter("atrim", end_sample=round(length * _SAMPLES))
    )
    options = {**H264, "bf": 0, "acodec": "pcm_s16le", "map_metadata": -1}
    run(ffmpeg.output(picture, sound, file_url(target), **options), doing=cut.doing)
    return length


def _heard(cut: Cut, sounds: Sequence[Any]) -> Any:
    """What a reel lets hear: the default track; all of them where they are the channels of one sound."""
    if not sounds:
        return ffmpeg.input(f"anullsrc=r={_SAMPLES}:cl=stereo", f="lavfi")["a"]
    if not cut.footage.is_channel_each:
        return sounds[0]
    return ffmpeg.filter(sounds, "amix", inputs=len(sounds), normalize=0)


def _chapters(cuts: Sequence[Cut], lengths: Sequence[Fraction]) -> Iterator[str]:
    """The lines of an ffmetadata file."""
    yield ";FFMETADATA1\n"
    start = Fraction(0)
    for cut, length in zip(cuts, lengths, strict=True):
        where = f"{PurePath(source_name(cut.moment)).stem} {format_clock(cut.span.start)}"
        told = (where, origin(cut.moment, cut.span.start), timecode(cut.moment, cut.span.start))
        title = ", ".join(part for part in told if part)
        escaped = "".join(f"\\{letter}" if letter in "=;#\\\n" else letter for letter in title)
        first, last = round(start * 1000), round((start + length) * 1000)
        yield f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={first}\nEND={last}\ntitle={escaped}\n"
        start += length
