"""Sentences to learn from: captions, the names of things, and the dull things that an archive is asked for."""

from __future__ import annotations

import csv
import itertools
import random
from pathlib import Path

from wordnet import imagenet_offsets, kinds_of, read_nouns

TEMPLATES = (
    "{}", "a {}", "the {}", "a photo of a {}", "a picture of a {}", "a {} in a video", "a close-up of a {}",
    "security camera footage of a {}", "a video frame showing a {}", "there is a {} in the picture",
)  # fmt: skip

THINGS = (
    "person", "man", "woman", "child", "crowd of people", "group of people", "police officer", "worker", "dog", "cat",
    "car", "truck", "bus", "van", "motorcycle", "bicycle", "train", "boat", "shopping cart", "suitcase", "backpack",
    "fire", "cloud of smoke", "forklift", "delivery man", "security guard", "horse", "bird",
)  # fmt: skip
_DOINGS = (
    "", "running", "walking", "standing still", "falling down", "fighting", "climbing a fence", "carrying a bag",
    "sitting on a chair", "lying on the floor", "entering", "leaving", "waiting", "talking on the phone", "stealing",
    "breaking a window", "opening a door", "driving past", "parked", "turning around", "jumping", "dancing",
)  # fmt: skip
_PLACES = (
    "", "in a street at night", "in an empty corridor", "in a shop", "on the stairs", "in front of a fence",
    "in a car park", "in a parking garage", "in an elevator", "in an office", "in a bank", "in a warehouse",
    "on a running track", "at a supermarket checkout", "in a kitchen", "in a living room", "on a beach", "in the snow",
    "in a forest", "on a mountain road", "in a bus", "at a train station", "at a crossing", "in a school yard",
    "in black and white security camera footage", "seen from above", "in the rain", "in the fog", "behind a counter",
    "in a bar", "in a restaurant", "in a factory hall", "in a vault", "at a door", "in a field",
)  # fmt: skip


def captions(photos: Path) -> dict[str, list[str]]:
    """Photo file -> its sentences."""
    found: dict[str, list[str]] = {}
    with (photos / "captions.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["file"], []).append(row["caption"])
    return found


def footage_rows(footage: Path) -> list[dict[str, str]]:
    """The rows of manifest.csv."""
    with (footage / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def distillation_sentences(photos: Path, footage: Path, wordnet: Path) -> list[str]:
    """Some 130,000 different sentences."""
    sentences = set(itertools.chain.from_iterable(captions(photos).values()))
    sentences |= {row["caption"] for row in footage_rows(footage)}
    pick = random.Random(7)
    for thing, doing, place in itertools.product(THINGS, _DOINGS, _PLACES):
        if pick.random() < 0.5:
            sentences.add(" ".join(f"a {thing} {doing} {place}".split()))
    nouns = read_nouns(wordnet)
    for noun in nouns.values():
        if not any(name[0].isupper() for name in noun.names):
            sentences.add(pick.choice(TEMPLATES).format(noun.names[0]))
            if pick.random() < 0.25:
                sentences.add(noun.gloss.split(";")[0])
    for offset in imagenet_offsets():
        for kind in kinds_of(offset, nouns):
            sentences |= {template.format(pick.choice(nouns[kind].names)) for template in pick.sample(TEMPLATES, 3)}
    return sorted(sentences)
