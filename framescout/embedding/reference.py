"""Reference vectors of a model: how sentences and pictures of all kinds lie in its space, and the correction for hubs.

A hub is a picture that is near to everything one may say, and so comes up for every question. Each picture's hubness
is the mean cosine of the sentences nearest to it (the r of Conneau et al. 2018, arXiv:1710.04087, and near to QB-Norm:
Bogolin et al. 2022, arXiv:2112.12777). A share of it is taken off every cosine with a sentence. It is stored as one
more dimension of a picture's vector, so that an inner product is the corrected one and every index stays exact.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from framescout.errors import ModelNotAvailableError
from framescout.file_checksums import digest_of

REFERENCE = "reference.safetensors"
"""In a model's folder: `sentences` (S, D) and `pictures` (P, D), float16 unit rows; its metadata name the weights."""
KEPT_SENTENCES, KEPT_SCORES = "reference_sentences.npy", "reference_scores.npy"

NEAREST = 20
"""Sentences whose mean cosine is a picture's hubness."""
SHARE = 0.4
"""Of the hubness that is taken off a cosine; fitted on known footage and photographs by hand: docs/decisions/0012."""
_SCALE = 0.5
"""Of the hubness as it is stored: small, so that the other dimensions of a unit vector keep their length."""
_UNIT = 0.01  # by which a row's length may differ from 1
_ROWS = 1024  # that are compared with all sentences at once


class Reference(msgspec.Struct, frozen=True):
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
        """Beside exported towers: what embeds pictures needs the sentences, what asks needs the scores."""
        np.save(folder / KEPT_SENTENCES, self.sentences.astype(np.float16))
        pictures = with_hubness(self.pictures, self.sentences)
        kept = ReferenceScores.of(pictures, self.sentences)
        figures = (kept.center, kept.spread, kept.usual, kept.usual_spread)
        form = [
            ("pictures", "<f2", kept.pictures.shape),
            ("mean_sentence", "<f4", kept.mean_sentence.shape),
            ("figures", "<f4", len(figures)),
        ]  # one record: what reads zip files takes a search 4 ms to import
        np.save(folder / KEPT_SCORES, np.array((kept.pictures, kept.mean_sentence, figures), form))


class ReferenceScores(msgspec.Struct, frozen=True):
    """How a model's reference sentences score its reference pictures: what any sentence's scores are compared with."""

    pictures: np.ndarray
    """(P, D + 1) float32 unit rows, as `with_hubness` gives them."""
    mean_sentence: np.ndarray
    """(D,) float32, the mean of the reference sentences."""
    center: float
    """Mean score of all reference sentences on all reference pictures."""
    spread: float
    """Standard deviation of these scores."""
    usual: float
    """Mean over the reference sentences of how far spread each one's scores are, against `spread`."""
    usual_spread: float
    """Standard deviation of the same."""

    @classmethod
    def of(cls, pictures: np.ndarray, sentences: np.ndarray) -> Self:
        """From reference pictures, (P, D + 1) float32 as `with_hubness` gives them, and sentences, (S, D) float32."""
        scores = pictures @ against_hubs(sentences).T
        spread = float(scores.std())
        own = scores.std(axis=0) / spread
        return cls(pictures, sentences.mean(axis=0), float(scores.mean()), spread, float(own.mean()), float(own.std()))

    @classmethod
    def kept(cls, folder: Path) -> Self:
        """What `Reference.write` left beside exported towers.

        Raises:
            OSError, ValueError, IndexError: it is not there, or not as it was written.
        """
        kept = np.load(folder / KEPT_SCORES)
        center, spread, usual, usual_spread = kept["figures"].tolist()
        return cls(kept["pictures"].astype(np.float32), kept["mean_sentence"], center, spread, usual, usual_spread)


def kept_sentences(folder: Path) -> np.ndarray:
    """The reference sentences (S, D) beside exported towers of a model that has some."""
    sentences: np.ndarray = np.load(folder / KEPT_SENTENCES).astype(np.float32)
    return sentences


def has_reference(folder: Path) -> bool:
    """Whether `Reference.write` left something beside these towers."""
    return (folder / KEPT_SENTENCES).is_file()


def hubness(rows: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """(N, D) unit rows of pictures, (S, D) of sentences -> (N,) float32: mean cosine of each picture's NEAREST."""
    means = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _ROWS):
        # Not by BLAS, whose threads go on waiting busily when it is done, and take the tower's processors from it.
        cosines = np.einsum("id,jd->ij", rows[start : start + _ROWS], sentences)
        means[start : start + _ROWS] = np.partition(cosines, -NEAREST, axis=1)[:, -NEAREST:].mean(axis=1)
    return means


def with_hubness(rows: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """(N, D) float32 unit rows of pictures -> (N, D + 1) float32 unit rows, the hubness in the last dimension."""
    stored = _SCALE * hubness(rows, sentences)[:, None]
    whole: np.ndarray = np.concatenate([rows * np.sqrt(1.0 - stored**2), stored], axis=1)
    return whole


def against_hubs(rows: np.ndarray) -> np.ndarray:
    """(N, D) float32 unit rows of sentences -> (N, D + 1) float32 unit rows, which hubs are further from."""
    last = np.full((len(rows), 1), -SHARE / _SCALE, np.float32)
    whole: np.ndarray = np.concatenate([rows, last], axis=1)
    return whole / np.float32(np.hypot(1.0, SHARE / _SCALE))


def checksum(weights: Path) -> str:
    """What reference vectors call the weights that they belong to: 32 hexadecimal digits."""
    return digest_of(weights).hex()
