"""Vectors of pictures by a tower that has seen none of them, to fit on known data what must hold on unknown data.

    python strangers.py --photos PHOTOS --footage FOOTAGE --out strangers.npz

The weights that ship know PHOTOS and FOOTAGE by heart. So ImageNet's tower is taken as it is, and a head in the starter
model's form is trained on 2,000 photographs alone, against the sentences of the shipped text tower. The file holds unit
rows of 700 of these photographs (`reference`), of 600 held-out ones (`photos`, `photo_names`), and of two frames of
every clip (`clips`, and `clip_of`, the row of manifest.csv).
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import torch
from pictures import clip_frames, load_photos, split_photos
from PIL import Image
from reference import encode_sentences
from safetensors.torch import load_file
from sentences import footage_rows
from starter import IMAGE_SIZE, MEAN, STD, build
from torch import nn
from torch.nn import functional

from framescout.embedding.loading import load
from framescout.embedding.presets import resolve

STARTER = Path(__file__).resolve().parents[1] / "framescout" / "models" / "starter"
ASKED_AT = 352
"""Pixels of a side at which the product looks at pictures; the head is trained at IMAGE_SIZE, as the shipped one."""
TRAINED, REFERENCE, HELD, FRAMES = 2000, 700, 600, 2
_EPOCHS, _BATCH, _RATE, _NOISE = 16, 256, 1e-3, 0.05


def imagenet_trunk() -> nn.Module:
    """EfficientNet-Lite2 as ImageNet left it."""
    weights = load_file(STARTER / "open_clip_model.safetensors")
    with tempfile.NamedTemporaryFile() as file:
        torch.save({name[5:]: each.float() for name, each in weights.items() if name.startswith("text.")}, file.name)
        model, _ = build(Path(file.name))
    trunk: nn.Module = model.visual.trunk.eval()
    return trunk


@torch.inference_mode()
def features(trunk: nn.Module, pictures: list[Image.Image], size: int) -> torch.Tensor:
    """(N, 1280) pooled features of pictures squashed to a square."""
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    rows = []
    for start in range(0, len(pictures), 16):
        small = [
            np.asarray(each.resize((size, size), Image.Resampling.BICUBIC)) for each in pictures[start : start + 16]
        ]
        batch = (torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2) / 255 - mean) / std
        rows.append(trunk.forward_features(batch.contiguous(memory_format=torch.channels_last)).mean((2, 3)))
    return torch.cat(rows).clone()


def train_head(seen: torch.Tensor, sentences: torch.Tensor) -> nn.Module:
    """A head for (N, 1280) features, by the loss of CLIP against the (N, D) sentences of the same pictures."""
    torch.manual_seed(0)
    head = nn.Sequential(
        nn.Linear(1280, 768), nn.GELU(), nn.Dropout(0.1), nn.Linear(768, sentences.shape[1], bias=False)
    )
    scale = nn.Parameter(torch.tensor(20.0).log())
    optimizer = torch.optim.AdamW([*head.parameters(), scale], lr=_RATE, weight_decay=0.05)
    steps = _EPOCHS * (len(seen) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps, pct_start=0.1)
    for _ in range(_EPOCHS):
        for rows in torch.randperm(len(seen)).split(_BATCH):
            if len(rows) < _BATCH:
                continue
            noisy = seen[rows] * (1 + _NOISE * torch.randn(len(rows), 1280))
            scores = scale.exp().clamp(max=60) * functional.normalize(head(noisy), dim=-1) @ sentences[rows].T
            own = torch.arange(len(rows))
            loss = (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return head.eval()


def main() -> None:
    """Train the head, and write what it says of pictures that it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    training, held = split_photos(arguments.photos)
    names = random.Random(0).sample(sorted(training), TRAINED)
    held_names = sorted(held)[:HELD]
    trunk = imagenet_trunk()
    pictures = load_photos(arguments.photos, names)
    captions = encode_sentences(load(resolve(f"local-dir:{STARTER}")), [training[name][0] for name in names])
    head = train_head(features(trunk, pictures, IMAGE_SIZE), torch.from_numpy(captions).clone())

    def vectors(shown: list[Image.Image]) -> np.ndarray:
        with torch.inference_mode():
            rows: np.ndarray = functional.normalize(head(features(trunk, shown, ASKED_AT)), dim=-1).numpy()
        return rows.astype(np.float16)

    frames = [clip_frames(arguments.footage / row["path"], ASKED_AT, FRAMES) for row in footage_rows(arguments.footage)]
    np.savez(
        arguments.out,
        reference=vectors(pictures[:REFERENCE]),
        photos=vectors(load_photos(arguments.photos, held_names)),
        photo_names=np.array(held_names),
        clips=vectors([frame for each in frames for frame in each]),
        clip_of=np.array([row for row, each in enumerate(frames) for _ in each]),
    )


if __name__ == "__main__":
    main()
