"""Pictures and sentences embedded in bfloat16 by OpenVINO: nearly the same vectors, and only where they are."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from framescout.embedding import Embedder, TextTower, agreement, fingerprint, load_embedder, load_text_tower, opening
from framescout.embedding.agreement import agrees_in_bf16, sample_pixels
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import load
from framescout.embedding.onnx_export import image_graph
from framescout.embedding.openvino_tower import OpenVinoImageTower, OpenVinoTextGraph
from framescout.embedding.presets import resolve
from framescout.embedding.text_tower import FACTS
from framescout.processors import CPU_FACTS
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, make_model

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or " avx512f " not in CPU_FACTS.read_text(encoding="utf-8", errors="replace"),
    reason="OpenVINO is used on Linux alone, and on processors with bfloat16, which have AVX-512",
)
SIZE = (64, 64)


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("models") / "model", TINY_CONVOLUTIONS)


@pytest.fixture
def with_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this processor is: OpenVINO computes in float32 where it has no bfloat16."""
    monkeypatch.setattr(agreement, "multiplies_bf16", lambda: True)
    monkeypatch.setattr(opening, "multiplies_bf16", lambda: True)


def images_of(embedder: Embedder) -> object:
    return embedder._images


def test_the_starter_gives_nearly_the_same_vectors_whatever_the_batch() -> None:
    loaded = load(resolve("starter"))
    graph = image_graph(loaded)
    assert graph
    pixels = sample_pixels(loaded.image_size, 5)
    tower = OpenVinoImageTower(graph, loaded.image_size)
    got, wanted = tower.encode_pixels(pixels), OnnxImageTower(graph, loaded.image_size).encode_pixels(pixels)
    assert got.dtype == np.float32
    assert float((got * wanted).sum(axis=1).min()) >= 0.999
    assert np.array_equal(got, np.concatenate([tower.encode_pixels(row[None]) for row in pixels]))


@pytest.mark.usefixtures("with_bf16")
def test_it_is_used_where_the_processor_has_bf16_and_the_export_found_it_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):  # exported, then read
        assert isinstance(images_of(load_embedder(name, cache=tmp_path)), OpenVinoImageTower)
    assert isinstance(images_of(load_embedder(name)), OpenVinoImageTower)
    monkeypatch.setattr(opening, "multiplies_bf16", lambda: False)  # the catalog has moved
    assert isinstance(images_of(load_embedder(name, cache=tmp_path)), OnnxImageTower)


def test_towers_of_a_processor_without_bf16_stay_in_float32(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "multiplies_bf16", lambda: False)
    load_embedder(name, cache=tmp_path)
    monkeypatch.setattr(opening, "multiplies_bf16", lambda: True)
    assert isinstance(images_of(load_embedder(name, cache=tmp_path)), OnnxImageTower)


@pytest.mark.usefixtures("with_bf16")
def test_a_tower_that_sees_other_things_in_bf16_stays_in_float32(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = OpenVinoImageTower.encode_pixels
    monkeypatch.setattr(OpenVinoImageTower, "encode_pixels", lambda tower, pixels: really(tower, 255 - pixels))
    assert isinstance(images_of(load_embedder(name, cache=tmp_path)), OnnxImageTower)
    (facts,) = tmp_path.glob(f"*/{FACTS}")
    assert json.loads(facts.read_text())["is_same_in_bf16"] is False


class Around(nn.Module):  # type: ignore[misc]
    """A tower in which the pixels go around the first convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*[nn.Conv2d(3, 3, 3, padding=1) for _ in range(5)])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        pictures = pixels.permute(0, 3, 1, 2).float() / 255
        return nn.functional.normalize((pictures + self.convolutions(pictures)).flatten(2).mean(dim=2), dim=-1)


class Short(nn.Module):  # type: ignore[misc]
    """A tower of one convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 3)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        pictures = pixels.permute(0, 3, 1, 2).float() / 255
        return nn.functional.normalize(self.convolution(pictures).flatten(2).mean(dim=2), dim=-1)


@pytest.mark.parametrize("kind", [Around, Short])
def test_towers_that_cannot_be_cut_are_one_step(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    module, pixels, written = kind().eval(), sample_pixels(SIZE, 3), io.BytesIO()
    with torch.no_grad():
        wanted = module(torch.from_numpy(pixels)).numpy()
        torch.onnx.export(
            module,
            (torch.from_numpy(pixels),),
            written,
            input_names=["pixels"],
            dynamic_axes={"pixels": {0: "n"}},
            dynamo=False,
        )
    tower = OpenVinoImageTower(written.getvalue(), SIZE)
    assert len(tower._steps) == 1
    assert float((tower.encode_pixels(pixels) * wanted).sum(axis=1).min()) >= 0.999


@pytest.mark.usefixtures("with_bf16")
def test_agreement_is_asked_of_the_real_tower(name: str) -> None:
    loaded = load(resolve(name))
    graph = image_graph(loaded)
    assert graph
    assert agrees_in_bf16(graph, loaded.image_size)


def test_no_runtime_writes_anything_about_the_user(name: str, tmp_path: Path) -> None:
    """Imported plainly, both put an identifier and a log of events into the home folder."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from framescout.embedding import agreement, fingerprint, load_embedder, load_text_tower\n"
        "import framescout.embedding.opening as opening\n"
        "agreement.multiplies_bf16 = opening.multiplies_bf16 = lambda: True\n"
        "tower = load_embedder(sys.argv[1])._images\n"
        "assert type(tower).__name__ == 'OpenVinoImageTower'\n"
        "load_text_tower('starter', fingerprint('starter'), Path(sys.argv[2])).encode_texts(['a dog'])\n"
        "assert not [name for name in sys.modules if name.startswith('openvino_telemetry.')]\n"
    )
    home, unwanted = tmp_path / "home", {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    home.mkdir()
    environment = {key: value for key, value in os.environ.items() if key not in unwanted} | {"HOME": str(home)}
    command = [sys.executable, "-c", program, name, str(tmp_path / "cache")]
    subprocess.run(command, check=True, env=environment, timeout=300)
    assert not (home / "intel").exists()
    assert not [path for path in home.rglob("*") if "microsoft" in str(path).lower()]


def text_tower(cache: Path, *, stays: bool) -> TextTower:
    return load_text_tower("starter", fingerprint("starter"), cache, stays=stays)


@pytest.mark.usefixtures("with_bf16")
def test_a_server_encodes_sentences_nearly_as_a_command_does_whoever_asks_beside(tmp_path: Path) -> None:
    plain, quick = (text_tower(tmp_path, stays=stays) for stays in (False, True))
    assert isinstance(quick.compute, OpenVinoTextGraph)
    assert not isinstance(plain.compute, OpenVinoTextGraph)
    texts = ["a red umbrella", "", "two people near a fence at night, in the rain", "an old car", "x " * 200]
    got = quick.encode_texts(texts[:4])
    assert got.dtype == np.float32
    assert float((got * plain.encode_texts(texts[:4])).sum(axis=1).min()) >= agreement.AGREEMENT
    assert float((quick.encode_texts(texts) * plain.encode_texts(texts)).sum(axis=1).min()) >= agreement.AGREEMENT
    with ThreadPoolExecutor(4) as threads:
        alone = np.concatenate([*threads.map(lambda text: quick.encode_texts([text]), texts[:4] * 5)])
    assert float((alone.reshape(5, 4, -1) * got).sum(axis=2).min()) >= agreement.AGREEMENT


@pytest.mark.usefixtures("with_bf16")
def test_sentences_stay_in_float32_where_bf16_changes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = OpenVinoTextGraph.__call__
    monkeypatch.setattr(OpenVinoTextGraph, "__call__", lambda graph, ids: -really(graph, ids))
    assert not isinstance(text_tower(tmp_path, stays=True).compute, OpenVinoTextGraph)


@pytest.mark.usefixtures("with_bf16")
def test_a_graph_that_openvino_cannot_read_is_left_to_onnxruntime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "TEXT_GRAPH", "missing.onnx")
    assert len(text_tower(tmp_path, stays=True).encode_texts(["a dog"])) == 1
