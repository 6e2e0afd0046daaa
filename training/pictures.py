"""Photographs and frames of footage as small pictures in memory, and what footage does to a picture."""

from __future__ import annotations

import hashlib
import io
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageEnhance, ImageFilter
from sentences import captions, footage_rows

HELD_OUT_PHOTOS = 1000


def fraction_of(name: str) -> float:
    """A number in [0, 1) that is a name's own: splits stay the same whatever else is there."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest()) / 2**56


def split_photos(photos: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(training, held out): file -> sentences; 1,000 photographs are held out."""
    every = captions(photos)
    names = sorted(every, key=fraction_of)
    held = names[:HELD_OUT_PHOTOS]
    return {name: every[name] for name in names[HELD_OUT_PHOTOS:]}, {name: every[name] for name in held}


def group_of(row: dict[str, str]) -> str:
    """What must stay on one side of a split: a source folder; in the large CCTV set, a run of clips of one camera."""
    folder = row["path"].split("/")[0]
    return f"{folder}/{row['caption']}" if row["caption_quality"] == "weak" else folder


def is_held_out(row: dict[str, str]) -> bool:
    """A third of the groups are for measuring."""
    return fraction_of(group_of(row)) < 1 / 3


def load_photos(folder: Path, names: list[str]) -> list[Image.Image]:
    """RGB pictures, as they lie there."""

    def load(name: str) -> Image.Image:
        return Image.open(folder / name).convert("RGB")

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(load, names))


def clip_frames(path: Path, size: int, most: int = 8) -> list[Image.Image]:
    """Up to `most` frames spread evenly over a clip, squashed to a square of `size` pixels."""
    with av.open(str(path)) as container:
        count = sum(1 for packet in container.demux(video=0) if packet.size)
        chosen = {int(place) for place in np.linspace(0, count - 1, min(most, count) * 2 + 1)[1::2]}
        container.seek(0)
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return [
            Image.fromarray(frame.reformat(size, size, "rgb24", interpolation="BICUBIC").to_ndarray())
            for number, frame in enumerate(container.decode(stream))
            if number in chosen
        ]


def load_clips(footage: Path, size: int) -> list[tuple[dict[str, str], list[Image.Image]]]:
    """Every clip's row and frames."""
    rows = footage_rows(footage)
    with ThreadPoolExecutor(2) as pool:
        return list(zip(rows, pool.map(lambda row: clip_frames(footage / row["path"], size), rows), strict=True))


def augment(picture: Image.Image, size: int, pick: random.Random) -> Image.Image:
    """A crop of at least 45 % of the area, perhaps mirrored, perhaps as a camera would: grey, dark, soft, blocky."""
    width, height = picture.size
    area, aspect = pick.uniform(0.45, 1.0), 2 ** pick.uniform(-0.4, 0.4)
    w, h = min(1.0, (area * aspect) ** 0.5), min(1.0, (area / aspect) ** 0.5)
    x, y = pick.uniform(0, 1 - w) * width, pick.uniform(0, 1 - h) * height
    box = (x, y, x + w * width, y + h * height)
    picture = picture.resize((size, size), Image.Resampling.BICUBIC, box=box)
    if pick.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if pick.random() < 0.5:
        for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            picture = enhancer(picture).enhance(pick.uniform(0.65, 1.35))
    if pick.random() < 0.12:
        picture = picture.convert("L").convert("RGB")
    if pick.random() < 0.10:
        picture = ImageEnhance.Brightness(picture).enhance(pick.uniform(0.25, 0.6))
    if pick.random() < 0.15:
        small = pick.randint(size // 4, size // 2)
        picture = picture.resize((small, small)).resize((size, size), Image.Resampling.BILINEAR)
    elif pick.random() < 0.08:
        picture = picture.filter(ImageFilter.GaussianBlur(pick.uniform(0.5, 1.5)))
    if pick.random() < 0.15:
        squeezed = io.BytesIO()
        picture.save(squeezed, "JPEG", quality=pick.randint(12, 50))
        picture = Image.open(squeezed).convert("RGB")
    return picture
