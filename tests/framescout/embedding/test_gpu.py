"""Embedding on a GPU: that it is chosen and how it is asked. The GPU is a pretended one: the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from framescout.embedding import Embedder, load_embedder, machine, opening, torch_towers
from framescout.embedding.agreement import sample_pixels
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import load
from framescout.embedding.machine import Machine
from framescout.embedding.openvino_tower import OpenVinoImageTower
from framescout.embedding.presets import resolve
from framescout.embedding.torch_towers import TorchImageTower
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, make_model

GPU = Machine("a GPU", "fp16")


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("models") / "model", TINY_CONVOLUTIONS)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked of the pretended GPU, in order."""
    asked: list[Any] = []
    really = {"module": nn.Module.to, "tensor": torch.Tensor.to, "empty": torch.empty, "autocast": torch.autocast}

    def module_to(self: nn.Module, *given: Any, **options: Any) -> nn.Module:
        if given == (torch.device("cuda"),):
            asked.append("tower to GPU")
            return self
        moved: nn.Module = really["module"](self, *given, **options)
        return moved

    def tensor_to(self: torch.Tensor, *given: Any, **options: Any) -> torch.Tensor:
        if given == (torch.device("cuda"),):
            asked.append(("pixels to GPU", options))
            return self.clone()
        moved: torch.Tensor = really["tensor"](self, *given, **options)
        return moved

    def empty(*given: Any, pin_memory: bool = False, **options: Any) -> torch.Tensor:
        if pin_memory:
            asked.append("pinned")
        made: torch.Tensor = really["empty"](*given, **options)
        return made

    def autocast(device: str, dtype: torch.dtype) -> Any:
        asked.append(("autocast", device, dtype))
        return really["autocast"]("cpu", dtype)

    monkeypatch.setattr(nn.Module, "to", module_to)
    monkeypatch.setattr(torch.Tensor, "to", tensor_to)
    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(torch, "autocast", autocast)
    monkeypatch.setattr(torch_towers, "machine", lambda: GPU)
    return asked


def test_a_card_that_torch_sees_is_used_in_half_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "a GPU")
    assert machine.machine() == GPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert machine.machine().gpu is None


def test_on_a_card_pixels_are_pinned_copied_without_waiting_and_embedded_in_fp16(name: str, done: list[Any]) -> None:
    loaded = load(resolve(name))
    pixels = sample_pixels(loaded.image_size, 5)
    with torch.inference_mode():
        wanted = torch_towers.UnitImageTower(loaded).eval()(torch.from_numpy(pixels)).numpy()
    tower = TorchImageTower(loaded)
    tower.good_batch = 3
    got = tower.encode_pixels(pixels)
    assert got.dtype == np.float32
    assert float((got * wanted).sum(axis=1).min()) >= 0.999
    batch = [("pixels to GPU", {"non_blocking": True}), ("autocast", "cuda", torch.float16)]
    assert done == ["tower to GPU", "pinned", *batch, *batch]


def test_a_card_is_preferred_to_the_graph_that_lies_ready(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: list[Any]
) -> None:
    def images_of(embedder: Embedder) -> object:
        return embedder._images

    assert isinstance(images_of(load_embedder(name, cache=tmp_path)), OnnxImageTower | OpenVinoImageTower)
    monkeypatch.setattr(machine, "machine", lambda: GPU)
    monkeypatch.setattr(opening, "_has_gpu", lambda: True)
    assert isinstance(images_of(load_embedder(name, cache=tmp_path)), TorchImageTower)
    assert isinstance(images_of(load_embedder(name)), TorchImageTower)
    assert done.count("tower to GPU") == 2


def test_a_card_that_torch_cannot_use_leaves_it_to_the_processor(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "machine", lambda: Machine(None, "fp32"))
    monkeypatch.setattr(opening, "_has_gpu", lambda: True)
    for _ in range(2):
        assert isinstance(load_embedder(name, cache=tmp_path)._images, OnnxImageTower | OpenVinoImageTower)


def test_a_full_card_gets_smaller_batches_until_one_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(resolve(name))
    tower, room = TorchImageTower(loaded), 3
    pixels = sample_pixels(loaded.image_size, 9)
    wanted = tower.encode_pixels(pixels)
    really = tower._encode

    def encode(some: np.ndarray) -> np.ndarray:
        if len(some) > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return really(some)

    monkeypatch.setattr(tower, "_encode", encode)
    tower.good_batch = 8
    assert np.allclose(tower.encode_pixels(pixels), wanted, atol=1e-4)
    assert tower.good_batch == 2
    room = 0
    with pytest.raises(torch.OutOfMemoryError):
        tower.encode_pixels(pixels)
