"""Encodes sentences as unit vectors of a model's space."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import msgspec
import numpy as np

from framescout.catalog import Catalog
from framescout.catalog.records import Model
from framescout.embedding import load_text_tower
from framescout.embedding.sentences import SentenceEncoder, encode

_MOST_KEPT = 1024  # sentences, so that a page after the first, or a question of many people, takes less time


class Encoded(msgspec.Struct, frozen=True):
    """Sentences as vectors of one model."""

    fingerprint: str
    """Of the model."""
    vectors: Mapping[str, np.ndarray] = msgspec.field(default_factory=dict)
    """Sentence -> (D,) float32 of unit length."""


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
        return Encoded(model.fingerprint, vectors)
