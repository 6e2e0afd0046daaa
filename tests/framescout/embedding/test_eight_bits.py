"""Image towers in 8 bits: nearly the same vectors, and only on processors that have nothing better."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from framescout.embedding import agreement, load_embedder, opening
from framescout.embedding.agreement import AGREEMENT_IN_INT8, sample_pixels
from framescout.embedding.eight_bits import around_zero, ranges_of
from framescout.embedding.openvino_tower import OpenVinoImageTower
from framescout.embedding.presets import resolve
from framescout.embedding.text_tower import FACTS
from framescout.processors import CPU_FACTS, multiplies_int8

SIZE = (32, 32)
needs_avx512 = pytest.mark.skipif(
    sys.platform != "linux" or " avx512f " not in CPU_FACTS.read_text(encoding="utf-8", errors="replace"),
    reason="OpenVINO computes on Linux alone, and exactly enough with AVX-512",
)
needs_vnni = pytest.mark.skipif(not multiplies_int8(), reason="before VNNI, sums of products of 8 bits are cut off")


@pytest.fixture
def with_vnni(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor with VNNI and without bfloat16."""
    for module in (agreement, opening):
        monkeypatch.setattr(module, "multiplies_bf16", lambda: False)
        monkeypatch.setattr(module, "multiplies_int8", lambda: True)


def precision_of(cache: Path) -> str:
    images = load_embedder("starter", cache=cache)._images
    if not isinstance(images, OpenVinoImageTower):
        return "float32"
    return "int8" if len(images._steps) == 1 else "bfloat16"


@given(st.floats(-1e4, 1e4), st.floats(0.001, 1e4))
def test_zero_is_a_step_of_a_range_that_is_as_wide(least: float, width: float) -> None:
    low, high = around_zero(least, least + width)
    step = (float(high) - float(low)) / 255
    assert step == pytest.approx((max(least + width, 0) - min(least, 0)) / 255, rel=1e-4)
    assert -float(low) / step == pytest.approx(round(-float(low) / step), abs=1e-3)
    assert low <= 0 <= high


@needs_vnni
@needs_avx512
@pytest.mark.usefixtures("with_vnni")
def test_the_starter_gives_nearly_the_same_vectors_whatever_the_batch(tmp_path: Path) -> None:
    embedder = load_embedder("starter", cache=tmp_path)
    assert precision_of(tmp_path) == "int8"
    pixels = sample_pixels(embedder.image_size, 5)
    got = embedder.encode_pixels(pixels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "multiplies_int8", lambda: False)
        assert precision_of(tmp_path) == "float32"
        wanted = load_embedder("starter", cache=tmp_path).encode_pixels(pixels)
    assert float((got * wanted).sum(axis=1).min()) >= AGREEMENT_IN_INT8
    assert not np.array_equal(got, wanted)
    alone = [embedder.encode_pixels(row[None]) for row in pixels]
    np.testing.assert_allclose(got, np.concatenate(alone), atol=1e-5)


@needs_avx512
def test_bfloat16_comes_first_where_it_is_native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (agreement, opening):
        monkeypatch.setattr(module, "multiplies_bf16", lambda: True)
        monkeypatch.setattr(module, "multiplies_int8", lambda: True)
    assert precision_of(tmp_path) == "bfloat16"
    (facts,) = tmp_path.glob(f"*/{FACTS}")
    assert json.loads(facts.read_text())["is_same_in_int8"] is False


@needs_avx512
@pytest.mark.usefixtures("with_vnni")
def test_a_tower_that_sees_other_things_in_8_bits_stays_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = OpenVinoImageTower.encode_pixels
    monkeypatch.setattr(OpenVinoImageTower, "encode_pixels", lambda tower, pixels: really(tower, 255 - pixels))
    assert precision_of(tmp_path) == "float32"
    (facts,) = tmp_path.glob(f"*/{FACTS}")
    assert json.loads(facts.read_text())["is_same_in_int8"] is False


def test_every_range_is_of_a_convolution_and_the_first_three_have_none() -> None:
    ranges = ranges_of(resolve("starter").folder)
    assert ranges
    assert len(ranges) >= 48
    assert all(least < greatest for least, greatest in ranges.values())
    first = ("/conv_stem/Conv", "/blocks/blocks.0/blocks.0.0/conv_dw/Conv", "/blocks/blocks.0/blocks.0.0/conv_pw/Conv")
    assert not set(first) & ranges.keys()


class Depthwise(nn.Module):  # type: ignore[misc]
    """Two convolutions, the second one depthwise, with a channel whose weights are 0."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.second.weight.data[3] = 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        pictures = pixels.permute(0, 3, 1, 2).float() / 255
        return nn.functional.normalize(self.second(self.first(pictures)).flatten(2).mean(dim=2), dim=-1)


@needs_avx512
def test_both_kinds_of_convolutions_are_rounded_and_an_unknown_one_is_refused() -> None:
    torch.manual_seed(0)
    module, pixels, written = Depthwise().eval(), sample_pixels(SIZE, 3), io.BytesIO()
    with torch.no_grad():
        wanted = module(torch.from_numpy(pixels)).numpy()
        torch.onnx.export(
            module, (torch.from_numpy(pixels),), written, input_names=["pixels"], dynamic_axes={"pixels": {0: "n"}},
            dynamo=False,
        )  # fmt: skip
    ranges = {"/first/Conv": (0.0, 1.0), "/second/Conv": (-2.0, 2.0)}
    got = OpenVinoImageTower(written.getvalue(), SIZE, ranges).encode_pixels(pixels)
    assert np.isfinite(got).all()
    assert float((got * wanted).sum(axis=1).min()) >= 0.99
    with pytest.raises(KeyError):
        OpenVinoImageTower(written.getvalue(), SIZE, {"/third/Conv": (0.0, 1.0)})
