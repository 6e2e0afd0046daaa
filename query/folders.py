"""The folders that files lie in, as a tree of which some branches are open."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

BELOW = "/**"
"""The end of a glob that fits whatever lies in a folder, or in those that the rest fits."""


class Folder(msgspec.Struct, frozen=True):
    """A folder of the tree."""

    names: tuple[str, ...]
    """Those of the folders that lead to it from the root of the file system, and its own."""
    depth: int
    """In how many other folders of the tree it lies."""

    @property
    def name(self) -> str:
        """Its own."""
        return self.names[-1]

    @property
    def glob(self) -> str:
        """What fits every path below it."""
        return glob.escape("/" + "/".join(self.names)) + BELOW


class Level(msgspec.Struct, frozen=True):
    """The folders in an open one."""

    folders: tuple[Folder, ...]
    places: np.ndarray
    """(N,) int64: of each file the place in `folders` of the one that it lies below, else -1."""


class Tree:
    """The tree of N files' folders; its root is the lowest one that holds all of them."""

    def __init__(self, codes: np.ndarray, paths: Sequence[str]) -> None:
        """`codes`: (N,), of each file, the place of its folder in `paths`."""
        self._codes = codes
        self._names = [tuple(name for name in path.split("/") if name) for path in paths]
        self._root = _shared(min(self._names), max(self._names)) if self._names else ()

    def open(self, picked: Sequence[str]) -> Iterator[Level]:
        """The folders in the root, and those in every folder on the way to one that is picked.

        `picked`: globs; those of a `Folder` open it, others open nothing.
        """
        wanted = dict.fromkeys((self._root, *self._on_the_way(picked)))
        for names in wanted:
            level = self._in(names)
            if level.folders:
                yield level

    def _on_the_way(self, picked: Sequence[str]) -> Iterator[tuple[str, ...]]:
        known = {"/" + "/".join(names[:end]) for names in self._names for end in range(1, len(names) + 1)}
        by_glob = {glob.escape(path) + BELOW: path for path in known} if picked else {}
        for each in picked:
            names = tuple(by_glob[each].split("/")[1:]) if each in by_glob else ()
            for end in range(len(self._root) + 1, len(names) + 1):
                yield names[:end]

    def _in(self, parent: tuple[str, ...]) -> Level:
        depth = len(parent)
        inside = [names[depth] if names[:depth] == parent and len(names) > depth else None for names in self._names]
        places = {name: place for place, name in enumerate(sorted({name for name in inside if name is not None}))}
        of_folder = np.array([-1 if name is None else places[name] for name in inside], np.int64)
        folders = tuple(Folder((*parent, name), depth - len(self._root)) for name in places)
        return Level(folders, of_folder[self._codes])


def _shared(first: tuple[str, ...], last: tuple[str, ...]) -> tuple[str, ...]:
    """What both begin with; of sorted names the first and the last, so that all do."""
    length = next((number for number, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]
