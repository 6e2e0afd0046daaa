"""Weights are loaded with the activation they were trained with, whatever open_clip's architecture of that name has."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from huggingface_hub import constants
from open_clip.factory import _MODEL_CONFIGS
from open_clip.pretrained import _PRETRAINED

from framescout.embedding import fingerprint, load_embedder
from framescout.embedding.loading import load
from framescout.embedding.presets import resolve
from framescout.errors import ModelNotAvailableError
from tests.framescout.embedding.hub import put
from tests.framescout.embedding.make import TINY_VIT, make_model

GREY = torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64)
TEXTS = ["a person climbing a fence", "a red car at night"]
CONTRADICTORY = ("roberta-ViT-B-32", "laion2b_s12b_b32k")


def wants_quick(architecture: str, tag: str) -> bool:
    return bool(open_clip.get_pretrained_cfg(architecture, tag).get("quick_gelu"))


def has_quick(architecture: str) -> bool:
    return bool(open_clip.get_model_config(architecture).get("quick_gelu"))


ODD = [pair for pair in open_clip.list_pretrained() if wants_quick(*pair) and not has_quick(pair[0])]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of the hub where names of ViT-B-32 stand for a tiny model of random weights; the weights."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setitem(_MODEL_CONFIGS, "ViT-B-32", TINY_VIT)
    monkeypatch.setitem(_MODEL_CONFIGS, "ViT-B-32-quickgelu", {**TINY_VIT, "quick_gelu": True})
    make_model(tmp_path / "model", TINY_VIT)
    weights = tmp_path / "model" / "open_clip_model.safetensors"
    for tag in ("openai", "laion2b_s34b_b79k"):
        put(cache, _PRETRAINED["ViT-B-32"][tag]["hf_hub"].rstrip("/"), weights)
    return weights


def vectors_of(weights: Path, *, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """By open_clip alone: of GREY and of TEXTS."""
    config: dict[str, Any] = {**TINY_VIT, "quick_gelu": quick}
    model = open_clip.CLIP(**config).eval()
    open_clip.load_checkpoint(model, str(weights))
    with torch.inference_mode():
        texts = model.encode_text(open_clip.get_tokenizer("ViT-B-32")(TEXTS), normalize=True)
        return model.encode_image(GREY, normalize=True).numpy(), texts.numpy()


@pytest.mark.parametrize(
    ("name", "quick"),
    [("ViT-B-32/openai", True), ("ViT-B-32-quickgelu/openai", True), ("ViT-B-32/laion2b_s34b_b79k", False)],
)
def test_weights_are_loaded_in_the_form_they_were_trained_in(
    tiny: Path, tmp_path: Path, name: str, quick: bool
) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*QuickGELU.*")
        model = load(resolve(name)).model
    image, texts = vectors_of(tiny, quick=quick)
    _, wrong = vectors_of(tiny, quick=not quick)
    exported = load_embedder(name, cache=tmp_path / "cache").encode_texts(TEXTS)
    assert (exported * texts).sum(axis=1).min() > 0.99999 > (wrong * texts).sum(axis=1).max()
    with torch.inference_mode():
        assert np.allclose(model.encode_image(GREY, normalize=True).numpy(), image, atol=1e-6)


def test_a_forced_activation_is_part_of_the_fingerprint(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced, plain = fingerprint("ViT-B-32/openai"), fingerprint("ViT-B-32/laion2b_s34b_b79k")
    monkeypatch.setattr(sys.modules[resolve.__module__], "_must_force_quick_gelu", lambda *_: False)
    assert fingerprint("ViT-B-32/openai") != forced
    assert fingerprint("ViT-B-32/laion2b_s34b_b79k") == plain


def test_every_name_of_open_clip_is_loaded_as_its_weights_want_or_refused() -> None:
    assert ("ViT-B-32", "openai") in ODD
    for architecture, tag in open_clip.list_pretrained():
        if (architecture, tag) == CONTRADICTORY:
            continue
        source = resolve(f"{architecture}/{tag}")
        assert source.force_quick_gelu == ((architecture, tag) in ODD)
        assert (has_quick(architecture) or source.force_quick_gelu) == wants_quick(architecture, tag)


def test_what_is_forced_is_the_architecture_that_open_clip_calls_quickgelu() -> None:
    for architecture, _ in ODD:
        forced = {**open_clip.get_model_config(architecture), "quick_gelu": True}
        assert forced == open_clip.get_model_config(f"{architecture}-quickgelu")


def test_where_open_clip_contradicts_itself_the_model_is_refused() -> None:
    name = "/".join(CONTRADICTORY)
    assert has_quick(CONTRADICTORY[0])
    assert not wants_quick(*CONTRADICTORY)
    with pytest.raises(ModelNotAvailableError, match=r"contradicts itself .* use hf-hub:laion/CLIP-") as caught:
        fingerprint(name)
    assert "\n" not in str(caught.value)
