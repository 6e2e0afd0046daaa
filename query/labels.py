"""Labels every keyframe with the sets of a label file; nothing is decoded and nothing is trained.

A keyframe's label is the most probable one of a softmax over the set's labels and "none of these". The score of "none
of these" is that of the best fitting sentence among those that hardly any archive answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from framescout.catalog.records import Labelling
from framescout.embedding.background import STRANGERS
from framescout.embedding.sentences import SentenceEncoder, encode_mean
from framescout.errors import UsageError
from framescout.settings import read_toml
from query.confidence import PER_SPREAD, softmax
from query.engine import Engine
from query.sample import Sample

OTHER = "other"
"""None of these."""

_MOST_LABELS = 100
_MOST_PROMPTS = 50


class LabelPrompts(msgspec.Struct, frozen=True):
    """A label set as its file defines it."""

    name: str
    prompts: dict[str, tuple[str, ...]]
    """Label -> its prompts, whose embeddings are averaged."""

    @property
    def labels(self) -> tuple[str, ...]:
        """In the file's order, `OTHER` last."""
        return (*self.prompts, OTHER)

    @property
    def fingerprint(self) -> str:
        """Of all that the labels follow from, besides the model."""
        said = repr((self.prompts, STRANGERS, PER_SPREAD))
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


class Labelled(msgspec.Struct, frozen=True):
    """The counts of one set."""

    name: str
    counts: dict[str, int]
    """Label -> keyframes."""
    videos: int | None = None
    """Videos that were labelled now; the others had their labels. None: what is stored was asked for."""


def read_labels(path: Path) -> list[LabelPrompts]:
    """The label sets of a TOML file: a table a set, a key a label, its value a prompt or a list of them.

    Raises:
        NotAvailableError: the file can't be read.
        UsageError: it is no such TOML; the sentence names the line or the key.
    """
    document = read_toml(path, "the labels")
    if not document:
        raise UsageError(f"{path} has no label set; write one like: [scene] and below it street = 'a street'")
    return [_wanted(path, name, table) for name, table in document.items()]


def _wanted(path: Path, name: str, table: Any) -> LabelPrompts:
    where = f"{path}, [{name}]"
    if not isinstance(table, dict) or not table:
        raise UsageError(f"{where} must be a table of labels, such as street = ['a street', 'a road with cars']")
    if len(table) > _MOST_LABELS:
        raise UsageError(f"{where} has {len(table)} labels; {_MOST_LABELS} are the most")
    prompts: dict[str, tuple[str, ...]] = {}
    for label, value in table.items():
        said = [value] if isinstance(value, str) else value
        if label == OTHER:
            raise UsageError(f"{where}: {OTHER!r} is what fits no label; name this one otherwise")
        if "=" in label or "=" in name or label != label.strip():
            raise UsageError(f"{where}: {label!r} is no name for a label; write it without = and outer blanks")
        if not isinstance(said, list) or not 1 <= len(said) <= _MOST_PROMPTS:
            raise UsageError(f"{where}, {label}: give a prompt, or a list of 1 to {_MOST_PROMPTS}")
        if not all(isinstance(prompt, str) and prompt.strip() for prompt in said):
            raise UsageError(f"{where}, {label}: a prompt is a sentence, such as 'a street'")
        prompts[label] = tuple(said)
    return LabelPrompts(name, prompts)


def label(engine: Engine, wanted: Sequence[LabelPrompts]) -> list[Labelled]:
    """Label every keyframe that has no label of a set yet, or one of other prompts; one transaction a set.

    Raises:
        NotAvailableError: nothing is indexed yet, or the model can't be had.
        CatalogLockedError: another process writes to the catalog.
    """
    done = []
    with engine.catalog.writer() as writer:
        for each in wanted:
            with engine.space() as space:
                stored = space.labels()
                known = stored.sets().get(each.name)
                is_known = known is not None and known.fingerprint == each.fingerprint
                has = {old.video_id for old in stored.labellings(known)} if known and is_known else set()
                videos = [video for video in space.video_ranges()[:, 0].tolist() if video not in has]
                sample = engine.sample(space)
                vectors = label_vectors(engine.text_tower(space.model), each)
                blocks = space.blocks(video_ids=videos)
                new = [
                    Labelling(block.video_id, block.first_keyframe_id, codes)
                    for block in blocks
                    for codes in [choose(block.embeddings.astype(np.float32), vectors, sample)]
                ]
            writer.put_labels(space.model, each.name, each.fingerprint, each.labels, new)
            with engine.space() as space:
                stored = space.labels()
                done.append(Labelled(each.name, stored.counts(stored.sets()[each.name]), len(new)))
    return done


def label_vectors(tower: SentenceEncoder, wanted: LabelPrompts) -> np.ndarray:
    """(L, D) float32 unit rows: each label's mean over its prompts and the templates."""
    return np.stack([encode_mean(tower, prompts) for prompts in wanted.prompts.values()])


def choose(rows: np.ndarray, vectors: np.ndarray, sample: Sample) -> np.ndarray:
    """(N, D) float32 keyframes, (L, D) labels -> (N,) uint8: the most probable label, L where it is none of these."""
    codes: np.ndarray = probabilities(rows, vectors, sample).argmax(axis=1).astype(np.uint8)
    return codes


def probabilities(rows: np.ndarray, vectors: np.ndarray, sample: Sample) -> np.ndarray:
    """(N, L + 1) float64, rows sum to 1; the last column is none of these."""
    stranger = (rows @ sample.strange.T).max(axis=1, keepdims=True)
    logits = np.concatenate([rows @ vectors.T, stranger], axis=1).astype(np.float64)
    return softmax(logits * sample.sharpness)


def stored_counts(engine: Engine) -> list[Labelled]:
    """What the catalog has for the engine's model."""
    with engine.space() as space:
        stored = space.labels()
        return [Labelled(name, stored.counts(each)) for name, each in stored.sets().items()]
