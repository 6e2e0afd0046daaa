"""Make a model folder's reference.safetensors: vectors of sentences and pictures that its scores are compared with.

    python reference.py FOLDER --photos PHOTOS --footage FOOTAGE

FOLDER is an open_clip folder with `open_clip_model.safetensors`; its old reference vectors are replaced. All of it is
drawn from the training part, by a seed, so that the held-out part stays good for measuring.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from pictures import is_held_out, load_photos, split_photos
from PIL import Image
from safetensors.numpy import save_file
from sentences import THINGS, footage_rows
from torch.nn import functional

from framescout.embedding.loading import LoadedModel, load
from framescout.embedding.presets import resolve
from framescout.embedding.reference import REFERENCE, checksum

SENTENCES, PICTURES = 2000, 1000
SEED = 1
_WEIGHTS = "open_clip_model.safetensors"
_BATCH = 16


def reference_sentences(photos: dict[str, list[str]], footage: Path, pick: random.Random) -> list[str]:
    """SENTENCES of them: plain things, what footage of the training part shows, and a caption each of photographs."""
    things = {f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}" for thing in THINGS}
    shown = {row["caption"] for row in footage_rows(footage) if not is_held_out(row)}
    chosen = sorted(things | shown)
    names = pick.sample(sorted(photos), SENTENCES)
    captions = dict.fromkeys(pick.choice(photos[name]) for name in names)
    return (chosen + [caption for caption in captions if caption not in chosen])[:SENTENCES]


@torch.inference_mode()
def encode_sentences(model: LoadedModel, sentences: list[str]) -> np.ndarray:
    """(N, D) float32 unit rows."""
    parts = [sentences[start : start + _BATCH] for start in range(0, len(sentences), _BATCH)]
    rows: np.ndarray = torch.cat(
        [model.model.encode_text(model.tokenizer(part), normalize=True) for part in parts]
    ).numpy()
    return rows


@torch.inference_mode()
def encode_pictures(model: LoadedModel, pictures: list[Image.Image]) -> np.ndarray:
    """(N, D) float32 unit rows; each picture is squashed to the model's size."""
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (model.mean, model.std))
    rows = []
    for start in range(0, len(pictures), _BATCH):
        small = [
            np.asarray(each.resize(model.image_size, Image.Resampling.BICUBIC))
            for each in pictures[start : start + _BATCH]
        ]
        batch = (torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2) / 255 - mean) / std
        rows.append(functional.normalize(model.model.visual(batch), dim=-1))
    whole: np.ndarray = torch.cat(rows).numpy()
    return whole


def main() -> None:
    """Encode, and write beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    arguments = parser.parse_args()
    (arguments.folder / REFERENCE).unlink(missing_ok=True)
    model = load(resolve(f"local-dir:{arguments.folder}"))
    pick = random.Random(SEED)
    photos, _ = split_photos(arguments.photos)
    sentences = encode_sentences(model, reference_sentences(photos, arguments.footage, pick))
    pictures = encode_pictures(model, load_photos(arguments.photos, pick.sample(sorted(photos), PICTURES)))
    tensors = {"sentences": sentences.astype(np.float16), "pictures": pictures.astype(np.float16)}
    named = {"weights": checksum(arguments.folder / _WEIGHTS), "image_size": str(model.image_size[0])}
    save_file(tensors, arguments.folder / REFERENCE, metadata=named)
    print(f"{len(sentences)} sentences, {len(pictures)} pictures, {sentences.shape[1]} dimensions")


if __name__ == "__main__":
    main()
