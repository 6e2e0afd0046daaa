"""Convolutions that pad by the picture's size are exported as one operation each, and give the same numbers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers.conv2d_same import Conv2dSame
from torch import nn

from framescout.embedding import same_padding
from framescout.embedding.text_tower import IMAGE_GRAPH

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
_SIDES = st.tuples(st.integers(1, 3), st.integers(1, 3))


def written(module: nn.Module, x: torch.Tensor) -> onnx.ModelProto:
    graph = io.BytesIO()
    with same_padding.fixed(module):
        torch.onnx.export(module, (x,), graph, input_names=["x"], dynamic_axes={"x": {0: "n"}}, dynamo=False)
    return onnx.load_from_string(graph.getvalue())


def operations(graph: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in graph.graph.node]


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(5, 17), st.integers(5, 17)),
    kernel=_SIDES,
    stride=_SIDES,
    dilation=st.integers(1, 2),
    grouped=st.booleans(),
    bias=st.booleans(),
)
def test_it_is_one_operation_and_gives_what_timm_gives(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], dilation: int, grouped: bool, bias: bool
) -> None:
    torch.manual_seed(0)
    module = Conv2dSame(4, 8, kernel, stride, dilation=dilation, groups=4 if grouped else 1, bias=bias).eval()
    pictures = torch.rand(3, 4, *size)
    graph = written(module, pictures[:2])
    assert operations(graph) == ["Conv"]
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        wanted = module(pictures).numpy()  # by its own way again
    np.testing.assert_allclose(session.run(None, {"x": pictures.numpy()})[0], wanted, atol=1e-5)


def test_a_tower_is_left_as_it_was() -> None:
    module = nn.Sequential(Conv2dSame(3, 4, 3, 2), nn.BatchNorm2d(4)).eval()
    written(module, torch.rand(2, 3, 8, 8))
    with torch.inference_mode():
        assert module(torch.rand(1, 3, 9, 12)).shape == (1, 4, 5, 6)  # sizes that the trace didn't hold fast


def test_the_starter_is_exported_without_a_padding_of_its_own(towers: Path) -> None:
    (path,) = towers.glob(f"towers-*/{IMAGE_GRAPH}")
    found = operations(onnx.load(path))
    assert "Conv" in found
    assert "Pad" not in found
