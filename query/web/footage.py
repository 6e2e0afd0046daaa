"""A video of the catalog in, footage that a browser plays out: the file itself, or made playable on the fly."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from framescout.catalog.records import Video
from framescout.media.ffmpeg import file_url, find_ffmpeg

_PLAYED = {
    ".mp4": ("video/mp4", frozenset({"h264", "av1", "vp9"})),
    ".m4v": ("video/mp4", frozenset({"h264", "av1", "vp9"})),
    ".webm": ("video/webm", frozenset({"vp8", "vp9", "av1"})),
}
_PIECE = 2**16


def played_as_it_is(video: Video) -> str | None:
    """The media type, where browsers play the file itself; None where it must be made playable."""
    media_type, codecs = _PLAYED.get(Path(video.path).suffix.lower(), ("", frozenset()))
    return media_type if video.codec in codecs else None


def transcoded(video: Video, start: float) -> Iterator[bytes]:
    """H.264 and AAC in fragmented MP4 from `start` seconds on, as it is made; ends when nobody reads on.

    At most 720 lines, so that a processor keeps up with it.
    """
    command = [
        find_ffmpeg(), "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-ss", f"{start:.3f}",
        "-i", file_url(video.path), "-map", "0:v:0", "-map", "0:a:0?", "-sn", "-dn",
        "-vf", "scale=-2:'min(720,ih)'", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
        "-crf", "23", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-b:a", "128k",
        "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        assert process.stdout
        try:
            while piece := process.stdout.read(_PIECE):
                yield piece
        finally:
            process.kill()
