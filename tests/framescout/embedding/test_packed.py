"""The starter's towers put together without torch are those that torch exports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framescout.embedding import fingerprint, load_embedder, load_text_tower
from framescout.embedding.agreement import sample_pixels
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.loading import load
from framescout.embedding.onnx_export import SENTENCES, export_towers, image_graph
from framescout.embedding.packed import LITERALS, PACKED, close_image_graph, is_packed, unpack
from framescout.embedding.presets import resolve
from framescout.embedding.text_tower import FACTS, IMAGE_GRAPH, TextTower
from framescout.errors import ModelNotAvailableError

STARTER = resolve("starter").folder


def abandoned(folder: Path) -> Path:
    """What a kill left two days ago."""
    left = folder / "unfinished-left"
    (left / "towers").mkdir(parents=True)
    os.utime(left, (time.time() - 48 * 3600,) * 2)
    return left


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed") / "towers"
    left = abandoned(folder.parent)
    assert STARTER
    unpack(STARTER, folder)
    assert not left.exists()
    return folder


@pytest.mark.slow
def test_they_are_what_torch_exports(unpacked: Path, tmp_path: Path) -> None:
    assert STARTER
    loaded = load(resolve("starter"))
    left = abandoned(tmp_path)
    export_towers(loaded, fingerprint("starter"), tmp_path / "exported")
    assert not left.exists()
    ours, wanted = (TextTower(folder) for folder in (unpacked, tmp_path / "exported"))
    assert np.array_equal(ours.tokenise(SENTENCES), wanted.tokenise(SENTENCES))
    assert np.abs(ours.encode_texts(SENTENCES) - wanted.encode_texts(SENTENCES)).max() < 1e-6
    pixels = sample_pixels(loaded.image_size, 4)
    close = image_graph(loaded, closely=True)
    assert close
    pairs = [(unpacked / IMAGE_GRAPH, tmp_path / "exported" / IMAGE_GRAPH), (close_image_graph(STARTER), close)]
    for graph, theirs in pairs:
        made, by_torch = (OnnxImageTower(each, loaded.image_size).encode_pixels(pixels) for each in (graph, theirs))
        assert np.abs(made - by_torch).max() < 1e-5
    assert {path.name for path in unpacked.iterdir()} == {path.name for path in (tmp_path / "exported").iterdir()}
    facts = [json.loads((folder / FACTS).read_text()) for folder in (unpacked, tmp_path / "exported")]
    assert facts[0] == facts[1]


def test_torch_is_never_imported_for_the_starter(tmp_path: Path) -> None:
    code = """
import sys, pathlib
from framescout.embedding import load_embedder
for closely in (False, True):
    load_embedder("starter", cache=pathlib.Path(sys.argv[1]), closely=closely).encode_texts(["a dog"])
assert "torch" not in sys.modules and "open_clip" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_damaged_towers_are_put_together_again(unpacked: Path, tmp_path: Path) -> None:
    folder = tmp_path / f"towers-{fingerprint('starter')[:16]}"
    shutil.copytree(unpacked, folder)
    graph = (folder / IMAGE_GRAPH).read_bytes()
    (folder / IMAGE_GRAPH).write_bytes(bytes([graph[0] ^ 1]) + graph[1:])
    load_embedder("starter", cache=tmp_path)
    assert (folder / IMAGE_GRAPH).read_bytes() == graph
    shutil.rmtree(folder)
    assert load_text_tower("starter", fingerprint("starter"), tmp_path).encode_texts(["a dog"]).shape == (1, 385)


def test_a_recipe_that_is_not_of_these_weights_is_refused(tmp_path: Path) -> None:
    assert STARTER
    shutil.copytree(STARTER, tmp_path / "model")
    assert is_packed(tmp_path / "model", fingerprint("starter"))
    assert not is_packed(tmp_path / "model", "other")
    assert not is_packed(tmp_path, "other")
    literals = tmp_path / "model" / PACKED / LITERALS
    literals.write_bytes(b"\0" + literals.read_bytes()[1:])
    with pytest.raises(ModelNotAvailableError, match="is damaged; install framescout again"):
        unpack(tmp_path / "model", tmp_path / "towers")
    assert not (tmp_path / "towers").exists()
