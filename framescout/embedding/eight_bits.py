"""Rounds the convolutions of an image tower to 8 bits, for processors that multiply these natively, but not bfloat16.

Weights are rounded to 255 steps a channel, what goes in to 256 steps of a range that was measured on photographs
(training/eight_bits.py): symmetric and asymmetric quantization of Jacob et al. 2018 (CVPR). Convolutions that lose most
by it have no range, and stay in float32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

EIGHT_BITS = "packed/eight_bits.json"
"""In a model's folder, no part of its fingerprint: convolution -> [least, greatest] value that goes in."""
Ranges = Mapping[str, tuple[float, float]]
_STEPS = 255


def ranges_of(folder: Path | None) -> Ranges | None:
    """Those of the model in `folder`, where it brings any."""
    path = folder / EIGHT_BITS if folder else None
    if path is None or not path.is_file():
        return None
    return {name: (least, greatest) for name, (least, greatest) in json.loads(path.read_bytes()).items()}


def round_to_eight_bits(openvino: Any, model: Any, ranges: Ranges) -> None:
    """Change an OpenVINO model in place. Raises KeyError where it lacks one of the convolutions."""
    convolutions = {node.get_friendly_name(): node for node in model.get_ops() if "Convolution" in node.get_type_name()}
    rounded: dict[str, Any] = {}  # one value may go into several
    for name, (least, greatest) in ranges.items():
        node = _without_bias(convolutions, name)
        source = node.input_value(0)
        key = f"{source.get_node().get_friendly_name()}:{source.get_index()}"
        if key not in rounded:
            low, high = around_zero(least, greatest)
            rounded[key] = _steps(openvino, source, low, high, _STEPS + 1)
        node.input(0).replace_source_output(rounded[key])
        weights = node.input_value(1)
        greatest_of_each = _greatest_of_each_channel(node)
        node.input(1).replace_source_output(_steps(openvino, weights, -greatest_of_each, greatest_of_each, _STEPS))


def around_zero(least: float, greatest: float) -> tuple[Any, Any]:
    """The range in float32, moved so that 0 is one of its steps: what pads a picture stays 0."""
    low, high = min(least, 0.0), max(greatest, 0.0)
    step = (high - low) / _STEPS
    below = round(-low / step)
    return np.float32(-below * step), np.float32((_STEPS - below) * step)


def _without_bias(convolutions: Mapping[str, Any], name: str) -> Any:
    """OpenVINO gives the name to the sum with the bias."""
    return convolutions[name] if name in convolutions else convolutions[f"{name}/WithoutBiases"]


def _greatest_of_each_channel(node: Any) -> np.ndarray:
    """Of the weights of a convolution, in a shape that fits theirs; 1 for a channel of zeros."""
    constant = node.input_value(1).get_node()
    while constant.get_type_name() != "Constant":  # the weights of a depthwise one are reshaped
        constant = constant.input_value(0).get_node()
    weights = constant.get_data().reshape(list(node.input_value(1).get_shape()))
    kept = 2 if node.get_type_name() == "GroupConvolution" else 1
    greatest = np.abs(weights).max(axis=tuple(range(kept, weights.ndim)), keepdims=True).astype(np.float32)
    return np.where(greatest > 0, greatest, np.float32(1))


def _steps(openvino: Any, source: Any, low: np.ndarray, high: np.ndarray, levels: int) -> Any:
    constants = [openvino.opset13.constant(bound) for bound in (low, high, low, high)]
    return openvino.opset13.fake_quantize(source, *constants, levels).output(0)
