"""Small test videos, each odd in one way, made by the ffmpeg program that imageio-ffmpeg ships.

Every maker takes a folder, writes one file into it and returns its path. The frames of a numbered video
carry their number, so that a test can say which frame it holds: `read_number(picture)` gives it back after
lossy compression and after squashing to a model's square. Frame n is shown at n / rate seconds unless the
maker says otherwise.
"""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

CELLS = 16
"""Bits of a frame's number, in a row of black and white cells along the top, and their opposites below it."""

_FLV_HEADER, _FLV_VIDEO = 13, 9  # bytes with the first length; the kind of part that holds pictures

QUICK_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def ffmpeg(*arguments: str | Path, stdin: Iterable[bytes] = ()) -> None:
    """Run the ffmpeg program, quietly, overwriting its output; raises with its own words where it fails."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stderr
        try:
            for piece in stdin:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass
        complaint = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {complaint}")


def numbered_picture(number: int, size: tuple[int, int] = (320, 240)) -> np.ndarray:
    """The frame `number`: (H, W, 3) uint8 RGB; two rows of cells on a tint and a square that wander with it."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = (60 + number * 7 % 100, 60 + number * 3 % 110, 60 + number * 11 % 120)
    side = height // 6
    left = number * 5 % (width - side)
    picture[height // 2 : height // 2 + side, left : left + side] = (200, 200, 60)
    edges = np.linspace(0, width, CELLS + 1).round().astype(int)
    rows = (slice(0, height // 8), slice(height // 8, height // 4))
    for cell in range(CELLS):
        bit = number >> cell & 1
        picture[rows[0], edges[cell] : edges[cell + 1]] = 235 if bit else 16
        picture[rows[1], edges[cell] : edges[cell + 1]] = 16 if bit else 235
    return picture


def read_number(picture: np.ndarray | Image.Image) -> int:
    """The number that a numbered frame carries, at any size.

    Raises:
        ValueError: the picture carries none, or is too damaged or turned for it to be read.
    """
    grey = np.asarray(picture, np.float32).mean(axis=2)
    height, width = grey.shape
    columns = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(int)
    row, opposite = grey[int(height / 16)][columns], grey[int(height * 3 / 16)][columns]
    if (np.abs(row - opposite) < 90).any():
        raise ValueError("this picture carries no number that can be read")
    return int(((row > opposite) << np.arange(CELLS)).sum())


def encode(path: Path, pictures: Iterable[np.ndarray], options: Sequence[str | Path], rate: float = 25) -> Path:
    """Write pictures (H, W, 3) uint8 RGB of one size at `rate` a second, encoded by ffmpeg's `options`."""
    stream: Iterator[np.ndarray] = iter(pictures)
    first = next(stream)

    def raw() -> Iterator[bytes]:
        yield first.tobytes()
        for picture in stream:
            yield picture.tobytes()

    size = f"{first.shape[1]}x{first.shape[0]}"
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(rate), "-i", "-")
    ffmpeg(*source, *options, path, stdin=raw())
    return path


def numbered(
    folder: Path,
    name: str = "numbered.mp4",
    *,
    seconds: float = 4.0,
    rate: float = 25,
    gop: int = 25,
    size: tuple[int, int] = (320, 240),
    codec: Sequence[str] = QUICK_X264,
    options: Sequence[str] = (),
    audio: bool = False,
    step: int = 1,
) -> Path:
    """Numbered frames with an I-frame every `gop` frames; the container is what the name's ending says.

    With `audio`, a sine tone that beeps for the first tenth of every second. `step` repeats each number so
    many times, for footage in which little happens.
    """
    sound: tuple[str, ...] = ()
    if audio:
        beep = f"aevalsrc='sin(1000*2*PI*t)*lt(mod(t,1),0.1)':s=44100:d={seconds}"
        sound = ("-f", "lavfi", "-i", beep, "-c:a", "aac", "-b:a", "64k")
    how = (*sound, *codec, "-g", str(gop), *options)
    (folder / name).write_bytes(_numbered(round(seconds * rate), rate, size, step, how, Path(name).suffix))
    return folder / name


@functools.lru_cache(maxsize=256)
def _numbered(frames: int, rate: float, size: tuple[int, int], step: int, how: tuple[str, ...], suffix: str) -> bytes:
    """The content of the file: many tests ask for the same one, which is encoded once."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = (numbered_picture(n // step * step, size) for n in range(frames))
        return encode(Path(folder) / f"numbered{suffix}", pictures, how, rate).read_bytes()


def b_frames(
    folder: Path,
    name: str = "b_frames.mp4",
    *,
    seconds: float = 4.0,
    gop: int = 30,
    size: tuple[int, int] = (320, 240),
) -> Path:
    """Three B-frames between references: the packets' order isn't the pictures'; first dts below zero."""
    params = ("-bf", "3", "-x264-params", "b-adapt=0:scenecut=0:b-pyramid=normal")
    return numbered(folder, name, seconds=seconds, gop=gop, size=size, options=params)


def open_gop(folder: Path, name: str = "open_gop.mp4", *, seconds: float = 6.0, gop: int = 30) -> Path:
    """Open groups of pictures in H.264: I-frames that are no IDR, with leading B-frames before them."""
    params = ("-bf", "3", "-x264-params", f"open-gop=1:b-adapt=0:scenecut=0:keyint={gop}:min-keyint={gop}")
    return numbered(folder, name, seconds=seconds, gop=gop, options=params)


def hevc_cra(folder: Path, name: str = "hevc_cra.mp4", *, seconds: float = 6.0, gop: int = 30) -> Path:
    """HEVC with open groups of pictures: every I-frame but the first is a CRA picture with RASL pictures."""
    params = f"open-gop=1:keyint={gop}:min-keyint={gop}:scenecut=0:bframes=3:b-adapt=0:log-level=none"
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", params)
    return numbered(folder, name, seconds=seconds, gop=gop, codec=codec)


def intra_refresh(folder: Path, name: str = "intra_refresh.mp4", *, seconds: float = 8.0, gop: int = 50) -> Path:
    """One key picture at the start; after it a column of intra blocks wanders through the pictures."""
    params = ("-x264-params", f"intra-refresh=1:keyint={gop}:scenecut=0")
    return numbered(folder, name, seconds=seconds, gop=gop, options=params)


def variable_rate(folder: Path, name: str = "variable_rate.mp4", *, frames: int = 90, gop: int = 20) -> Path:
    """Frame n is shown at n / 25 + 3 * (n / 90)^2 seconds, to the millisecond: ever slower."""
    clock = ("-vf", "settb=1/1000,setpts=round(1000*(N/25+3*N*N/8100))", "-fps_mode", "vfr")
    options: tuple[str, ...] = (*clock, "-enc_time_base", "1/1000", "-video_track_timescale", "1000")
    if not name.endswith((".mp4", ".mov")):
        options = options[:-2]
    return numbered(folder, name, seconds=frames / 25, gop=gop, options=options)


def rotated(folder: Path, name: str = "rotated.mp4", *, degrees: int = 90, seconds: float = 3.0) -> Path:
    """Stored lying on its side; a display matrix turns it `degrees` clockwise, which sets it upright."""
    turns = {90: 1, 180: 2, 270: 3}[degrees]
    flat = encode(
        folder / f"flat-{name}",
        (np.rot90(numbered_picture(n), turns).copy() for n in range(round(seconds * 25))),
        (*QUICK_X264, "-g", "25"),
    )
    # ffmpeg counts counter-clockwise
    ffmpeg("-display_rotation", str(-degrees), "-i", flat, "-c", "copy", folder / name)
    flat.unlink()
    return folder / name


def wide_pixels(folder: Path, name: str = "wide_pixels.mp4", *, seconds: float = 3.0) -> Path:
    """Stored 320x240 with pixels twice as wide as high: shown as 640x240."""
    return numbered(folder, name, seconds=seconds, options=("-vf", "setsar=2/1"))


def late_start(folder: Path, name: str = "late_start.ts", *, seconds: float = 4.0, offset: float = 3600.0) -> Path:
    """A transport stream whose clock starts near `offset`, with sound 0.5 s before the first picture.

    A player's 0:00 is the first sound, so that frame n is shown at about n / 25 + 0.5.
    """
    silent = numbered(folder, f"silent-{Path(name).stem}.mkv", seconds=seconds, options=("-bf", "2"))
    delays = ("-muxdelay", "0", "-muxpreload", "0")
    tone = ("-f", "lavfi", "-i", f"sine=d={seconds + 0.5}")
    mapping = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-output_ts_offset", str(offset))
    ffmpeg("-itsoffset", "0.5", "-i", silent, *tone, *mapping, *delays, folder / name)
    silent.unlink()
    return folder / name


def edit_list(folder: Path, name: str = "edit_list.mp4", *, skip: float = 1.48, seconds: float = 5.0) -> Path:
    """Cut without re-encoding inside a group of pictures: an edit list hides what precedes the cut.

    Frame n is shown at n / 25 - skip; the hidden frames are in the file all the same.
    """
    whole = b_frames(folder, f"whole-{name}", seconds=seconds, gop=25)
    ffmpeg("-ss", str(skip), "-i", whole, "-c", "copy", folder / name)
    whole.unlink()
    return folder / name


def edit_list_without_key(folder: Path, name: str = "edit_list_without_key.mp4") -> Path:
    """Cut as `edit_list` is, behind the last I-frame: the only key picture of the file is hidden.

    Frame n is shown at n / 25 - 1.2.
    """
    whole = numbered(folder, f"whole-{name}", seconds=4.0, gop=9999)
    ffmpeg("-ss", "1.2", "-i", whole, "-c", "copy", folder / name)
    whole.unlink()
    return folder / name


def hevc(folder: Path, name: str = "hevc.mp4", *, seconds: float = 3.0) -> Path:
    """Plain HEVC."""
    codec = (
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-x265-params",
        "log-level=none",
    )
    return numbered(folder, name, seconds=seconds, codec=codec)


def vp9(folder: Path, name: str = "vp9.webm", *, seconds: float = 3.0) -> Path:
    """VP9 with hidden alternate reference frames."""
    codec = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "500k")
    return numbered(folder, name, seconds=seconds, codec=(*codec, "-auto-alt-ref", "1", "-lag-in-frames", "12"))


def av1(folder: Path, name: str = "av1.mp4", *, seconds: float = 3.0) -> Path:
    """AV1 by SVT-AV1."""
    codec = ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=2")
    return numbered(folder, name, seconds=seconds, codec=codec)


def mpeg4_avi(folder: Path, name: str = "mpeg4.avi", *, seconds: float = 4.0) -> Path:
    """MPEG-4 ASP with packed B-frames in AVI, which has no presentation times at all."""
    codec = ("-c:v", "mpeg4", "-vtag", "XVID", "-q:v", "4", "-bf", "2", "-mpv_flags", "+strict_gop")
    return numbered(folder, name, seconds=seconds, codec=codec, options=("-flags", "+mv4"))


def mjpeg(folder: Path, name: str = "mjpeg.avi", *, seconds: float = 5.0) -> Path:
    """Every frame is a key picture."""
    return numbered(folder, name, seconds=seconds, codec=("-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"))


def interlaced(folder: Path, name: str = "interlaced.ts", *, seconds: float = 3.0) -> Path:
    """Interlaced MPEG-2 in a transport stream, with two B-frames."""
    flags = ("-flags", "+ildct+ilme", "-bf", "2", "-q:v", "4")
    codec = ("-c:v", "mpeg2video", "-pix_fmt", "yuv420p")
    return numbered(folder, name, seconds=seconds, codec=codec, options=flags)


def raw_h264(folder: Path, name: str = "raw.h264", *, seconds: float = 4.0) -> Path:
    """An elementary stream: no container, no clock, no duration; B-frames."""
    return numbered(folder, name, seconds=seconds, options=("-bf", "2"))


def truncated(folder: Path, name: str = "truncated.mp4", *, keep: float = 0.6, seconds: float = 6.0) -> Path:
    """The last bytes are missing; for MP4 the header stands in front and promises all of it."""
    front = ("-movflags", "+faststart") if name.endswith(".mp4") else ()
    return cut_down(numbered(folder, name, seconds=seconds, options=front), keep)


def headless(folder: Path, name: str = "headless.mp4") -> Path:
    """An MP4 whose recording was never closed: the header that ends the file is missing."""
    return cut_down(numbered(folder, name), keep=0.5)


def cut_down(path: Path, keep: float) -> Path:
    """Keep only the share `keep` of the bytes of `path`; an odd number, so that no packet ends there."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep) | 1])
    return path


def garbled(folder: Path, name: str = "garbled.mp4", *, seconds: float = 6.0, start: float = 0.4) -> Path:
    """A tenth of the bytes, from the share `start` on, is noise."""
    path = numbered(folder, name, seconds=seconds)
    data = bytearray(path.read_bytes())
    first, count = int(len(data) * start), len(data) // 10
    data[first : first + count] = np.random.default_rng(7).bytes(count)
    path.write_bytes(data)
    return path


def changed_on_the_way(folder: Path, name: str = "changed.flv", *, seconds: tuple[float, float] = (3, 9)) -> Path:
    """A recording that went on with larger pictures, numbered from 0 again: the codec's setup comes twice."""
    first = numbered(folder, "first.flv", seconds=seconds[0]).read_bytes()
    second = numbered(folder, "second.flv", seconds=seconds[1], size=(480, 360)).read_bytes()
    later = round(seconds[0] * 1000)
    tags = [*_flv_tags(first, 0), *(tag for tag in _flv_tags(second, later) if tag[0] == _FLV_VIDEO)]
    path = folder / name
    path.write_bytes(first[:_FLV_HEADER] + b"".join(tag + len(tag).to_bytes(4, "big") for tag in tags))
    return path


def _flv_tags(data: bytes, later: int) -> Iterator[bytes]:
    """The parts of a Flash video, so many milliseconds later, without the mark that its stream ends."""
    at = _FLV_HEADER
    while at < len(data):
        tag = data[at : at + 11 + int.from_bytes(data[at + 1 : at + 4], "big")]
        at += len(tag) + 4
        time = ((tag[7] << 24) + int.from_bytes(tag[4:7], "big") + later).to_bytes(4, "big")
        if (tag[0], tag[12]) != (_FLV_VIDEO, 2):
            yield tag[:4] + time[1:] + time[:1] + tag[8:]


def empty(folder: Path, name: str = "empty.mp4") -> Path:
    """Not one byte."""
    (folder / name).write_bytes(b"")
    return folder / name


def garbage(folder: Path, name: str = "garbage.mp4") -> Path:
    """Noise with a video's name."""
    (folder / name).write_bytes(np.random.default_rng(3).bytes(60_000))
    return folder / name


def audio_only(folder: Path, name: str = "audio_only.mp4") -> Path:
    """Two seconds of a tone, no picture."""
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac", folder / name)
    return folder / name


def audio_with_cover(folder: Path, name: str = "audio_with_cover.mp4") -> Path:
    """A tone with an attached cover picture, as music files have: still no video."""
    cover = folder / "cover.png"
    Image.new("RGB", (64, 64), "red").save(cover)
    attach = ("-map", "0:a", "-map", "1:v", "-c:a", "aac", "-c:v", "copy", "-disposition:v:0", "attached_pic")
    ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-i", cover, *attach, folder / name)
    cover.unlink()
    return folder / name


def huge(folder: Path, name: str = "huge.avi", *, side: int = 60_000) -> Path:
    """A few kilobytes whose headers, the container's and each picture's, claim `side` x `side` pixels."""
    path = mjpeg(folder, name, seconds=0.2)
    data = bytearray(path.read_bytes())
    header = data.index(b"strf") + 12  # the fourcc, the chunk's size, the header's size
    data[header : header + 8] = side.to_bytes(4, "little") * 2
    at = data.find(b"\xff\xc0\x00\x11\x08")
    while at >= 0:
        data[at + 5 : at + 9] = side.to_bytes(2, "big") * 2
        at = data.find(b"\xff\xc0\x00\x11\x08", at + 1)
    path.write_bytes(data)
    return path


def shots(
    folder: Path,
    name: str = "shots.mp4",
    *,
    pictures: Sequence[np.ndarray],
    seconds: float = 2.0,
    rate: float = 25,
    options: Sequence[str] = (),
) -> Path:
    """A cut list: each of `pictures` (one size, uint8 RGB) stands still for `seconds`, one after the other."""
    frames = (picture for picture in pictures for _ in range(round(seconds * rate)))
    return encode(folder / name, frames, (*QUICK_X264, "-g", "250", *options), rate)


def coloured_shots(folder: Path, name: str = "coloured_shots.mp4", *, seconds: float = 2.0) -> Path:
    """Red, green, blue and white, `seconds` each, in this order."""
    (folder / name).write_bytes(_coloured_shots(Path(name).suffix, seconds))
    return folder / name


@functools.lru_cache
def _coloured_shots(suffix: str, seconds: float) -> bytes:
    """The content of the file, which is encoded once for all tests."""
    colours = ((220, 20, 20), (20, 200, 20), (20, 20, 220), (235, 235, 235))
    pictures = [np.full((240, 320, 3), colour, np.uint8) for colour in colours]
    with tempfile.TemporaryDirectory() as folder:
        return shots(Path(folder), f"shots{suffix}", pictures=pictures, seconds=seconds).read_bytes()


def still(folder: Path, name: str = "still.mp4", *, seconds: float = 20.0, noise: float = 3.0) -> Path:
    """A scene in which nothing moves, seen by a noisy sensor; an I-frame each second."""
    random = np.random.default_rng(11)
    scene = numbered_picture(1).astype(np.float32)
    frames = (
        (scene + random.normal(0, noise, scene.shape)).clip(0, 255).astype(np.uint8) for _ in range(round(seconds * 5))
    )
    return encode(folder / name, frames, (*QUICK_X264, "-g", "5"), rate=5)


def repeated(folder: Path, source: Path, times: int, name: str = "repeated.mp4") -> Path:
    """`source` joined to itself `times` times without re-encoding: hours of footage in seconds."""
    listing = folder / "repeated.txt"
    listing.write_text(f"file '{source.resolve()}'\n" * times)
    ffmpeg("-f", "concat", "-safe", "0", "-i", listing, "-c", "copy", folder / name)
    listing.unlink()
    return folder / name
