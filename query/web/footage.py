"""A video of the catalog in, footage that a browser plays out: the file itself, or made playable on the fly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ffmpeg import output

from framescout.catalog.records import Video
from framescout.media import ffmpeg

_PLAYED = {
    ".mp4": ("video/mp4", frozenset({"h264", "av1", "vp9"})),
    ".m4v": ("video/mp4", frozenset({"h264", "av1", "vp9"})),
    ".webm": ("video/webm", frozenset({"vp8", "vp9", "av1"})),
}


def played_as_it_is(video: Video) -> str | None:
    """The media type, where browsers play the file itself; None where it must be made playable."""
    media_type, codecs = _PLAYED.get(Path(video.path).suffix.lower(), ("", frozenset()))
    return media_type if video.codec in codecs else None


def transcoded(video: Video, start: float) -> Iterator[bytes]:
    """H.264 and AAC in fragmented MP4 from `start` seconds on, as it is made; ends when nobody reads on.

    At most 720 lines, so that a processor keeps up with it.
    """
    source = ffmpeg.footage(video.path, ss=f"{start:.3f}")
    picture = {"vf": "scale=-2:'min(720,ih)'", "vcodec": "libx264", "preset": "ultrafast", "tune": "zerolatency",
               "crf": 23, "pix_fmt": "yuv420p"}  # fmt: skip
    sound = {"acodec": "aac", "ac": 2, "audio_bitrate": "128k"}
    fragments = {"format": "mp4", "movflags": "frag_keyframe+empty_moov+default_base_moof"}
    return ffmpeg.pieces(output(source["v:0"], source["a:0?"], "pipe:1", **picture, **sound, **fragments))
