"""Sentences are encoded without their padding where that changes nothing, and only there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from framescout.embedding import fingerprint, load_text_tower
from framescout.embedding.text_tower import Facts, TextTower
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, TINY_VIT, make_model

_CLASS_TOKEN = {
    **TINY_CONVOLUTIONS,
    "text_cfg": {**TINY_CONVOLUTIONS["text_cfg"], "embed_cls": True, "pad_id": 0, "pool_type": "argmax"},
}
TEXTS = ["a person", "", "a person at a fence in a street at night", "night " * 100]


def exported(folder: Path, config: dict[str, object]) -> tuple[TextTower, Facts, str]:
    name = make_model(folder / "model", config)
    tower = load_text_tower(name, fingerprint(name), folder / "cache")
    (made,) = (folder / "cache").glob("towers-*")
    return tower, Facts.read(made), name


@pytest.mark.parametrize("config", [TINY_VIT, _CLASS_TOKEN], ids=["causal", "class token"])
def test_a_short_sentence_costs_little_and_says_the_same(tmp_path: Path, config: dict[str, object]) -> None:
    tower, facts, name = exported(tmp_path, config)
    assert facts.is_free_length
    assert tower.tokenise(["a person"]).shape[1] < 8
    assert tower.tokenise(TEXTS).shape[1] == facts.context_length
    model, _ = open_clip.create_model_from_pretrained(name)
    with torch.inference_mode():
        wanted = model.eval().encode_text(open_clip.get_tokenizer(name)(TEXTS), normalize=True).numpy()
    alone = np.concatenate([tower.encode_texts([text]) for text in TEXTS])
    for got in (alone, tower.encode_texts(TEXTS), np.concatenate([tower.encode_texts(TEXTS[:3]), alone[3:]])):
        assert (got * wanted).sum(axis=1).min() > 0.99999


def test_where_the_padding_counts_it_stays(tmp_path: Path) -> None:
    tower, facts, _ = exported(tmp_path, TINY_CONVOLUTIONS)  # its vector is that of the last token, padding or not
    assert not facts.is_free_length
    assert tower.tokenise(["a person"]).shape[1] == facts.context_length


def test_the_starter_takes_what_a_sentence_needs(towers: Path) -> None:
    tower = load_text_tower("starter", fingerprint("starter"), towers)
    assert tower.tokenise(["a person climbing a fence"]).shape[1] < 12
    assert tower.phrasings == ("{}",)
