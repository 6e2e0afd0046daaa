"""Make a model folder's reference.safetensors: vectors of sentences and pictures that its scores are compared with.

    python reference.py FOLDER --photos PHOTOS

FOLDER is an open_clip folder with `open_clip_model.safetensors`; its old reference vectors are replaced. All of it is
drawn from the training part, by a seed, so that the held-out part stays good for measuring. About two minutes.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter
from pathlib import Path

import numpy as np
from pictures import load_photos, split_photos
from safetensors.numpy import save_file

from benchmarks.plain_words import common_words, phrases, words_of
from framescout.embedding import Embedder, load_embedder
from framescout.embedding.reference import REFERENCE, checksum

PHRASES, SENTENCES, PICTURES = 200, 2000, 1000
SEED = 1
_WEIGHTS = "open_clip_model.safetensors"
_BATCH = 64


def reference_sentences(photos: dict[str, list[str]], pick: random.Random) -> list[str]:
    """SENTENCES of them: the words that most photographs' captions say, as people ask for them, and captions."""
    counts = Counter(word for captions in photos.values() for word in words_of(captions))
    common = sorted(common_words(photos.values()), key=lambda word: (-counts[word], word))
    chosen = list(dict.fromkeys(phrases(word)[0] for word in common))[:PHRASES]
    captions = sorted({*itertools.chain.from_iterable(photos.values())} - {*chosen})
    return chosen + pick.sample(captions, SENTENCES - len(chosen))


def encode_sentences(model: Embedder, sentences: list[str]) -> np.ndarray:
    """(N, D) float32 unit rows."""
    return np.concatenate(
        [model.encode_texts(sentences[start : start + _BATCH]) for start in range(0, len(sentences), _BATCH)]
    )


def main() -> None:
    """Encode, and write beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    arguments = parser.parse_args()
    (arguments.folder / REFERENCE).unlink(missing_ok=True)
    model = load_embedder(f"local-dir:{arguments.folder.resolve()}")
    pick = random.Random(SEED)
    photos, _ = split_photos(arguments.photos)
    sentences = encode_sentences(model, reference_sentences(photos, pick))
    pictures = model.encode_images(load_photos(arguments.photos, pick.sample(sorted(photos), PICTURES)))
    tensors = {"sentences": sentences.astype(np.float16), "pictures": pictures.astype(np.float16)}
    save_file(tensors, arguments.folder / REFERENCE, metadata={"weights": checksum(arguments.folder / _WEIGHTS)})
    print(f"{len(sentences)} sentences, {len(pictures)} pictures, {sentences.shape[1]} dimensions")


if __name__ == "__main__":
    main()
