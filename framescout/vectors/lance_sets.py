"""Generations as versions of Lance datasets, in a folder or an object store that all machines see."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from framescout.catalog.records import Generation, Model
from framescout.settings import check_object_store
from framescout.vectors import lance_datasets
from framescout.vectors.lance_build import AddIndex, build, partitions_for
from framescout.vectors.lance_datasets import FAILURES
from framescout.vectors.lance_index import LanceIndex, Pause
from framescout.vectors.lance_verify import verify
from framescout.vectors.store import BuiltIndex
from framescout.vectors.widths import width_of

if TYPE_CHECKING:
    from framescout.catalog import Space

KIND = "lance-ivf-sq"
KEPT = 3
"""Generations that stay for searches that began before the newest was built."""
_log = logging.getLogger(__name__)
_pauses: defaultdict[tuple[str, str], Pause] = defaultdict(Pause)
"""Of an address and a generation that was not found there."""


class Version(msgspec.Struct, frozen=True):
    """What the row of a generation names."""

    dataset: str
    number: int
    layout: str
    """A checksum of the names and sizes of its files"""
    content: str
    """A checksum of all their bytes; empty in an object store, which checks them itself"""

    @classmethod
    def of(cls, generation: Generation) -> Self | None:
        """None where the generation is of another kind."""
        dataset, _, number = generation.file_name.rpartition("@")
        kind, *checksums = generation.checksum.split(":")
        if generation.kind != KIND or kind != "lance" or len(checksums) != 2 or not number.isdecimal():
            return None
        return cls(dataset, int(number), *checksums)

    @property
    def file_name(self) -> str:
        return f"{self.dataset}@{self.number}"

    @property
    def checksum(self) -> str:
        return f"lance:{self.layout}:{self.content}"


class LanceSets:
    """An `IndexStore`: a dataset a model, a version a generation, all below one address."""

    def __init__(self, address: str, add_index: AddIndex | None = None) -> None:
        """`address`: a folder, or s3://BUCKET/PREFIX. `add_index`: what indexes vectors; None: this process.

        Raises:
            UsageError: the environment names the object store in a way that nobody reads.
        """
        self._address = address.rstrip("/")
        if not self._is_folder:
            check_object_store()
        self._add_index = add_index or lance_datasets.add_index

    def open(self, generation: Generation, model: Model, *, questions: int | None = None) -> LanceIndex | None:
        """As `IndexStore.open`; says once a process that a generation is missing or damaged."""
        key = self._address, generation.file_name
        if Version.of(generation) is None or _pauses[key].is_on:
            return None
        try:
            opened = _opened(self._address, generation, width_of(model.dimensions))
        except LookupError:
            opened = None
        if opened is None or (self._is_folder and not self.is_sound(generation)):
            _warn(*key)
            if not self._is_folder:
                _pauses[key].begin()
            return None
        return opened

    def is_tuned(self, count: int) -> bool:
        """As `IndexStore.is_tuned`: each of these indexes has partitions."""
        return count > 0

    def publish(self, space: Space, sentences: np.ndarray | None = None) -> BuiltIndex:
        """As `IndexStore.publish`. The version has a tag when it returns.

        Raises:
            NotAvailableError: the address can't be written to.
        """
        model = space.model
        name = f"model-{model.id}-{model.fingerprint[:8]}.lance"
        address = self._at(name)
        try:
            self._drop_unfinished(name, space.generation())
            dataset, nprobe, recall = build(space, address, self._add_index, sentences)
            lance_datasets.tag(dataset, f"generation-{dataset.version}")
            version = Version(name, dataset.version, lance_datasets.layout(dataset) or "", self._content(dataset, name))
        except FAILURES as error:
            raise lance_datasets.sentence(error, address) from error
        count, below = space.keyframe_count(), space.snapshot.next_keyframe_id()
        return BuiltIndex(version.file_name, KIND, count, below, version.checksum, nprobe, recall)

    def _drop_unfinished(self, name: str, current: Generation | None) -> None:
        """Delete what came after the current generation: a build that was killed before the catalog named it."""
        version = Version.of(current) if current else None
        last = version.number if version and version.dataset == name else 0
        dataset = lance_datasets.newest(self._at(name))
        if dataset is not None:
            tags = lance_datasets.tags_of(dataset)
            lance_datasets.clean(dataset, [tag for tag, number in tags.items() if number > last])

    def is_sound(self, generation: Generation) -> bool:
        """As `IndexStore.is_sound`."""
        return _dataset(self._address, generation) is not None

    def verify(self, space: Space) -> list[str]:
        """As `IndexStore.verify`."""
        generation = space.generation()
        version = Version.of(generation) if generation else None
        if generation is None or version is None:
            return []
        dataset = _dataset(self._address, generation)
        if dataset is None:
            return [f"the vector index {version.file_name} is missing or damaged in {self._address}"]
        try:
            if self._content(dataset, version.dataset) != version.content:
                return [f"the vector index {version.file_name} is damaged: it is not as it was written"]
            return verify(space, generation, dataset)
        except FAILURES as error:
            return [f"the vector index {version.file_name} can't be read: {lance_datasets.reason(error)}"]

    def drop(self, generation: Generation) -> None:
        """As `IndexStore.drop`: with the whole dataset, so that the next one is made of nothing of it."""
        version = Version.of(generation)
        if version:
            lance_datasets.drop(self._at(version.dataset))

    def drop_stale(self, current: Iterable[Generation]) -> None:
        """As `IndexStore.drop_stale`; the last few generations stay, since a search on any machine may hold one."""
        for version in filter(None, map(Version.of, current)):
            try:
                self._drop_older(version)
            except FAILURES as error:
                _log.warning("old vector indexes could not be deleted: %s", lance_datasets.reason(error))

    def _drop_older(self, version: Version) -> None:
        dataset = lance_datasets.newest(self._at(version.dataset))
        if dataset is not None:
            tags = lance_datasets.tags_of(dataset)
            kept = sorted(number for number in tags.values() if number <= version.number)[-KEPT:]
            lance_datasets.clean(dataset, [name for name, number in tags.items() if number not in kept])

    def _at(self, name: str) -> str:
        return f"{self._address}/{name}"

    def _content(self, dataset: Any, name: str) -> str:
        return lance_datasets.content(dataset, Path(self._address) / name) if self._is_folder else ""

    @property
    def _is_folder(self) -> bool:
        """Whether it lies in a folder, where looking at files takes no time."""
        return "://" not in self._address


def _dataset(address: str, generation: Generation) -> Any | None:
    """The version that a generation names; None where it is of another kind, gone, cut or another one."""
    version = Version.of(generation)
    if version is None:
        return None
    try:
        dataset = lance_datasets.version(f"{address}/{version.dataset}", version.number)
        return dataset if lance_datasets.layout(dataset) == version.layout else None
    except FAILURES:
        return None


@lru_cache(maxsize=1)
def _opened(address: str, generation: Generation, width: int) -> LanceIndex:
    """Kept for the next question of the same process.

    Raises:
        LookupError: it is missing or damaged.
    """
    dataset = _dataset(address, generation)
    if dataset is None or lance_datasets.shape_of(dataset) != (generation.vector_count, width):
        raise LookupError(generation.file_name)
    count = generation.vector_count
    return LanceIndex(dataset, partitions_for(count), vector_count=count, nprobe=generation.nprobe)


@lru_cache
def _warn(address: str, name: str) -> None:
    _log.warning(
        "the vector index %s is missing or damaged in %s; all embeddings are compared instead, which takes longer; the "
        "next framescout index builds it anew",
        name,
        address,
    )
