"""Plans cuts to the exact frame, and makes the file of each cut.

A precise cut begins with the frame that is shown at the asked time and lasts what was asked, to one frame. A copy
begins with the last key picture at or before that time. Sound stays in sync; pictures come upright with square pixels.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import ffmpeg
import msgspec
from msgspec.structs import replace

from framescout.errors import ClipError, MediaError, NotAvailableError, UsageError
from framescout.media.changes import Changes, changes_in, write_steady_sound
from framescout.media.clocks import WRAP, Stretch
from framescout.media.container import open_video
from framescout.media.display import filter_to_screen, filter_widened
from framescout.media.ffmpeg import file_url, footage, has_filter, keep_frame_times, run
from framescout.media.footage import Footage, FramePosition, frame_position, open_footage
from framescout.media.remux import copy_packets, fitting_ending
from framescout.roots import no_place
from framescout.timeline import Span, format_clock
from query.answer import Moment

Mode = Literal["precise", "copy"]

EARLY = 0.0005
"""Seconds by which a limit stands before its frame, so that rounding can't lose it."""
_SEARCH = 2.0
"""Seconds before a key picture from which a container without an index is read; in an MPEG program stream the times of
the first pictures behind a seek are wrong."""
_LATE = 1.0
"""Seconds by which a transport stream is read later whose clock starts at 0."""
_LONGEST_GROUP = 15.0
"""Seconds before a frame from which a stretch of several is read."""
H264: dict[str, Any] = {"vcodec": "libx264", "preset": "veryfast", "crf": 18, "pix_fmt": "yuv420p"}
AAC: dict[str, Any] = {"acodec": "aac", "audio_bitrate": "160k"}
_PIXELS_SQUARE = {"w": "trunc(iw*max(1,sar)+0.5)", "h": "trunc(ih*max(1,1/sar)+0.5)"}
_SIDES_EVEN = {"w": "ceil(iw/2)*2", "h": "ceil(ih/2)*2"}


class Cut(msgspec.Struct, frozen=True):
    """The plan of one clip."""

    moment: Moment
    footage: Footage
    span: Span
    """What the clip shows, in seconds of the video."""
    first_time: float
    """When its first frame appears; before the span where that frame is held for long."""
    key_time: float
    """Where decoding has to begin."""

    @property
    def doing(self) -> str:
        """How an error's sentence begins."""
        return f"{self.moment.video} at {format_clock(self.span.start)} can't be cut"


def plan(moments: Sequence[Moment], *, pad: float, mode: Mode, sound: Sequence[int] | None = None) -> list[Cut]:
    """Where each clip begins and ends, in the order given; nothing is written.

    Moments are padded by `pad` seconds and kept within the video. `sound`: as `Footage.with_sound` takes it.

    Raises:
        NotAvailableError: a video is gone, or can't be opened as one.
        UsageError: a video has no such track of sound.
    """
    for path in dict.fromkeys(moment.video for moment in moments):
        if not Path(path).is_file():
            way_out = no_place(path) or "bring it back (or run framescout index) and export again"
            raise NotAvailableError(f"{path} is gone; {way_out}")
    order = sorted(range(len(moments)), key=lambda i: (moments[i].video, moments[i].start))
    cuts: dict[int, Cut] = {}
    by_video: dict[str, list[int]] = {}
    for i in order:
        by_video.setdefault(moments[i].video, []).append(i)
    for path, numbers in by_video.items():
        try:
            with open_footage(path) as (video, whole):
                facts = whole.with_sound(sound)
                for i in numbers:
                    moment = replace(moments[i], timecode=facts.timecode)
                    wanted = wanted_span(moment, pad, facts)
                    cuts[i] = _cut(moment, facts, wanted, frame_position(video, wanted.start), mode)
        except MediaError as error:
            raise NotAvailableError(f"{path} can't be read ({error}); leave its moments out") from error
    return [cuts[i] for i in range(len(moments))]


def wanted_span(moment: Moment, pad: float, facts: Footage) -> Span:
    """The moment with its padding, kept within the video and at least a frame long."""
    span = Span(moment.start, moment.end).pad(pad)
    if facts.duration is not None:
        span = span.clamp(Span(0.0, facts.duration))
    return Span(span.start, max(span.end, span.start + _shortest(facts)))


def _shortest(facts: Footage) -> float:
    """Seconds of a frame; where few are shown, a tenth of a second."""
    return min(0.1, float(1 / facts.rate))


def _cut(moment: Moment, facts: Footage, wanted: Span, place: FramePosition, mode: Mode) -> Cut:
    if mode == "copy":
        start = place.copy_time
        return Cut(moment, facts, Span(start, max(wanted.end, start + _shortest(facts))), start, start)
    # A frame that is held for long is shown from the asked time on: going back to it would lose what follows.
    is_held = wanted.start - place.time > _shortest(facts) + EARLY
    start = wanted.start if is_held else place.time
    # The length stays what was asked, unless the video's first frame comes later than 0:00.
    end = max(wanted.end + min(start - wanted.start, 0.0), start + _shortest(facts))
    end = min([end, *(stretch.begins for stretch in facts.stretches if stretch.begins > start)])  # one clock a clip
    return Cut(moment, facts, Span(start, end), place.time, place.key_time)


def ending(cut: Cut, mode: Mode) -> str:
    """The ending of the clip's file name."""
    return fitting_ending(cut.footage.codecs) if mode == "copy" else ".mp4"


def perform(cut: Cut, target: Path, mode: Mode) -> Span:
    """Write the clip to `target`; returns the stretch of the video that it shows.

    Raises:
        ClipError: it can't be cut; says why.
        DiskFullError: it didn't fit.
    """
    if mode == "copy":
        if not cut.footage.has_times:
            raise ClipError(f"{cut.moment.video} keeps no times to copy by; cut it precisely, without --copy")
        try:
            return copy_packets(cut.moment.video, cut.span, target, cut.footage.audio_indexes)
        except MediaError as error:
            raise ClipError(f"{cut.doing}: {error}") from error
    with TemporaryDirectory(prefix=".framescout-sound-", dir=target.parent) as folder:
        _encode(cut, target, Path(folder))
    return _written(cut, target)


def _encode(cut: Cut, target: Path, folder: Path) -> None:
    picture, sounds = trimmed(cut, folder)
    picture = picture.filter("pad", **_SIDES_EVEN, x=0, y=0).filter("format", "yuv420p")
    options = {
        **H264,
        **(AAC if sounds else {}),
        **keep_frame_times(),
        "enc_time_base": _time_base(cut.footage),
        "bsf:v": _last_frame_within(cut),
        "movflags": "+faststart",
        "map_metadata": -1,
        "map_chapters": -1,
        **_recorded(cut),
    }
    run(ffmpeg.output(picture, *sounds, file_url(target), **options), doing=cut.doing)


def trimmed(cut: Cut, folder: Path) -> tuple[Any, list[Any]]:
    """ffmpeg-python's nodes of a cut: the upright progressive picture, and each track of sound.

    All begin at 0 with the cut's first frame and end with the cut. `folder` takes sound that has to be written first;
    it is needed until the graph has run.

    Raises:
        ClipError: the video can't be read.
    """
    facts, span = cut.footage, cut.span
    changes, steady = _steadied(cut, folder)
    source = _source(cut, has_one_size=not changes.sizes)
    stretch = _stretch(cut)
    zero = _zero(facts, stretch)
    late = zero + (_LATE if _starts_at_zero(facts) else 0.0)
    start, first, length = late + span.start, late + cut.first_time, span.duration
    picture = source[str(facts.video_index)]
    if facts.is_pale:
        picture = filter_widened(picture)
    if facts.is_stored_order:
        picture = picture.filter("setpts", f"round(N/({facts.rate.numerator}/{facts.rate.denominator})/TB)")
    if changes.sizes:
        picture = picture.filter("scale", *changes.sizes[0])
    picture = (
        picture.filter("bwdif", mode="send_frame", deint="interlaced")
        .filter("trim", start=f"{first - EARLY:.6f}", end=f"{start + length - EARLY:.6f}")
        .filter("setpts", f"max(0,round(PTS-{start:.9f}/TB))")
        .filter("scale", **_PIXELS_SQUARE, out_range="tv")
        .filter("setsar", 1)
    )
    if facts.is_hdr and has_filter("zscale"):
        picture = filter_to_screen(picture)
    return picture, [
        steady.get(index) or _trimmed_sound(source[str(index)], start, length) for index in facts.audio_indexes
    ]


def _steadied(cut: Cut, folder: Path) -> tuple[Changes, dict[int, Any]]:
    """What changes its form in the cut, and a node for each track of sound that does."""
    facts, steady = cut.footage, {}
    read = Span(min(max(0.0, cut.key_time - _SEARCH), cut.span.start), cut.span.end)
    try:
        with open_video(facts.path) as video:
            changes = changes_in(video, read, facts.audio_indexes)
            for index in changes.sounds:
                path = folder / f"{index}.wav"
                write_steady_sound(video, index, cut.span, path)
                steady[index] = ffmpeg.input(file_url(path), f="wav")["a"]
    except MediaError as error:
        raise ClipError(f"{cut.doing}: {error}") from error
    return changes, steady


def _trimmed_sound(sound: Any, start: float, length: float) -> Any:
    return (
        sound.filter("atrim", start=f"{start:.6f}", end=f"{start + length:.6f}")
        .filter("asetpts", f"PTS-{start:.9f}/TB")
        .filter("aresample", **{"async": 1, "first_pts": 0})  # gaps become silence, so that nothing shifts
        .filter("aformat", channel_layouts="mono|stereo")
        .filter("apad", whole_dur=f"{length:.6f}")
    )


def _starts_at_zero(facts: Footage) -> bool:
    """Whether ffmpeg 5 would take the start of the streams that are used for 0:00, in spite of `copyts`."""
    return facts.has_times and not facts.has_index and not facts.stretches and facts.start_offset == 0


def _zero(facts: Footage, stretch: Stretch | None) -> float:
    """What the program's clock says where a player shows 0:00, as its input begins."""
    if stretch:  # the part's own clock, without what libav adds to times before a file's first
        return (facts.start_offset + stretch.begins - stretch.shift) % WRAP - stretch.begins
    return facts.start_offset if facts.has_times else 0.0


def _stretch(cut: Cut) -> Stretch | None:
    """That in which the cut lies, where a file has several clocks."""
    begun = (stretch for stretch in reversed(cut.footage.stretches) if stretch.begins <= cut.first_time + EARLY)
    return next(begun, None)


def _source(cut: Cut, *, has_one_size: bool) -> Any:
    """The video as ffmpeg-python's input node, from the key picture on, on the container's own clock.

    Where frames have times nothing is left to ffmpeg, which moves the clock's start to 0 as each release sees fit.
    """
    facts = cut.footage
    stretch = _stretch(cut)
    # where the size changes, the filters go on; the first one makes the pictures alike
    decoded: dict[str, Any] = {} if has_one_size else {"reinit_filter": 0}
    if not facts.has_times and not stretch:
        return footage(facts.path, **decoded)
    part = (stretch.first_byte, stretch.last_byte) if stretch else None
    seek = cut.key_time - (0.0 if facts.has_index else _SEARCH)
    if stretch:
        seek = max(0.0, cut.first_time - _LONGEST_GROUP - stretch.begins)
    options = {"copyts": None, **decoded} | ({"itsoffset": _LATE} if _starts_at_zero(facts) else {})
    if seek > 0:
        zero = _zero(facts, stretch) + (stretch.begins if stretch else 0.0)
        options |= {"ss": f"{zero + seek:.6f}", "seek_timestamp": 1, "noaccurate_seek": None}
    return footage(facts.path, part=part, **options)


def _last_frame_within(cut: Cut) -> str:
    """A last frame that is held for long goes when the clip ends; any other stays whole."""
    end = cut.span.duration + _shortest(cut.footage)
    # ffmpeg before 6 knows no durations here (0): there a frame lasts as long as frames do on average
    known = f"if(gt(DURATION\\,0)\\,DURATION\\,{float(1 / cut.footage.rate):.6f}/TB)"
    return f"setts=pts=PTS:dts=DTS:duration=min({known}\\,{end:.6f}/TB-PTS)"


def _time_base(facts: Footage) -> str:
    return f"{facts.time_base.numerator}/{facts.time_base.denominator}"


def _recorded(cut: Cut) -> dict[str, str]:
    if not cut.moment.recorded_at:
        return {}
    from datetime import UTC, timedelta

    began = (cut.moment.recorded_at + timedelta(seconds=cut.span.start)).astimezone(UTC)
    return {"metadata": f"creation_time={began.isoformat(timespec='milliseconds')}"}


def _written(cut: Cut, target: Path) -> Span:
    """What the file really shows; a damaged or shorter video may end before the cut does."""
    try:
        with open_footage(target) as (_, facts):
            length = facts.duration
    except MediaError as error:
        raise ClipError(f"{cut.doing}: no picture there can be decoded") from error
    return Span(cut.span.start, cut.span.start + (length or cut.span.duration))


def refuse_sources(targets: Sequence[Path], moments: Sequence[Moment]) -> None:
    """Refuse targets that are the very videos that are cut, under whatever name.

    Raises:
        UsageError: one is.
    """
    sources = {_identity(Path(moment.video)) for moment in moments}
    for target in targets:
        if target.exists() and _identity(target) in sources:
            raise UsageError(f"{target} is itself a video of this export; name another folder")


def _identity(path: Path) -> tuple[int, int] | str:
    status = path.stat()
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)
