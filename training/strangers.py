"""Vectors of pictures by towers that have seen none of them, to choose on known data what must hold on unknown data.

    python strangers.py --photos PHOTOS --footage FOOTAGE --out strangers.npz

The weights that ship know PHOTOS and FOOTAGE by heart. So ImageNet's tower is taken as it is, and heads in the starter
model's form are trained on 2,000 photographs alone, from three seeds, against the sentences of the shipped
text tower. The file holds unit rows (heads, N, D) of 700 of these photographs, of 600 held-out ones (`photo_names`),
and of two frames of every clip (`clip_of`: the row of manifest.csv), for every way to look at a picture: `whole
reference`, `whole photos`, `whole clips`, `windows ...` (pooled from one pass) and `closely ...` (in passes of their
own). Takes five minutes on two cores.
"""

from __future__ import annotations

import argparse
import io
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
from starter import IMAGE_SIZE, LOOK, MEAN, STD, build
from torch import nn
from torch.nn import functional

from framescout.embedding import load_embedder, same_padding
from framescout.embedding.image_tower import OnnxImageTower, squash
from framescout.embedding.onnx_export import write_graph
from framescout.embedding.torch_towers import windows

STARTER = Path(__file__).resolve().parents[1] / "framescout" / "models" / "starter"
TRAINED_AT = 256
"""Pixels of a side from which the heads learn, as the one that ships did."""
TRAINED, REFERENCE, HELD, FRAMES, HEADS = 2000, 700, 600, 2, 3
_EPOCHS, _BATCH, _RATE, _NOISE = 16, 256, 1e-3, 0.05


def imagenet_trunk() -> nn.Module:
    """EfficientNet-Lite2 as ImageNet left it."""
    weights = load_file(STARTER / "open_clip_model.safetensors")
    with tempfile.NamedTemporaryFile() as file:
        torch.save({name[5:]: each.float() for name, each in weights.items() if name.startswith("text.")}, file.name)
        model, _ = build(Path(file.name))
    trunk: nn.Module = model.visual.trunk.eval().requires_grad_(False)
    return trunk


class Parts(nn.Module):
    """(N, H, W, 3) uint8 -> (N, P, 1280) pooled features of the whole picture, and of `parts`."""

    def __init__(self, trunk: nn.Module, *, parts: bool) -> None:
        super().__init__()
        self.trunk, self.parts = trunk, parts
        self.register_buffer("mean", 255 * torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        pictures = (pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std
        seen = self.trunk.forward_features(pictures)
        pooled = [self.trunk.forward_head(seen)]
        if self.parts:
            pooled += [self.trunk.forward_head(window) for window in windows(seen)]
            crops = [functional.interpolate(part, (LOOK["crops"],) * 2, mode="bilinear") for part in windows(pictures)]
            pooled += [self.trunk(crop) for crop in crops]
        return torch.stack(pooled, dim=1)


def features(trunk: nn.Module, pictures: list[Image.Image], size: int, *, parts: bool) -> torch.Tensor:
    """(N, P, 1280) as `Parts` gives them, of pictures squashed to a square."""
    tower, written = Parts(trunk, parts=parts).eval(), io.BytesIO()
    with same_padding.fixed(tower):
        write_graph(tower, torch.zeros(2, size, size, 3, dtype=torch.uint8), written, "pixels")
    graph = OnnxImageTower(written.getvalue(), (size, size))
    starts = range(0, len(pictures), 64)
    rows = [graph.encode_pixels(squash(pictures[start : start + 64], (size, size))) for start in starts]
    return torch.from_numpy(np.concatenate(rows))


def train_head(seen: torch.Tensor, sentences: torch.Tensor, seed: int) -> nn.Sequential:
    """A head for (N, 1280) features, by the loss of CLIP against the (N, D) sentences of the same pictures."""
    torch.manual_seed(seed)
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
    return head.eval().requires_grad_(False)


@torch.inference_mode()
def ways_to_look(head: nn.Module, parts: torch.Tensor) -> dict[str, np.ndarray]:
    """(N, 11, 1280) -> for every way (N, D) unit rows, joined as the product does."""
    rows = functional.normalize(head(parts), dim=-1)
    whole, pooled, crops = rows[:, 0], rows[:, 1:6], rows[:, 6:]

    def joined(some: torch.Tensor) -> np.ndarray:
        mean = functional.normalize(some.sum(dim=1), dim=-1)
        vectors: np.ndarray = functional.normalize(whole + LOOK["windows"] * mean, dim=-1).numpy()
        return vectors

    return {"whole": whole.numpy(), "windows": joined(pooled), "closely": joined(crops)}


def main() -> None:
    """Train the heads, and write what they say of pictures that they have not seen."""
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
    texts = load_embedder(f"local-dir:{STARTER}")
    captions = encode_sentences(texts, [training[name][0] for name in names])[:, :-1]
    sentences = functional.normalize(torch.from_numpy(captions.copy()), dim=-1)
    seen = features(trunk, pictures, TRAINED_AT, parts=False)[:, 0]
    heads = [train_head(seen, sentences, seed) for seed in range(HEADS)]
    frames = [
        clip_frames(arguments.footage / row["path"], IMAGE_SIZE, FRAMES) for row in footage_rows(arguments.footage)
    ]
    shown = {
        "reference": pictures[:REFERENCE],
        "photos": load_photos(arguments.photos, held_names),
        "clips": [frame for each in frames for frame in each],
    }
    written = {"photo_names": np.array(held_names)}
    written["clip_of"] = np.array([row for row, each in enumerate(frames) for _ in each])
    for name, some in shown.items():
        parts = features(trunk, some, IMAGE_SIZE, parts=True)
        of_heads = [ways_to_look(head, parts) for head in heads]
        for way in of_heads[0]:
            written[f"{way} {name}"] = np.stack([each[way] for each in of_heads]).astype(np.float16)
    np.savez(arguments.out, **written)


if __name__ == "__main__":
    main()
