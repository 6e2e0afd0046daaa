"""Embeds pictures and sentences with OpenVINO in bfloat16 or 8 bits, on processors that multiply these natively.

It takes two thirds of the time for pictures (benchmarks/image_towers.py) and for sentences (benchmarks/text_towers.py).
Most of what bfloat16 loses of a picture, it loses in the first three convolutions, where a rounded value spreads over
the whole picture; they stay in float32.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from framescout.embedding import runtimes
from framescout.embedding.eight_bits import Ranges, round_to_eight_bits
from framescout.processors import usable_processors

_EXACT_CONVOLUTIONS = 3


_A_THREAD = 2  # pictures of a batch


class OpenVinoImageTower:
    """An image tower as `onnx_export` wrote it, for the most part in bfloat16, or in 8 bits within ranges.

    All threads share each picture: two that embed pictures of their own take up to twice the processor time.
    """

    def __init__(self, graph: Path | bytes, image_size: tuple[int, int], ranges: Ranges | None = None) -> None:
        """`image_size`: (width, height) in pixels. RuntimeError where OpenVINO can't read the graph."""
        openvino = runtimes.openvino()
        self.image_size = image_size
        threads = usable_processors()
        self.good_batch = _A_THREAD * threads
        self._mine = threading.local()  # requests of one thread each
        core = openvino.Core()
        model = core.read_model(graph if isinstance(graph, bytes) else str(graph))
        options = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        self._steps = [
            core.compile_model(part, "CPU", {**options, "INFERENCE_PRECISION_HINT": precision})
            for part, precision in (_in_eight_bits(openvino, model, ranges) if ranges else _parts(openvino, model))
        ]

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB of `image_size`, N > 0 -> (N, D) float32, rows of unit length."""
        if not hasattr(self._mine, "requests"):
            self._mine.requests = [step.create_infer_request() for step in self._steps]
        tensor: Any = runtimes.openvino().Tensor(np.ascontiguousarray(pixels))
        for request in self._mine.requests:
            request.set_input_tensor(tensor)
            request.infer()
            tensor = request.get_output_tensor()
        vectors: np.ndarray = tensor.data.copy()  # the request writes there again
        return vectors


class OpenVinoTextGraph:
    """The graph of a text tower as `onnx_export` wrote it, in bfloat16; threads may share it."""

    def __init__(self, graph: Path) -> None:
        """RuntimeError where OpenVINO can't read the graph."""
        options = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
        precision = {"INFERENCE_PRECISION_HINT": "bf16"}
        self._compiled = runtimes.openvino().Core().compile_model(str(graph), "CPU", {**options, **precision})
        self._mine = threading.local()  # a request of one thread each

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """(N, L) int64 token ids -> (N, D) float32, rows of unit length."""
        if not hasattr(self._mine, "request"):
            self._mine.request = self._compiled.create_infer_request()
        request = self._mine.request
        request.set_input_tensor(runtimes.openvino().Tensor(ids))
        request.infer()
        vectors: np.ndarray = request.get_output_tensor().data.copy()  # the request writes there again
        return vectors


def _in_eight_bits(openvino: Any, model: Any, ranges: Ranges) -> list[tuple[Any, str]]:
    round_to_eight_bits(openvino, model, ranges)
    return [(model, "f32")]


def _parts(openvino: Any, model: Any) -> list[tuple[Any, str]]:
    """The tower's first convolutions and all that follows, each with its precision; one part where none can be cut."""
    convolutions = [node for node in model.get_ordered_ops() if "Convolution" in node.get_type_name()]
    if len(convolutions) <= _EXACT_CONVOLUTIONS:
        return [(model, "f32")]
    cut = _with_bias(convolutions[_EXACT_CONVOLUTIONS - 1]).output(0)
    followers = list(cut.get_target_inputs())
    first = openvino.Model([cut], model.get_parameters(), "first")
    border = openvino.opset13.parameter(cut.get_partial_shape(), cut.get_element_type())
    for follower in followers:
        follower.replace_source_output(border.output(0))
    try:
        return [(first, "f32"), (openvino.Model(model.get_results(), [border], "rest"), "bf16")]
    except RuntimeError:  # something goes around the cut
        for follower in followers:
            follower.replace_source_output(cut)
        return [(model, "bf16")]


def _with_bias(convolution: Any) -> Any:
    (only, *others) = convolution.output(0).get_target_inputs()
    return only.get_node() if not others and only.get_node().get_type_name() == "Add" else convolution
