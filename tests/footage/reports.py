"""Footage from public reports: what makes each file odd is what people met."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.footage.make import QUICK_X264, encode, ffmpeg, numbered, shots

HEVC_WITH_B = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none")
MPEG2_WITH_B = ("-c:v", "mpeg2video", "-pix_fmt", "yuv420p", "-bf", "2", "-q:v", "4")
WITHOUT_TIMES = {
    "h264.avi": QUICK_X264,
    "h264_b.avi": (*QUICK_X264, "-bf", "3"),
    "mpeg4_b.avi": ("-c:v", "mpeg4", "-vtag", "XVID", "-q:v", "4", "-bf", "2"),
    "h264.mpg": QUICK_X264,
    "h264_b.mpg": (*QUICK_X264, "-bf", "3"),
    "hevc_b.mpg": HEVC_WITH_B,
    "h264_b.mxf": (*QUICK_X264, "-bf", "3"),
    "h264.asf": QUICK_X264,
    "h264_b.asf": (*QUICK_X264, "-bf", "3"),
    "mpeg2_b.asf": MPEG2_WITH_B,
}
"""Name -> how its pictures are encoded; the container gives them no times, or those of storage alone."""


def without_times(folder: Path, name: str, *, seconds: float = 3.0) -> Path:
    """One of WITHOUT_TIMES; frame n is shown at n / 25 s."""
    return numbered(folder, name, seconds=seconds, codec=WITHOUT_TIMES[name])


def small_pictures(folder: Path, name: str = "small.mpg", *, seconds: float = 12.0) -> Path:
    """MPEG-2 in a program stream with several pictures in each packet, the first of which alone has a time."""
    codec = (*MPEG2_WITH_B[:-1], "31")
    return numbered(folder, name, seconds=seconds, size=(96, 64), codec=codec)


def raw_dv(folder: Path, name: str = "tape.dv") -> Path:
    """Two seconds off a DV tape, without a container."""
    codec = ("-c:v", "dvvideo", "-pix_fmt", "yuv420p")
    return numbered(folder, name, seconds=2.0, size=(720, 576), codec=codec)


def unmarked_cover(folder: Path, name: str = "unmarked.mkv", *, seconds: float = 3.0) -> Path:
    """A cover stands first, as an ordinary track of one picture; the film is the second track."""
    film, cover = numbered(folder, "film.mp4", seconds=seconds), folder / "cover.jpg"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=160x120", "-frames:v", "1", cover)
    ffmpeg("-i", cover, "-i", film, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "0", folder / name)
    film.unlink()
    cover.unlink()
    return folder / name


def two_cameras(folder: Path, name: str = "blackbox.mp4", *, seconds: float = 3.0) -> Path:
    """A car's front camera, numbered, and its rear camera, red, as two tracks of one file."""
    front, rear = numbered(folder, "front.mp4", seconds=seconds), folder / "rear.mp4"
    ffmpeg("-f", "lavfi", "-i", f"color=red:s=320x240:r=25:d={seconds}", *QUICK_X264, rear)
    ffmpeg("-i", front, "-i", rear, "-map", "0:v", "-map", "1:v", "-c", "copy", folder / name)
    front.unlink()
    rear.unlink()
    return folder / name


def four_corners(folder: Path, matrix: list[str], name: str = "corners.mp4") -> Path:
    """A second of red, blue, green and white in the corners, row by row, with a display matrix by ffmpeg's options."""
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:60, :80], picture[:60, 80:] = (255, 0, 0), (0, 0, 255)
    picture[60:, :80], picture[60:, 80:] = (0, 255, 0), (255, 255, 255)
    plain = shots(folder, "plain.mp4", pictures=[picture], seconds=1)
    ffmpeg(*matrix, "-i", plain, "-c", "copy", folder / name)
    plain.unlink()
    return folder / name


def hdr(folder: Path, transfer: str, name: str = "hdr.mp4") -> tuple[Path, np.ndarray]:
    """A second of a colourful still as HDR in BT.2020 with a white of 203 nits, and its (H, W, 3) uint8 original."""
    rows, columns = np.mgrid[0:180, 0:320]
    original = np.stack([columns * 255 // 319, rows * 255 // 179, 255 - columns * 255 // 319], axis=2).astype(np.uint8)
    chain = (
        "scale=out_color_matrix=bt709,format=yuv444p,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:"
        "range=tv,zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020,"
        f"zscale=t={transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
    )
    tags = ("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc")
    how = ("-vf", chain, *HEVC_WITH_B, *tags)
    how = tuple("yuv420p10le" if option == "yuv420p" else option for option in how)
    return encode(folder / name, [original] * 25, how), original


def broadcast(folder: Path, name: str = "broadcast.mxf", *, tones: tuple[int, ...] = (440, 880)) -> Path:
    """Three seconds of MXF with a mono track for each tone (Hz; 0 is silence), as broadcasters keep channels."""
    sources = [part for tone in tones for part in ("-f", "lavfi", "-i", f"sine=f={tone or 440}:r=48000:d=3")]
    volumes = [part for n, tone in enumerate(tones) for part in (f"-filter:a:{n}", f"volume={int(tone > 0)}")]
    maps = [part for n in range(len(tones) + 1) for part in ("-map", str(n))]
    codec = (*sources, *maps, *volumes, "-c:a", "pcm_s16le", *MPEG2_WITH_B)
    return numbered(folder, name, seconds=3.0, codec=codec)


def early_sound(folder: Path, name: str = "early.ts") -> Path:
    """A transport stream whose sound begins before its picture; the first key picture is not at 0:00."""
    return numbered(folder, name, seconds=3.0, audio=True, options=("-c:a", "mp2", "-bf", "2"))


def with_timecode(folder: Path, name: str, timecode: str, rate: Fraction | int) -> Path:
    """Two seconds whose first frame the recorder calls `timecode`, as the container of this name keeps it."""
    how = {
        ".avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-timecode", timecode),
        ".mxf": (*MPEG2_WITH_B, "-timecode", timecode),
        ".mpg": (*MPEG2_WITH_B, "-gop_timecode", timecode),
        ".ts": (*MPEG2_WITH_B, "-gop_timecode", timecode, "-drop_frame_timecode", "1"),
    }
    codec = how.get(Path(name).suffix, (*QUICK_X264, "-timecode", timecode))
    return numbered(folder, name, seconds=2.0, rate=rate, codec=codec)  # type: ignore[arg-type]


def appended(
    folder: Path,
    name: str = "appended.ts",
    *,
    lengths: tuple[float, ...] = (4.0, 3.0, 4.0),
    starts: tuple[float, ...] = (0.0, 0.0, 0.0),
) -> Path:
    """A recorder that appended, or a camera that came back: each part's clock begins anew, its frames count from 0."""
    delays = ("-muxdelay", "0", "-muxpreload", "0", "-bf", "2")
    parts = [
        numbered(folder, f"part{n}.ts", seconds=seconds, audio=True, options=(*delays, "-output_ts_offset", str(start)))
        for n, (seconds, start) in enumerate(zip(lengths, starts, strict=True))
    ]
    (folder / name).write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()
    return folder / name


def changed_form(folder: Path, name: str, forms: Sequence[tuple[tuple[int, int], Sequence[str]]]) -> Path:
    """A transport stream whose size of picture, or sound, changes every 4 s; the frames count from 0 again each time.

    `forms`: pixels, and ffmpeg's options for the sound.
    """
    parts = []
    for number, (size, sound) in enumerate(forms):
        clock = ("-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", str(4 * number))
        part = numbered(folder, f"part{number}.ts", seconds=4.0, audio=True, size=size, options=(*sound, *clock))
        parts.append(part.read_bytes())
        part.unlink()
    (folder / name).write_bytes(b"".join(parts))
    return folder / name


def changed_layout(folder: Path, name: str = "tv.ts") -> Path:
    """A television recording whose AC-3 goes from stereo to 5.1 after 4 s; the frames count from 0 again."""
    ac3 = ("-c:a", "ac3", "-b:a", "192k", "-ac")
    return changed_form(folder, name, [((320, 240), (*ac3, channels)) for channels in ("2", "6")])
