"""What a picture costs in the image tower: the starter model in several forms, in batches of several sizes, in one run.

    python benchmarks/image_towers.py [--model starter] [--pictures 64] [--rounds 3] [--batch 1 8 16 32 64]

Forms take turns within a round, so that whatever else the machine does meets all of them; figures are medians over
rounds, milliseconds a picture of wall-clock time (of processor), all cores. `cosine` is the least agreement with the
plain float32 tower. "as it is used" means few pictures at a time in each thread, whatever the batch; OpenVINO is used
on processors with bfloat16 or VNNI, onnxruntime on others. torch.compile is tried where it works. ViT-B/32 has random
weights: its speed doesn't depend on them.
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

from benchmarks.record import recorded
from framescout.embedding import runtimes
from framescout.embedding.eight_bits import ranges_of
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import LoadedModel, load
from framescout.embedding.onnx_export import image_graph
from framescout.embedding.openvino_tower import OpenVinoImageTower
from framescout.embedding.presets import resolve
from framescout.embedding.torch_towers import UnitImageTower

Encode = Callable[[np.ndarray], np.ndarray]


def vit_b_32() -> LoadedModel:
    model = open_clip.create_model("ViT-B-32").eval().requires_grad_(False)
    return LoadedModel(model, None, (224, 224), (0.48, 0.46, 0.41), (0.27, 0.26, 0.28))


def in_torch(
    loaded: LoadedModel,
    dtype: torch.dtype,
    *,
    folded: bool = False,
    layout: torch.memory_format = torch.channels_last,
    compiled: bool = False,
) -> Encode:
    visual = copy.deepcopy(loaded.model.visual)
    if folded:
        fold_batch_norms(visual)
    tower = UnitImageTower(loaded, visual.to(dtype)).eval().to(memory_format=layout)
    tower.dtype = dtype
    run = torch.compile(tower, dynamic=False) if compiled else tower  # free sizes: sympy never ends on them

    def encode(pixels: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            vectors: np.ndarray = run(torch.from_numpy(pixels)).numpy()
        return vectors

    return encode


def in_one_call(graph: bytes) -> Encode:
    """onnxruntime as it is by default: its threads share each picture."""
    session = runtimes.onnxruntime().InferenceSession(graph, providers=["CPUExecutionProvider"])

    def encode(pixels: np.ndarray) -> np.ndarray:
        vectors: np.ndarray = session.run(None, {"pixels": pixels})[0]
        return vectors

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


def forms_of(name: str) -> dict[str, tuple[LoadedModel, Encode]]:
    own, vit, plain = load(resolve(name)), vit_b_32(), torch.contiguous_format
    fp32, bf16 = torch.float32, torch.bfloat16
    forms: dict[str, tuple[LoadedModel, Encode]] = {
        f"{name}, torch fp32": (own, in_torch(own, fp32, layout=plain)),
        f"{name}, torch fp32, channels last": (own, in_torch(own, fp32)),
        f"{name}, the same, batch norms folded": (own, in_torch(own, fp32, folded=True)),
        f"{name}, the same, torch.compile": (own, in_torch(own, fp32, folded=True, compiled=True)),
        f"{name}, torch bf16, channels last, folded": (own, in_torch(own, bf16, folded=True)),
        "ViT-B/32, torch fp32": (vit, in_torch(vit, fp32)),
        "ViT-B/32, torch bf16": (vit, in_torch(vit, bf16)),
    }
    if graph := image_graph(own):
        forms[f"{name}, onnxruntime, one call"] = (own, in_one_call(graph))
        forms[f"{name}, onnxruntime, as it is used"] = (own, OnnxImageTower(graph, own.image_size).encode_pixels)
        forms[f"{name}, OpenVINO, bfloat16"] = (own, OpenVinoImageTower(graph, own.image_size).encode_pixels)
        if ranges := ranges_of(resolve(name).folder):
            in_int8 = OpenVinoImageTower(graph, own.image_size, ranges)
            forms[f"{name}, OpenVINO, 8 bits"] = (own, in_int8.encode_pixels)
    return forms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8, 16, 32, 64])
    arguments = parser.parse_args()
    forms = forms_of(arguments.model)
    cosines = {}
    for name, (loaded, encode) in list(forms.items()):
        pixels = smooth_pictures(2, loaded.image_size)
        try:
            cosines[name] = float((in_torch(loaded, torch.float32)(pixels) * encode(pixels)).sum(axis=1).min())
        except Exception as error:  # torch.compile has needs of its own
            print(f"{name} doesn't work here: {str(error).splitlines()[0]}")
            del forms[name]
    report(forms, cosines, arguments.batch, arguments.pictures, arguments.rounds)


def report(
    forms: dict[str, tuple[LoadedModel, Encode]], cosines: dict[str, float], sizes: list[int], count: int, rounds: int
) -> None:
    taken: dict[tuple[str, int], list[tuple[float, float]]] = {(name, size): [] for name in forms for size in sizes}
    for number in range(rounds + 1):
        for (name, size), rows in taken.items():
            loaded, encode = forms[name]
            cost = milliseconds(encode, smooth_pictures(size, loaded.image_size), max(1, count // size))
            if number:  # the first round warms
                rows.append(cost)
    print(f"{torch.get_num_threads()} threads, about {count} pictures a figure, {rounds} rounds\n")
    print(f"| tower | {' | '.join(f'batch of {size}' for size in sizes)} | cosine |")
    print("|---" * (len(sizes) + 2) + "|")
    for name in forms:
        medians = [[statistics.median(row[i] for row in taken[name, size]) for i in (0, 1)] for size in sizes]
        print(f"| {name} | {' | '.join(f'{w:.0f} ({b:.0f})' for w, b in medians)} | {cosines[name]:.4f} |", flush=True)


def milliseconds(encode: Encode, pixels: np.ndarray, times: int) -> tuple[float, float]:
    """A picture: wall-clock time and processor time."""
    start, start_busy = time.perf_counter(), time.process_time()
    for _ in range(times):
        encode(pixels)
    pictures = times * len(pixels)
    return 1000 * (time.perf_counter() - start) / pictures, 1000 * (time.process_time() - start_busy) / pictures


def smooth_pictures(count: int, size: tuple[int, int]) -> np.ndarray:
    """(count, H, W, 3) uint8, blurred noise."""
    torch.manual_seed(0)
    coarse = torch.rand(count, 3, 12, 12)
    smooth = nn.functional.interpolate(coarse, (size[1], size[0]), mode="bicubic").clamp(0, 1)
    pixels: np.ndarray = (255 * smooth).byte().permute(0, 2, 3, 1).contiguous().numpy()
    return pixels


if __name__ == "__main__":
    with recorded(__file__):
        main()
