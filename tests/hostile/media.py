"""Hostile footage: odd but sound files, lies, and mutations of both, each made again from a seed and a number."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.footage import make

SOUND = "sound"
"""Of a seed: it is a video, and must be indexed."""
BROKEN = "broken"
"""It holds no video that can be read, and must go into quarantine."""
EITHER = "either"


def _drawn(folder: Path, name: str, size: str, *options: str, seconds: float = 1.0) -> Path:
    """ffmpeg's test picture."""
    source = f"{'color' if size == '1x1' else 'testsrc2'}=s={size}:d={seconds}:r=10"
    make.ffmpeg("-f", "lavfi", "-i", source, *options, folder / name)
    return folder / name


def _clock_that_wraps(folder: Path) -> Path:
    """The 33 bits of a transport stream's clock end half way."""
    wrap = 2**33 / 90_000
    options = ("-c:v", "mpeg2video", "-g", "5", "-output_ts_offset", f"{wrap - 1.5:.3f}", "-f", "mpegts")
    return _drawn(folder, "wraps.ts", "160x120", *options, seconds=3)


def _clock_that_jumps(folder: Path) -> Path:
    """Two recordings behind each other in one file: another size, and a clock that jumps back."""
    path, later = folder / "jumps.ts", folder / "later"
    for part, size, offset in ((path, "160x120", "5000"), (later, "320x240", "10")):
        codec = ("-c:v", "mpeg2video", "-g", "5", "-output_ts_offset", offset, "-f", "mpegts")
        _drawn(folder, part.name, size, *codec, seconds=2)
    path.write_bytes(path.read_bytes() + later.read_bytes())
    later.unlink()
    return path


def _lasts_for_years(folder: Path) -> Path:
    """Every box of an MP4 that says how long it lasts claims the most that it can."""
    path = make.numbered(folder, "years.mp4", seconds=1)
    data = bytearray(path.read_bytes())
    for box, offset in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        place = data.find(box) + 4 + offset
        data[place : place + 4] = b"\x7f\xff\xff\xff"
    place = data.find(b"stts") + 16
    data[place : place + 4] = b"\x7f\xff\xff\xff"
    path.write_bytes(data)
    return path


def _one_picture(folder: Path) -> Path:
    return _drawn(folder, "once.mp4", "160x120", "-frames:v", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p")


def _nothing_moves(folder: Path) -> Path:
    make.ffmpeg("-f", "lavfi", "-i", "color=gray:s=160x120:d=3:r=10", "-c:v", "libx264", folder / "still.mp4")
    return folder / "still.mp4"


def _rate_that_changes(folder: Path) -> Path:
    """Fine pictures first, then coarse ones of a hundredth of the bytes, without a break in the clock."""
    path, later = folder / "rates.ts", folder / "later"
    for part, quality, offset in ((path, "5", "10"), (later, "48", "12")):
        codec = ("-c:v", "libx264", "-qp", quality, "-g", "5", "-pix_fmt", "yuv420p")
        _drawn(folder, part.name, "160x120", *codec, "-output_ts_offset", offset, "-f", "mpegts", seconds=2)
    path.write_bytes(path.read_bytes() + later.read_bytes())
    later.unlink()
    return path


def _sizes_that_lie(folder: Path) -> Path:
    """An MP4 whose table says of every third picture that it has 2 GB, and of every fifth that it has nothing."""
    path = make.numbered(folder, "sizes.mp4", seconds=2, gop=10)
    data = bytearray(path.read_bytes())
    table = data.find(b"stsz") + 12
    (count,) = struct.unpack(">I", data[table : table + 4])
    for number in range(count):
        lie = b"\x7f\xff\xff\xff" if number % 3 == 2 else bytes(4) if number % 5 == 4 else None
        if lie is not None:
            data[table + 4 + 4 * number : table + 8 + 4 * number] = lie
    path.write_bytes(data)
    return path


def _text(name: str, text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(text)
        return folder / name

    return write


def _picture(folder: Path) -> Path:
    Image.new("RGB", (640, 480), "orange").save(folder / "picture.jpg")
    return (folder / "picture.jpg").rename(folder / "picture.mp4")


def _renamed(folder: Path) -> Path:
    return make.numbered(folder, "matroska.mkv", seconds=1).rename(folder / "matroska.avi")


def _many_streams(folder: Path) -> Path:
    maps = ("-map", "0:v") * 12
    return _drawn(folder, "streams.mkv", "64x48", *maps, "-c:v", "mpeg4")


_TEN_BITS = ("-c:v", "libx264", "-pix_fmt", "yuv420p10le", "-color_trc", "smpte2084", "-color_primaries", "bt2020")

SEEDS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "h264": (SOUND, lambda folder: make.numbered(folder, seconds=2, gop=10)),
    "faststart": (SOUND, lambda folder: make.numbered(folder, "f.mp4", seconds=2, options=("-movflags", "+faststart"))),
    "fragments": (
        SOUND,
        lambda folder: make.numbered(folder, "g.mp4", seconds=2, options=("-movflags", "frag_keyframe+empty_moov")),
    ),
    "b-frames": (SOUND, lambda folder: make.b_frames(folder)),
    "edit list": (SOUND, lambda folder: make.edit_list(folder)),
    "key picture hidden": (EITHER, make.edit_list_without_key),
    "hevc": (SOUND, lambda folder: make.hevc_cra(folder, seconds=2)),
    "vp9": (SOUND, lambda folder: make.vp9(folder, seconds=1)),
    "av1": (SOUND, lambda folder: make.av1(folder, seconds=1)),
    "avi": (SOUND, lambda folder: make.mpeg4_avi(folder, seconds=2)),
    "mjpeg": (SOUND, lambda folder: make.mjpeg(folder, seconds=1)),
    "interlaced": (SOUND, lambda folder: make.interlaced(folder, seconds=2)),
    "elementary": (SOUND, lambda folder: make.raw_h264(folder, seconds=2)),
    "matroska": (SOUND, lambda folder: make.numbered(folder, "numbered.mkv", seconds=2)),
    "flv": (SOUND, lambda folder: make.numbered(folder, "numbered.flv", seconds=2)),
    "variable rate": (SOUND, make.variable_rate),
    "rotated": (SOUND, lambda folder: make.rotated(folder, seconds=1)),
    "anamorphic": (SOUND, lambda folder: make.wide_pixels(folder, seconds=1)),
    "late start": (SOUND, lambda folder: make.late_start(folder, seconds=2)),
    "clock wraps": (SOUND, _clock_that_wraps),
    "clock jumps": (SOUND, _clock_that_jumps),
    "ten bits": (SOUND, lambda folder: _drawn(folder, "ten.mp4", "160x120", *_TEN_BITS)),
    "odd size": (
        SOUND,
        lambda folder: _drawn(folder, "odd.mp4", "65x49", "-c:v", "libx264", "-pix_fmt", "yuv444p"),
    ),
    "one pixel": (SOUND, lambda folder: _drawn(folder, "one.mkv", "1x1", "-c:v", "ffv1")),
    "very wide": (EITHER, lambda folder: _drawn(folder, "wide.avi", "16384x16", "-c:v", "mjpeg", seconds=0.3)),
    "many streams": (SOUND, _many_streams),
    "wrong ending": (SOUND, _renamed),
    "one picture": (SOUND, _one_picture),
    "nothing moves": (SOUND, _nothing_moves),
    "rate changes": (SOUND, _rate_that_changes),
    "two sizes": (SOUND, make.changed_on_the_way),
    "sizes lie": (EITHER, _sizes_that_lie),
    "gif": (EITHER, lambda folder: _drawn(folder, "g.gif", "64x48").rename(folder / "gif.mp4")),
    "years": (EITHER, _lasts_for_years),
    "huge": (BROKEN, make.huge),
    "picture": (EITHER, _picture),
    "empty": (BROKEN, make.empty),
    "garbage": (BROKEN, make.garbage),
    "sound": (BROKEN, make.audio_only),
    "sound with cover": (BROKEN, make.audio_with_cover),
    "playlist": (
        BROKEN,
        _text("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
    ),
    "concat": (BROKEN, _text("concat.mkv", "ffconcat version 1.0\nfile /etc/passwd\nfile numbered.mp4\n")),
    "sdp": (BROKEN, _text("call.avi", "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n")),
    "text": (BROKEN, _text("text.mov", "This is not a video.\n" * 50)),
}  # fmt: skip
"""Name -> what it is, and how it is made."""


def make_seeds(folder: Path) -> dict[str, Path]:
    """Name -> file, each in a folder of its own."""
    made = {}
    for number, (name, (_, maker)) in enumerate(SEEDS.items()):
        own = folder / f"{number:02}"
        own.mkdir(parents=True)
        made[name] = maker(own)
    return made


def _truncate(data: bytearray, chance: random.Random, _: bytes) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _flip_bits(data: bytearray, chance: random.Random, _: bytes) -> None:
    near = chance.choice((len(data), min(4096, len(data))))  # headers stand in front
    for _each in range(chance.randint(1, 64)):
        data[chance.randrange(near)] ^= 1 << chance.randrange(8)


def _flip_bits_at_the_end(data: bytearray, chance: random.Random, _: bytes) -> None:
    for _each in range(chance.randint(1, 64)):
        data[-chance.randint(1, min(4096, len(data)))] ^= 1 << chance.randrange(8)


def _change_block(data: bytearray, chance: random.Random, _: bytes) -> None:
    """Zero it, take it out, double it, or put it elsewhere."""
    size = min(len(data), chance.choice((16, 188, 512, 8192)))
    start = chance.randrange(len(data) - size + 1)
    block = bytes(data[start : start + size])
    data[start : start + size] = chance.choice((bytes(size), b"", block * 2))
    if chance.random() < 0.3:
        place = chance.randrange(len(data) + 1)
        data[place:place] = block


def _lie(data: bytearray, chance: random.Random, _: bytes) -> None:
    """Extreme numbers where numbers stand."""
    boxes = (b"mvhd", b"mdhd", b"stts", b"stsc", b"stsz", b"stco", b"ctts", b"elst", b"trun", b"avcC", b"avih", b"strh")
    found = [data.find(box) for box in boxes if data.find(box) >= 0] or [0]
    for _each in range(chance.randint(1, 6)):
        place = max(0, chance.choice(found) + 4 * chance.randint(-1, 12))
        data[place : place + 4] = struct.pack(">I", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 65536)))


def _splice(data: bytearray, chance: random.Random, other: bytes) -> None:
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]


def _append_noise(data: bytearray, chance: random.Random, _: bytes) -> None:
    data += chance.randbytes(chance.choice((1, 1000, 100_000)))


MUTATIONS: dict[str, Callable[[bytearray, random.Random, bytes], None]] = {
    "truncated": _truncate,
    "bits": _flip_bits,
    "bits at the end": _flip_bits_at_the_end,
    "block": _change_block,
    "lies": _lie,
    "spliced": _splice,
    "noise behind": _append_noise,
}


def mutate(seeds: dict[str, Path], folder: Path, seed: int, number: int) -> tuple[str, Path]:
    """Write the hostile file of this number; return the name of its seed and the file."""
    chance = random.Random(f"{seed}/{number}")
    name = chance.choice([each for each, path in seeds.items() if path.stat().st_size])
    done = chance.sample(list(MUTATIONS), chance.choice((1, 1, 2)))
    data, other = bytearray(seeds[name].read_bytes()), seeds[chance.choice(list(seeds))].read_bytes()
    for mutation in done:
        if data:
            MUTATIONS[mutation](data, chance, other)
    ending = chance.choice((".mp4", ".mkv", ".avi")) if chance.random() < 0.05 else seeds[name].suffix
    path = folder / f"{number:06} {name}, {' and '.join(done)}{ending}"
    path.write_bytes(data)
    return name, path
