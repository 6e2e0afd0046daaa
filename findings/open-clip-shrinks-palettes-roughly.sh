#!/usr/bin/env bash
# open_clip 3.3.0 with Pillow 13.0.0: the same pixels as a palette picture (GIF, PNG-8) become another input.
#
# Expected: the preprocessing that create_model_and_transforms() gives takes any Pillow picture, makes it RGB, and
# shrinks it bicubically. Two files with equal pixels give equal numbers.
# Seen: it shrinks first and converts to RGB afterwards. Pillow shrinks palette pictures by taking every n-th pixel,
# whatever is asked for, so that GIFs and PNGs of 256 colours come out jagged: they differ more from the same pixels in
# RGB than those do after JPEG at quality 30. Converting before the call cures it. transformers converts first.
# Cost to a video search: a search by picture with a screenshot, a saved thumbnail or a GIF, and pictures indexed beside
# the footage, get vectors of a picture that nobody sees; thin things (wires, fences, script) go first.
# Related: Pillow documents the rule for resize(); ray.data.read_images(size=..., mode="RGB") has the same order.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    "open_clip_torch==3.3.0" "torch==2.14.1" "torchvision==0.29.1" "pillow==13.0.0" "numpy==2.4.6"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import open_clip
import PIL
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1280, 720


def scene():
    """A fence before grass, and a red door, of 256 colours at most."""
    random = np.random.default_rng(0)
    picture = Image.new("RGB", (WIDTH, HEIGHT), (120, 150, 190))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 400, WIDTH, HEIGHT), fill=(90, 110, 60))
    for x, y in zip(random.integers(0, WIDTH, 3000), random.integers(400, HEIGHT, 3000), strict=True):
        draw.line((int(x), int(y), int(x) + 3, int(y) - 8), fill=(70 + int(x) % 60, 120, 50))
    for x in range(0, WIDTH, 6):
        draw.line((x, 300, x, 560), fill=(60, 50, 40), width=2)
    draw.rectangle((500, 250, 640, 600), fill=(170, 30, 30))
    return picture.quantize(256).convert("RGB")


scene().save("rgb.png")
scene().quantize(256).save("palette.png")
scene().quantize(256).save("palette.gif")
scene().save("rough.jpg", quality=30)
prepare = open_clip.image_transform(224, is_train=False)
true = prepare(Image.open("rgb.png"))


def difference(name, convert=False):
    """Mean difference of the prepared input from that of rgb.png, in units of the model's normalised colours."""
    picture = Image.open(name)
    return float((prepare(picture.convert("RGB") if convert else picture) - true).abs().mean())


pixels = np.asarray(Image.open("rgb.png"))
assert all(np.array_equal(np.asarray(Image.open(f"palette.{kind}").convert("RGB")), pixels) for kind in ("png", "gif"))
seen = {name: (difference(name), difference(name, convert=True)) for name in ("palette.png", "palette.gif")}
rough = difference("rough.jpg")
print("version: open_clip", open_clip.__version__, "Pillow", PIL.__version__)
print("expected: pixels equal to those of rgb.png differ by 0 after the preprocessing")
for name, (plain, converted) in seen.items():
    print(f"seen: {name}: {plain:.3f}; converted to RGB before the call {converted:.3f}")
print(f"for comparison: rough.jpg, quality 30: {rough:.3f}")
same = all(plain > rough and converted == 0 for plain, converted in seen.values())
sys.exit(0 if same else "The behaviour has changed.")
PYTHON
