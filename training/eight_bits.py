"""Measures in which ranges the starter's convolutions may be rounded to 8 bits, and writes eight_bits.json.

    .venv/bin/python -m training.eight_bits ../shared/photos [--pictures 64] [--tried 40]

The range of what goes into a convolution is that of all but 1 in 10,000 values, over `--pictures` photographs. A
convolution is left out, and stays in float32, where its rounded weights alone change the vectors of `--tried` other
photographs by more than _MOST (mean of 1 - cosine).
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from framescout.embedding import runtimes
from framescout.embedding.eight_bits import EIGHT_BITS
from framescout.embedding.image_tower import squash
from framescout.embedding.packed import unpack
from framescout.embedding.presets import resolve
from framescout.embedding.text_tower import IMAGE_GRAPH, Facts

_MOST = 6e-5
_TAIL = 0.01  # percent of the values, at each end
_EACH = 17  # of the values are looked at
_AT_ONCE = 4
_INPUT = "pixels"


def main() -> None:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--tried", type=int, default=40)
    given = parser.parse_args()
    model = resolve("starter").folder
    assert model
    with tempfile.TemporaryDirectory() as temporary:
        unpack(model, Path(temporary) / "towers")
        graph = onnx.load(Path(temporary) / "towers" / IMAGE_GRAPH)
        size = Facts.read(Path(temporary) / "towers").image_size
    paths = sorted(given.photographs.glob("*.jpg"))
    random.Random(1).shuffle(paths)
    found = ranges(graph, paths[: given.pictures], size)
    tried = pixels_of(paths[given.pictures :][: given.tried], size)
    wanted = vectors(graph, tried)
    kept = {name: found[name] for name in found if 1 - _cosine(wanted, vectors(rounded(graph, name), tried)) <= _MOST}
    lines = ",\n".join(f" {json.dumps(name)}: [{low:.5g}, {high:.5g}]" for name, (low, high) in sorted(kept.items()))
    (model / EIGHT_BITS).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(kept)} of {len(found)} convolutions")


def pixels_of(paths: Sequence[Path], size: tuple[int, int]) -> np.ndarray:
    """(N, H, W, 3) uint8."""
    return squash([Image.open(path) for path in paths], size)


def ranges(graph: onnx.ModelProto, paths: Sequence[Path], size: tuple[int, int]) -> dict[str, tuple[float, float]]:
    """Of what goes into each convolution."""
    convolutions = _convolutions(graph)
    names = sorted({node.input[0] for node in convolutions})
    shown = onnx.ModelProto()
    shown.CopyFrom(graph)
    shown.graph.output.extend([helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names])
    session = _session(shown)
    lows, highs = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for start in range(0, len(paths), _AT_ONCE):
        values = session.run(names, {_INPUT: pixels_of(paths[start : start + _AT_ONCE], size)})
        for name, value in zip(names, values, strict=True):
            low, high = np.percentile(value.ravel()[::_EACH], [_TAIL, 100 - _TAIL])
            lows[name], highs[name] = min(lows[name], float(low)), max(highs[name], float(high))
    return {node.name: (lows[node.input[0]], highs[node.input[0]]) for node in convolutions}


def rounded(graph: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """The graph with the weights of this convolution rounded."""
    changed = onnx.ModelProto()
    changed.CopyFrom(graph)
    (node,) = (node for node in _convolutions(changed) if node.name == name)
    (tensor,) = (tensor for tensor in changed.graph.initializer if tensor.name == node.input[1])
    weights = numpy_helper.to_array(tensor)
    step = np.abs(weights).max(axis=(1, 2, 3), keepdims=True) / 127
    step[step == 0] = 1
    tensor.CopyFrom(numpy_helper.from_array((np.round(weights / step) * step).astype(np.float32), tensor.name))
    return changed


def vectors(graph: onnx.ModelProto, pixels: np.ndarray) -> np.ndarray:
    """(N, D) float32 unit rows."""
    session = _session(graph)
    parts = [session.run(None, {_INPUT: pixels[at : at + _AT_ONCE]})[0] for at in range(0, len(pixels), _AT_ONCE)]
    return np.concatenate(parts)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum(axis=1).mean())


def _convolutions(graph: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for node in graph.graph.node if node.op_type == "Conv"]


def _session(graph: onnx.ModelProto) -> Any:
    return runtimes.onnxruntime().InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main()
