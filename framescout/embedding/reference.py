"""Reference vectors of a model: how sentences and pictures of all kinds lie in its space, and the correction for hubs.

A hub is a picture that is near to everything one may say, and so comes up for every question. Each picture's hubness
is the mean cosine of the sentences nearest to it (the r of Conneau et al. 2018, arXiv:1710.04087, and near to QB-Norm:
Bogolin et al. 2022, arXiv:2112.12777). A share of it is taken off every cosine with a sentence. It is stored as one
more dimension of a picture's vector, so that an inner product is the corrected one and every index stays exact.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from framescout.errors import ModelNotAvailableError

REFERENCE = "reference.safetensors"
"""In a model's folder: `sentences` (S, D) and `pictures` (P, D), float16 unit rows; its metadata name the weights."""
_KEPT_SENTENCES, _KEPT_PICTURES = "reference_sentences.npy", "reference_pictures.npy"

NEAREST = 20
"""Sentences whose mean cosine is a picture's hubness."""
SHARE = 0.4
"""Of the hubness that is taken off a cosine; fitted on known footage and photographs by benchmarks/unseen_forms.py."""
_SCALE = 0.5
"""Of the hubness as it is stored: small, so that the other dimensions of a unit vector keep their length."""
_UNIT = 0.01  # by which a row's length may differ from 1


@dataclass(frozen=True, slots=True)
class Reference:
    """Vectors of sentences and of pictures that have nothing to do with any archive."""

    sentences: np.ndarray
    """(S, D) float32, rows of unit length, as the text tower gives them."""
    pictures: np.ndarray
    """(P, D) float32, rows of unit length, as the image tower gives them."""

    @classmethod
    def of_folder(cls, folder: Path, weights: Path, dimensions: int) -> Self | None:
        """The reference vectors of the model in `folder`, whose own have `dimensions`; None where it brings none.

        Raises:
            ModelNotAvailableError: they are damaged, or belong to other weights.
        """
        path = folder / REFERENCE
        if not path.is_file():
            return None
        from safetensors import SafetensorError, safe_open

        way_out = f"put the {REFERENCE} of these weights there, or delete it"
        try:
            with safe_open(path, framework="numpy") as opened:
                made_for = (opened.metadata() or {}).get("weights")
                given = cls(*(opened.get_tensor(name).astype(np.float32) for name in ("sentences", "pictures")))
        except (SafetensorError, OSError, ValueError, TypeError) as error:
            raise ModelNotAvailableError(f"{path} holds no reference vectors ({error}); {way_out}") from error
        if made_for != checksum(weights):
            raise ModelNotAvailableError(f"{path} was made for other weights than those in {folder}; {way_out}")
        if not given._fits(dimensions):
            raise ModelNotAvailableError(
                f"the vectors in {path} are not unit vectors of {dimensions} numbers; {way_out}"
            )
        return given

    def _fits(self, dimensions: int) -> bool:
        rows = (self.sentences, self.pictures)
        if any(each.ndim != 2 or len(each) < NEAREST or each.shape[1] != dimensions for each in rows):
            return False
        return all(bool(np.all(np.abs(np.linalg.norm(each, axis=1) - 1.0) < _UNIT)) for each in rows)

    def write(self, folder: Path) -> None:
        """Beside exported towers, for `kept`."""
        np.save(folder / _KEPT_SENTENCES, self.sentences.astype(np.float16))
        np.save(folder / _KEPT_PICTURES, self.pictures.astype(np.float16))

    @classmethod
    def kept(cls, folder: Path) -> Self | None:
        """What `write` left beside exported towers; None where the model has no reference vectors."""
        with contextlib.suppress(FileNotFoundError):
            return cls(*(np.load(folder / name).astype(np.float32) for name in (_KEPT_SENTENCES, _KEPT_PICTURES)))
        return None

    def hubness(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 unit rows of pictures -> (N,) float32: mean cosine of the NEAREST sentences of each."""
        found = np.empty(len(rows), np.float32)
        for part in _parts(len(rows)):
            cosines = rows[part] @ self.sentences.T
            found[part] = np.partition(cosines, -NEAREST, axis=1)[:, -NEAREST:].mean(axis=1)
        return found

    def with_hubness(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 unit rows of pictures -> (N, D + 1) float32 unit rows, the hubness in the last dimension."""
        stored = _SCALE * self.hubness(rows)[:, None]
        whole: np.ndarray = np.concatenate([rows * np.sqrt(1.0 - stored**2), stored], axis=1)
        return whole

    @staticmethod
    def against_hubs(rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 unit rows of sentences -> (N, D + 1) float32 unit rows, which hubs are further from."""
        least = np.full((len(rows), 1), -SHARE / _SCALE, np.float32)
        whole: np.ndarray = np.concatenate([rows, least], axis=1)
        return whole / np.float32(np.hypot(1.0, SHARE / _SCALE))


def has_reference(folder: Path) -> bool:
    """Whether `Reference.write` left something beside these towers."""
    return (folder / _KEPT_SENTENCES).is_file()


def checksum(weights: Path) -> str:
    """What reference vectors call the weights that they belong to: 32 hexadecimal digits."""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _parts(count: int, size: int = 1024) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
