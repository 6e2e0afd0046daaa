"""Pictures a second of the starter's image tower on a card, by precision and batch; with little more than torch.

    python benchmarks/gpu_towers.py [--batches 16 64 256 1024] [--seconds 2] [--rehearse]

The small form of gpu.sh, for a machine with a card and no network to which little can be carried: it needs torch, timm,
safetensors, numpy and Pillow, and of this repository framescout/ and benchmarks/. Where the starter's weights are left
out, random ones take their place, which changes no speed. Pictures are in the card's memory before the clock starts.
The cosine is the least one of 16 pictures to the processor's float32, with the same weights.
--rehearse: everything on the processor.

Exit status: 0 the vectors agree in fp16, which framescout uses on cards; 1 they don't; 3 there is no card.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import timm
import torch
from timm.layers.mlp import Mlp
from torch import nn

from benchmarks.record import recorded
from framescout.embedding.agreement import AGREEMENT, sample_pixels
from framescout.embedding.loading import LoadedModel
from framescout.embedding.look import Look
from framescout.embedding.torch_towers import UnitImageTower

STARTER = Path(__file__).parents[1] / "framescout" / "models" / "starter"
WEIGHTS = STARTER / "open_clip_model.safetensors"
PRECISIONS = {"fp32": torch.float32, "autocast fp16": torch.float16, "autocast bf16": torch.bfloat16}
_COMPARED = 16


class Visual(nn.Module):  # type: ignore[misc]
    """The starter's image tower as open_clip puts it together, with the same names of weights."""

    def __init__(self, name: str, dimensions: int) -> None:
        super().__init__()
        self.trunk = timm.create_model(name, num_classes=0)
        self.head = nn.Sequential()
        self.head.add_module("mlp", Mlp(self.trunk.num_features, 2 * dimensions, dimensions, bias=(True, False)))


def tower() -> tuple[UnitImageTower, tuple[int, int], str]:
    """The tower, on the processor; the size of its pictures; whose weights it has."""
    facts = json.loads((STARTER / "open_clip_config.json").read_text())
    model, pictures = facts["model_cfg"], facts["preprocess_cfg"]
    torch.manual_seed(0)
    visual, whose = Visual(model["vision_cfg"]["timm_model_name"], model["embed_dim"]), "random weights"
    if WEIGHTS.exists():
        from safetensors.torch import load_file

        own = {key.removeprefix("visual."): value for key, value in load_file(WEIGHTS).items()}
        visual.load_state_dict({key: own[key] for key in visual.state_dict()})
        whose = "the starter's weights"
    size = (model["vision_cfg"]["image_size"],) * 2
    loaded = LoadedModel(
        SimpleNamespace(visual=visual), None, size, pictures["mean"], pictures["std"], Look.of_folder(STARTER)
    )
    return UnitImageTower(loaded).eval(), size, whose


def embed(on_device: UnitImageTower, pixels: torch.Tensor, precision: torch.dtype) -> torch.Tensor:
    """(N, H, W, 3) uint8 on the tower's device -> (N, D) float32 there."""
    is_lower = precision != torch.float32
    with torch.inference_mode(), torch.autocast(pixels.device.type, precision, enabled=is_lower):
        return on_device(pixels).float()


def pictures_a_second(on_device: UnitImageTower, pixels: torch.Tensor, precision: torch.dtype, seconds: float) -> float:
    """Of batches one after another, after two that warm up."""
    for _ in range(2):
        embed(on_device, pixels, precision)
    _wait(pixels.device)
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        embed(on_device, pixels, precision)
        _wait(pixels.device)
        done += len(pixels)
    return done / (time.perf_counter() - started)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> int:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64, 256, 1024])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rehearse", action="store_true")
    given = parser.parse_args()
    if not (given.rehearse or torch.cuda.is_available()):
        print("benchmarks/gpu_towers.py needs an NVIDIA card, which torch sees none of here", file=sys.stderr)
        return 3
    device = torch.device("cpu" if given.rehearse else "cuda")
    here, size, whose = tower()
    sample = torch.from_numpy(sample_pixels(size, _COMPARED))
    wanted = embed(here, sample, torch.float32).numpy()
    on_device = here.to(device).to(memory_format=torch.channels_last)
    name = "a rehearsal on the processor" if given.rehearse else torch.cuda.get_device_name(0)
    print(f"{name}; torch {torch.__version__}, timm {timm.__version__}; {whose}; pictures a second\n")
    print(f"| precision | least cosine | {' | '.join(f'batch {batch}' for batch in given.batches)} |")
    print("|---|---|" + "---|" * len(given.batches), flush=True)
    cosines = {}
    for label, precision in PRECISIONS.items():
        vectors = embed(on_device, sample.to(device), precision).cpu().numpy()
        cosines[precision] = float((vectors * wanted).sum(axis=1).min())
        print(f"| {label} | {cosines[precision]:.5f} |", end="", flush=True)
        for batch in given.batches:
            pixels = torch.from_numpy(np.resize(sample.numpy(), (batch, *sample.shape[1:]))).to(device)
            print(f" {pictures_a_second(on_device, pixels, precision, given.seconds):.0f} |", end="", flush=True)
        print(flush=True)
    return 0 if cosines[torch.float16] >= AGREEMENT else 1


if __name__ == "__main__":
    with recorded(__file__):
        sys.exit(main())
