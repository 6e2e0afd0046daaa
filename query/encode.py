"""Encodes sentences as unit vectors of a model's space."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from framescout.catalog import Catalog
from framescout.catalog.records import Model
from framescout.embedding import ReferenceScores, load_text_tower

_MOST_KEPT = 1024  # sentences, so that a page after the first, or a question of many people, takes less time


class SentenceEncoder(Protocol):
    """What embeds sentences."""

    phrasings: tuple[str, ...]
    """Each with a place for the sentence, `{}`; their vectors are averaged."""

    @property
    def reference(self) -> ReferenceScores | None:
        """What its sentences' scores are compared with, where its model has reference vectors."""

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length."""


def encode(tower: SentenceEncoder, texts: list[str]) -> np.ndarray:
    """(N, D) float32 unit rows: each text's mean over the model's phrasings."""
    written = [phrasing.replace("{}", text) for text in texts for phrasing in tower.phrasings]
    rows = tower.encode_texts(written).reshape(len(texts), len(tower.phrasings), -1).mean(axis=1)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def encode_mean(tower: SentenceEncoder, prompts: Sequence[str]) -> np.ndarray:
    """(D,) float32 of unit length: the mean of several sentences that say the same."""
    row = encode(tower, list(prompts)).mean(axis=0)
    unit: np.ndarray = row / np.linalg.norm(row)
    return unit


@dataclass(frozen=True, slots=True)
class Encoded:
    """Sentences as vectors of one model."""

    fingerprint: str
    """Of the model."""
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Sentence -> (D,) float32 of unit length."""
    reference: ReferenceScores | None = None
    """What the sentences' scores are compared with, where the model has reference vectors."""


class Sentences:
    """Encodes sentences with the text tower of a catalog's model; threads may share it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tower: tuple[str, SentenceEncoder] | None = None
        self._loading = threading.Lock()  # threads wait for the tower that one of them loads
        self._kept: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()
        self._keeping = threading.Lock()

    def tower(self, model: Model) -> SentenceEncoder:
        """The model's text tower, loaded once.

        Raises:
            ModelNotAvailableError: it can't be had.
        """
        with self._loading:
            if self._tower is None or self._tower[0] != model.fingerprint:
                cache, stays = self._catalog.cache_folder, self._catalog.stays
                self._tower = model.fingerprint, load_text_tower(model.name, model.fingerprint, cache, stays=stays)
            return self._tower[1]

    def encode(self, model: Model, texts: Iterable[str], known: Encoded | None = None) -> Encoded:
        """Every one of these sentences as a vector, each encoded once at most, together with the others.

        `known`: what was encoded before; it counts where it is of the same model.
        """
        vectors = dict(known.vectors) if known and known.fingerprint == model.fingerprint else {}
        wanted = [text for text in dict.fromkeys(texts) if text not in vectors]
        with self._keeping:
            for text in wanted:
                if (row := self._kept.get((model.fingerprint, text))) is not None:
                    self._kept.move_to_end((model.fingerprint, text))
                    vectors[text] = row
        missing = [text for text in wanted if text not in vectors]
        if missing:
            made = dict(zip(missing, encode(self.tower(model), missing), strict=True))
            vectors |= made
            with self._keeping:
                self._kept.update({(model.fingerprint, text): row for text, row in made.items()})
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return Encoded(model.fingerprint, vectors, self.tower(model).reference)
