"""Windows of a picture: where they lie, what a tower makes of them, and what a model's folder may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.nn.functional import interpolate, normalize

from framescout.embedding import fingerprint, load_embedder
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import load
from framescout.embedding.look import LOOK, WINDOWS, pixels_of
from framescout.embedding.onnx_export import image_graph
from framescout.embedding.presets import resolve
from framescout.errors import ModelNotAvailableError
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, TINY_VIT, make_model


def that_looks(name: str, look: Any) -> str:
    """The model with a file that says how to look at pictures."""
    Path(name.removeprefix("local-dir:"), LOOK).write_text(json.dumps(look))
    return name


def smooth_pixels(count: int) -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (count, 5, 5, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize((64, 64), Image.Resampling.BICUBIC)) for each in coarse])


@given(width=st.integers(1, 600), height=st.integers(1, 600))
def test_windows_lie_inside_and_cover_the_picture(width: int, height: int) -> None:
    seen = np.zeros((height, width), bool)
    for window in WINDOWS:
        left, top, right, bottom = pixels_of(window, width, height)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        seen[top:bottom, left:right] = True
    assert seen.all()


@pytest.mark.parametrize("closely", [False, True], ids=["one pass", "passes of their own"])
def test_the_vector_is_the_whole_and_the_weighed_mean_of_the_windows(tmp_path: Path, closely: bool) -> None:
    name = that_looks(make_model(tmp_path / "model", TINY_CONVOLUTIONS), {"windows": 0.5, "crops": 32})
    pixels, loaded = smooth_pixels(3), load(resolve(name))
    visual, rows = loaded.model.visual, []
    with torch.inference_mode():
        for picture in torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255:
            shown = (picture[None] - torch.tensor(loaded.mean).view(1, 3, 1, 1)) / torch.tensor(loaded.std).view(
                1, 3, 1, 1
            )
            parts, seen = [], visual.trunk.forward_features(shown)
            for window in WINDOWS:
                of = shown if closely else seen
                left, top, right, bottom = pixels_of(window, of.shape[3], of.shape[2])
                part = of[:, :, top:bottom, left:right]
                part = visual.trunk(interpolate(part, (32, 32), mode="bilinear")) if closely else part.mean((2, 3))
                parts.append(normalize(visual.head(part), dim=-1))
            mean = normalize(torch.stack(parts).mean(0), dim=-1)
            rows.append(normalize(normalize(visual(shown), dim=-1) + 0.5 * mean, dim=-1)[0].numpy())
    graph = image_graph(loaded, closely=closely)
    assert graph is not None
    assert agreement(OnnxImageTower(graph, (64, 64)).encode_pixels(pixels), rows) > 0.99999
    cache = tmp_path / "cache"
    for _ in range(2):  # the second one, of one pass, comes from exported towers; perhaps in bfloat16
        assert agreement(load_embedder(name, cache=cache, closely=closely).encode_pixels(pixels), rows) > 0.999
    other = image_graph(loaded, closely=not closely)
    assert other is not None
    assert agreement(OnnxImageTower(other, (64, 64)).encode_pixels(pixels), rows) < 0.99999


def agreement(got: np.ndarray, wanted: list[np.ndarray]) -> float:
    """The least cosine of two vectors of one picture."""
    return float((got * np.stack(wanted)).sum(axis=1).min())


@pytest.mark.parametrize("size", [(1, 1), (16_000, 40), (40, 16_000), (300, 900), (7, 5)])
@pytest.mark.parametrize("closely", [False, True])
def test_pictures_of_any_shape_have_a_vector(tmp_path: Path, size: tuple[int, int], closely: bool) -> None:
    name = that_looks(make_model(tmp_path / "model", TINY_CONVOLUTIONS), {"windows": 0.5, "crops": 32})
    (row,) = load_embedder(name, closely=closely).encode_images([Image.new("RGB", size, "red")])
    assert np.linalg.norm(row) == pytest.approx(1.0, abs=1e-5)


def test_the_look_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    name = make_model(tmp_path / "model", TINY_CONVOLUTIONS)
    plain = fingerprint(name)
    half = fingerprint(that_looks(name, {"windows": 0.5}))
    assert len({plain, half, fingerprint(that_looks(name, {"windows": 0.4}))}) == 3


@pytest.mark.parametrize(
    "look",
    [[], 3, {"windows": "half"}, {"windows": 2}, {"windows": True}, {"crops": 160}, {"windows": 0.5, "crops": 8},
     {"windows": 0.5, "crops": 33.5}, {"widows": 0.5}],
    ids=str,
)  # fmt: skip
def test_what_is_no_look_is_said(tmp_path: Path, look: Any) -> None:
    name = that_looks(make_model(tmp_path / "model", TINY_CONVOLUTIONS), look)
    with pytest.raises(ModelNotAvailableError, match="does not say how to look at pictures"):
        load_embedder(name)


def test_windows_need_a_tower_of_convolutions(tmp_path: Path) -> None:
    name = that_looks(make_model(tmp_path / "model", TINY_VIT), {"windows": 0.5})
    with pytest.raises(ModelNotAvailableError, match="asks for windows"):
        load_embedder(name)
