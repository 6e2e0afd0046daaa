"""Reference vectors: the correction for hubs is what it says, comes with a model's folder, and fails softly."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from framescout.embedding import fingerprint, load_embedder, load_text_tower
from framescout.embedding.reference import NEAREST, REFERENCE, SHARE, against_hubs, checksum, with_hubness
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, TINY_VIT, make_model


def unit_rows(seed: int, count: int, dimensions: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sentences=st.integers(NEAREST, 60), dimensions=st.integers(4, 40))
def test_an_inner_product_is_the_cosine_less_a_share_of_the_hubness(seed: int, sentences: int, dimensions: int) -> None:
    reference = unit_rows(seed, sentences, dimensions)
    pictures, asked = unit_rows(seed + 2, 9, dimensions), unit_rows(seed + 3, 5, dimensions)
    stored, sent = with_hubness(pictures, reference), against_hubs(asked)
    assert np.linalg.norm(stored, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(sent, axis=1) == pytest.approx(1.0, abs=1e-5)
    for number, picture in enumerate(pictures):
        hubness = float(np.mean(sorted(float(picture @ each) for each in reference)[-NEAREST:]))
        shrunk = np.sqrt(1 - (hubness / 2) ** 2)
        wanted = (shrunk * (asked @ picture) - SHARE * hubness) / np.hypot(1.0, 2 * SHARE)
        assert sent @ stored[number] == pytest.approx(wanted, abs=1e-5)


def with_reference(name: str, *, weights: str | None = None, rows: np.ndarray | None = None) -> str:
    """The model with a file of reference vectors in its folder."""
    folder = Path(name.removeprefix("local-dir:"))
    rows = unit_rows(5, 40, 32) if rows is None else rows
    metadata = {"weights": weights or checksum(folder / "open_clip_model.safetensors")}
    pictures = unit_rows(6, 30, rows.shape[1])
    save_file(
        {"sentences": rows.astype(np.float16), "pictures": pictures.astype(np.float16)}, folder / REFERENCE, metadata
    )
    return name


@pytest.mark.parametrize("config", [TINY_VIT, TINY_CONVOLUTIONS], ids=["torch", "onnx"])
def test_a_model_with_reference_vectors_has_a_dimension_more(tmp_path: Path, config: dict) -> None:
    plain = make_model(tmp_path / "plain", config)
    shutil.copytree(tmp_path / "plain", tmp_path / "whole")
    name = with_reference(f"local-dir:{tmp_path / 'whole'}")
    assert fingerprint(name) != fingerprint(plain)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    base, embedder = load_embedder(plain), load_embedder(name, cache=tmp_path / "cache")
    assert (base.dimensions, embedder.dimensions) == (32, 33)
    again = load_embedder(name, cache=tmp_path / "cache")  # from the exported towers, where there are any
    for each in (embedder, again):
        rows = each.encode_pixels(pixels)
        assert rows.shape == (3, 33)
        shown = rows[:, :32] / np.linalg.norm(rows[:, :32], axis=1, keepdims=True)
        assert (shown * base.encode_pixels(pixels)).sum(axis=1) == pytest.approx(1.0, abs=2e-3)
        assert each.encode_images([]).shape == each.encode_texts([]).shape == (0, 33)
    tower = load_text_tower(name, fingerprint(name), tmp_path / "cache")
    assert tower.reference is not None
    assert tower.reference.pictures.shape == (30, 33)
    assert tower.reference.spread > 0
    assert np.allclose(tower.encode_texts(["a person"]), load_embedder(name).encode_texts(["a person"]), atol=1e-3)


@pytest.mark.parametrize(
    "wrong",
    ["other weights", "of two sizes", "of another size", "not of unit length", "no file of vectors", "not numbers"],
)
def test_reference_vectors_that_do_not_fit_are_said_and_left_out(
    tmp_path: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = make_model(tmp_path / "model", TINY_CONVOLUTIONS)
    rows = unit_rows(5, 40, 32)
    if wrong == "other weights":
        with_reference(name, weights="0" * 32)
    elif wrong == "no file of vectors":
        (tmp_path / "model" / REFERENCE).write_bytes(b"\xff" * 100)
    else:
        others = {"of another size": unit_rows(5, 40, 31), "not of unit length": rows * 2, "not numbers": rows * np.nan}
        with_reference(name, rows=others.get(wrong, rows))
        if wrong == "of two sizes":
            pictures = {"sentences": unit_rows(5, 40, 32), "pictures": unit_rows(5, 40, 31)}
            weights = checksum(tmp_path / "model" / "open_clip_model.safetensors")
            save_file(pictures, tmp_path / "model" / REFERENCE, {"weights": weights})
    with caplog.at_level(logging.ERROR):
        embedder = load_embedder(name)
    assert embedder.dimensions == 32
    (said,) = [record.getMessage() for record in caplog.records if record.name == "framescout"]
    assert REFERENCE in said
    assert said.endswith("the model is used without them")


def test_damaged_scores_beside_exported_towers_cost_a_new_export_and_nothing_else(tmp_path: Path) -> None:
    name = with_reference(make_model(tmp_path / "model", TINY_CONVOLUTIONS))
    identity, cache = fingerprint(name), tmp_path / "cache"
    before = load_text_tower(name, identity, cache)
    (path,) = cache.glob("towers-*/reference_scores.npy")
    facts, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # size and time tell nothing
    again = load_text_tower(name, identity, cache)
    assert before.reference is not None
    assert again.reference is not None
    assert np.array_equal(again.reference.pictures, before.reference.pictures)


@pytest.mark.parametrize("damaged", ["reference_sentences.npy", "image_tower.onnx"])
def test_what_embeds_pictures_is_exported_again_where_a_bit_of_it_is_wrong(tmp_path: Path, damaged: str) -> None:
    name, cache = with_reference(make_model(tmp_path / "model", TINY_CONVOLUTIONS)), tmp_path / "cache"
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    before = load_embedder(name, cache=cache).encode_pixels(pixels)
    (path,) = cache.glob(f"towers-*/{damaged}")
    facts, whole = path.stat(), path.read_bytes()
    data = bytearray(whole)
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # size and time tell nothing
    assert np.array_equal(load_embedder(name, cache=cache).encode_pixels(pixels), before)
    assert path.read_bytes() == whole
