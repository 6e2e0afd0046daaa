"""What a picture costs in the image tower: the starter model in several forms against ViT-B/32 in bf16, in one run.

    python benchmarks/image_towers.py [--model starter] [--pictures 64] [--rounds 7]

Forms take turns within a round, so that whatever else the machine does meets all of them; figures are medians over
rounds. `wall` and `processor` are milliseconds a picture, `ratio` is to ViT-B/32 in bf16, `cosine` the least agreement
with the plain float32 tower. ViT-B/32 has random weights: its speed doesn't depend on them.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import numpy as np
import open_clip
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import LoadedModel, load
from framescout.embedding.onnx_export import image_graph
from framescout.embedding.presets import resolve
from framescout.embedding.torch_towers import UnitImageTower

Encode = Callable[[np.ndarray], np.ndarray]
BATCH = 16


def vit_b_32() -> LoadedModel:
    model = open_clip.create_model("ViT-B-32").eval().requires_grad_(False)
    return LoadedModel(model, None, (224, 224), (0.48, 0.46, 0.41), (0.27, 0.26, 0.28))


def in_torch(loaded: LoadedModel, dtype: torch.dtype, *, folded: bool = False) -> Encode:
    visual = copy.deepcopy(loaded.model.visual)
    if folded:
        fold_batch_norms(visual)
    tower = UnitImageTower(loaded, visual.to(dtype)).eval().to(memory_format=torch.channels_last)
    tower.dtype = dtype

    def encode(pixels: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.concatenate(
                [tower(torch.from_numpy(pixels[i : i + BATCH])).numpy() for i in range(0, len(pixels), BATCH)]
            )

    return encode


def fold_batch_norms(module: nn.Module) -> None:
    """Each batch norm into the convolution before it, as timm's EfficientNets are laid out."""
    before = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
            fused = fuse_conv_bn_eval(before, child)
            before.weight, before.bias = fused.weight, fused.bias
            setattr(module, name, getattr(child, "act", nn.Identity()))
        else:
            fold_batch_norms(child)
        before = child


def main() -> None:
    parser = argparse.ArgumentParser(description="Time image towers side by side.")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    own, vit = load(resolve(arguments.model)), vit_b_32()
    forms: dict[str, tuple[LoadedModel, Encode]] = {
        "ViT-B/32, torch bf16": (vit, in_torch(vit, torch.bfloat16)),
        "ViT-B/32, torch fp32": (vit, in_torch(vit, torch.float32)),
        f"{arguments.model}, torch fp32": (own, in_torch(own, torch.float32)),
        f"{arguments.model}, torch fp32 folded": (own, in_torch(own, torch.float32, folded=True)),
        f"{arguments.model}, torch bf16 folded": (own, in_torch(own, torch.bfloat16, folded=True)),
    }
    graph = image_graph(own)
    if graph:
        forms[f"{arguments.model}, onnxruntime"] = (own, OnnxImageTower(graph, own.image_size).encode_pixels)
    report(forms, arguments.pictures, arguments.rounds)


def report(forms: dict[str, tuple[LoadedModel, Encode]], count: int, rounds: int) -> None:
    wall: dict[str, list[float]] = {name: [] for name in forms}
    busy: dict[str, list[float]] = {name: [] for name in forms}
    pixels = {name: smooth_pictures(count, loaded.image_size) for name, (loaded, _) in forms.items()}
    cosine = {}
    for name, (loaded, encode) in forms.items():
        plain = in_torch(loaded, torch.float32)(pixels[name][:BATCH])
        cosine[name] = float((plain * encode(pixels[name][:BATCH])).sum(axis=1).min())
    for _ in range(rounds):
        for name, (_, encode) in forms.items():
            start, start_busy = time.perf_counter(), time.process_time()
            encode(pixels[name])
            wall[name].append(1000 * (time.perf_counter() - start) / count)
            busy[name].append(1000 * (time.process_time() - start_busy) / count)
    base = next(iter(forms))
    print(f"{torch.get_num_threads()} threads, {count} pictures in batches of {BATCH}, {rounds} rounds\n")
    print("| tower | wall ms | ratio | processor ms | ratio | cosine |\n|---|---|---|---|---|---|")
    for name in forms:
        w, b = statistics.median(wall[name]), statistics.median(busy[name])
        w_ratio, b_ratio = w / statistics.median(wall[base]), b / statistics.median(busy[base])
        print(f"| {name} | {w:.1f} | {w_ratio:.2f} | {b:.1f} | {b_ratio:.2f} | {cosine[name]:.4f} |")


def smooth_pictures(count: int, size: tuple[int, int]) -> np.ndarray:
    """(count, H, W, 3) uint8, blurred noise."""
    torch.manual_seed(0)
    coarse = torch.rand(count, 3, 12, 12)
    smooth = nn.functional.interpolate(coarse, (size[1], size[0]), mode="bicubic").clamp(0, 1)
    pixels: np.ndarray = (255 * smooth).byte().permute(0, 2, 3, 1).contiguous().numpy()
    return pixels


if __name__ == "__main__":
    main()
