"""Serves a video that a browser can play: the file itself, or a stream made while it plays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from ffmpeg import output

from framescout.catalog.records import Video
from framescout.media import ffmpeg
from framescout.media.display import filter_to_screen, filter_widened
from framescout.media.footage import Footage

Way = Literal["file", "copy", "encode"]

SHIFT = 10.0
"""Seconds by which a stream's clock is ahead of the video's: B-frames and sound begin before what is shown first, and
no time in fragmented MP4 may lie below 0."""

_PLAYED = {
    ".mp4": ("video/mp4", frozenset({"h264", "av1", "vp9"})),
    ".m4v": ("video/mp4", frozenset({"h264", "av1", "vp9"})),
    ".webm": ("video/webm", frozenset({"vp8", "vp9", "av1"})),
}
_SILENT = frozenset({"ac3", "eac3", "ac4", "dts", "truehd", "mlp"})
_COPIED = frozenset({"h264", "av1", "vp9"})
_CLOCKLESS = frozenset({".h264", ".264", ".h265", ".265", ".hevc", ".m1v", ".m2v", ".mjpeg", ".vc1"})
_UNORDERED = frozenset({".avi"})  # it keeps no times of B-frames
_UNINDEXED = frozenset({".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob"})
_SEARCH = 12.0
"""Seconds before the start from which a container without an index is read, so that a key picture is met."""
_SOUND_RATE = 48_000


def way_to_play(video: Video, facts: Footage | None) -> Way:
    """How a browser gets it: "file" as it is, "copy" in another container, "encode" made H.264.

    `facts`: what the file is, where it could be looked into.
    """
    if media_type(video, facts) is not None:
        return "file"
    is_copied = video.codec in _COPIED and Path(video.path).suffix.lower() not in _CLOCKLESS | _UNORDERED
    return "copy" if is_copied and (facts is None or facts.has_times) else "encode"


def media_type(video: Video, facts: Footage | None) -> str | None:
    """Of a file that browsers play as it is, picture and sound; None of others."""
    kind, codecs = _PLAYED.get(Path(video.path).suffix.lower(), (None, frozenset()))
    if facts and not (facts.is_first and unheard(facts) is None):
        return None
    return kind if video.codec in codecs else None


def unheard(facts: Footage) -> str | None:
    """The codec of its sound where browsers play the picture without it, and say nothing."""
    sound = facts.codecs[1:2]
    return sound[0] if sound and sound[0] in _SILENT else None


def streamed(video: Video, facts: Footage | None, start: float, *, encode: bool) -> Iterator[bytes]:
    """Fragmented MP4 with AAC from `start` seconds on, as it is made; ends when nobody reads on.

    Its times are the video's own, `SHIFT` seconds later. `encode`: H.264 of at most 720 lines, so that a processor
    keeps up with it, from the first frame at or after `start`; else the packets as they are, from the last key picture
    at or before it.
    """
    if Path(video.path).suffix.lower() not in _CLOCKLESS and (facts is None or facts.has_times or facts.stretches):
        head, has_begun = b"", False
        with closing(ffmpeg.pieces(_sought(video, facts, start, encode=encode))) as pieces:
            for piece in pieces:
                if has_begun:
                    yield piece
                elif b"moof" in (head := head + piece):  # there is footage, not a header alone
                    has_begun = True
                    yield head
        if has_begun:
            return
    yield from ffmpeg.pieces(_counted(video, facts, start))  # damaged files can't be sought in either


def _sought(video: Video, facts: Footage | None, start: float, *, encode: bool) -> Any:
    """Read from near `start` on, with the file's own times."""
    stretch = next((each for each in reversed(facts.stretches) if each.begins <= start), None) if facts else None
    begins = stretch.begins if stretch else 0.0
    is_unindexed = Path(video.path).suffix.lower() in _UNINDEXED
    seek = max(0.0, start - begins - _SEARCH) if is_unindexed else start
    sought: dict[str, Any] = {"ss": f"{seek:.3f}"} if seek else {}  # some files have no place to go back to
    part = (stretch.first_byte, stretch.last_byte) if stretch else None
    source = ffmpeg.footage(video.path, part=part, **sought, copyts=None, start_at_zero=None)
    picture, sound = _streams(source, facts)
    picture = picture.filter("trim", start=f"{start - begins:.3f}") if encode else picture
    return _output(picture, sound, facts, start - begins, encode=encode, output_ts_offset=SHIFT + begins)


def _counted(video: Video, facts: Footage | None, start: float) -> Any:
    """Read from the beginning on, and drop what lies before `start`."""
    picture, sound = _streams(ffmpeg.footage(video.path), facts)
    if facts and facts.is_stored_order:
        picture = picture.filter("setpts", f"round(N/({facts.rate.numerator}/{facts.rate.denominator})/TB)")
    return _output(picture, sound, facts, start, encode=True, ss=f"{start:.3f}", output_ts_offset=SHIFT + start)


def _streams(source: Any, facts: Footage | None) -> tuple[Any, Any]:
    """Picture and sound that a player shows, of an input node."""
    if facts is None:
        return source["v:0"], source["a:0?"]
    sound = str(facts.audio_indexes[0]) if facts.audio_indexes else "a:0?"
    return source[str(facts.video_index)], source[sound]


def _output(picture: Any, sound: Any, facts: Footage | None, start: float, *, encode: bool, **clock: Any) -> Any:
    options: dict[str, Any] = {"vcodec": "copy"}
    if encode:
        picture = filter_widened(picture) if facts and facts.is_pale else picture
        picture = picture.filter("bwdif", mode="send_frame", deint="interlaced")
        picture = picture.filter("scale", -2, "trunc(min(720,ih)/2)*2")
        if facts and facts.is_hdr and ffmpeg.has_filter("zscale"):
            picture = filter_to_screen(picture)
        options = {
            "vcodec": "libx264", "preset": "ultrafast", "tune": "zerolatency", "crf": 23, "pix_fmt": "yuv420p",
            "g": 50, "enc_time_base:v": "1:90000", **ffmpeg.keep_frame_times(),
        }  # fmt: skip
    # gaps become silence, so that sound begins where the picture does; first_pts counts in the rate of what comes in
    begins = f"aresample={_SOUND_RATE},aresample=async=1:first_pts={round(start * _SOUND_RATE)}"
    heard = {"acodec": "aac", "ac": 2, "audio_bitrate": "128k", "af": f"atrim=start={start:.3f},{begins}"}
    container = {
        "format": "mp4", "movflags": "frag_keyframe+empty_moov+default_base_moof+frag_discont", "use_editlist": 0,
        "avoid_negative_ts": "disabled", "frag_duration": 1_000_000,
    }  # fmt: skip
    return output(picture, sound, "pipe:1", **options, **heard, **container, **clock)
