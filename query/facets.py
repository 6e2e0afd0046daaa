"""Counts, for each value that a filter may be given, the videos that a question would search with it.

A value counts by itself: as if it were all that the question says of its field. So the counts follow every other filter
of the question, and say what comes of picking the value. They are those of `wanted_ranges`, made for all values of a
field at once from columns.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from datetime import tzinfo
from functools import cache
from typing import Literal

import msgspec
import numpy as np

from framescout.catalog import Space
from framescout.distinct import distinct
from framescout.vectors import common, touching, within
from query.filters import files_searched, wanted_ranges
from query.folders import Tree
from query.request import MOTIONS, Query, read_label

MOST_FOLDERS = 300
"""Of one folder that are listed: those with the most videos."""


class Choice(msgspec.Struct, frozen=True):
    """A value that may be picked."""

    value: str
    """As the field takes it."""
    name: str
    """What a person calls it."""
    videos: int
    """That the question would search with it."""
    depth: int = 0
    """Of a folder: in how many others of the list it lies."""


class Facet(msgspec.Struct, frozen=True):
    """A field of the question and the values that it may be given."""

    field: Literal["cameras", "paths", "labels", "motion"]
    name: str
    choices: tuple[Choice, ...]


def facets(space: Space, query: Query, zone: tzinfo, only: np.ndarray | None = None) -> list[Facet]:
    """The cameras, folders, labels and kinds of motion that are there, each with how many videos it leaves.

    `query`: only its filters count, not what is to be seen. `zone`: as for `wanted_ranges`.

    `only`: (M, 2) int64, sorted, apart: keyframe ids [first, last + 1) of the videos that are searched; None: of all.

    Raises:
        UsageError: the query names a camera or a label that the catalog doesn't have.
    """
    counter = _Counter(space, query, zone, only)
    made = [counter.cameras(), counter.folders(), *counter.labels(), counter.motion()]
    return [facet for facet in made if facet.choices]


class _Counter:
    """Counts for one question. Fields that the question doesn't filter by share what passes."""

    def __init__(self, space: Space, query: Query, zone: tzinfo, only: np.ndarray | None) -> None:
        self._space, self._query, self._zone, self._only = space, query, zone, only
        self._columns = space.snapshot.file_columns()
        self._passing_files = cache(self._find_files)
        self._passing_ranges = cache(self._find_ranges)

    def _find_files(self, query: Query) -> np.ndarray:
        """(N,) bool: the files of which a keyframe that passes is searched, in the order of the columns."""
        passing = files_searched(self._space, query, self._zone)
        if self._only is None:
            return passing
        videos = self._space.video_ranges()
        return passing & np.isin(self._columns.video_ids, videos[touching(videos[:, 1:], self._only), 0])

    def _find_ranges(self, query: Query) -> np.ndarray | None:
        ranges = wanted_ranges(self._space, query, self._zone)
        if ranges is None:
            return self._only
        return ranges if self._only is None else common(ranges, self._only)

    def cameras(self) -> Facet:
        """A camera may be written in any case, so that those which differ by case alone are one."""
        names = {name.casefold(): name for name in reversed(self._columns.cameras)}
        groups = {folded: number for number, folded in enumerate(sorted(names))}
        group_of = np.array([groups[name.casefold()] for name in self._columns.cameras] + [-1])  # the last is of none
        query = msgspec.structs.replace(self._query, cameras=(), not_cameras=())
        counts = self._videos_by(group_of[self._columns.camera_codes], len(groups), query)
        return Facet(
            "cameras",
            "Camera",
            tuple(Choice(glob.escape(names[each]), names[each], counts[number]) for each, number in groups.items()),
        )

    def folders(self) -> Facet:
        """The folders in the one that holds everything, and those in the folders that were picked."""
        tree = Tree(*self._space.snapshot.folders())
        query = msgspec.structs.replace(self._query, paths=(), not_paths=())
        found = []
        for level in tree.open(self._query.paths):
            counted = zip(level.folders, self._videos_by(level.places, len(level.folders), query), strict=True)
            found += sorted(counted, key=lambda each: -each[1])[:MOST_FOLDERS]
        found.sort(key=lambda each: each[0].names)
        return Facet("paths", "Folder", tuple(Choice(each.glob, each.name, n, each.depth) for each, n in found))

    def labels(self) -> Iterator[Facet]:
        """A facet for each set of labels."""
        stored = self._space.labels()
        for name, label_set in stored.sets().items():
            others = {
                field: tuple(each for each in getattr(self._query, field) if read_label(each)[0] != name)
                for field in ("labels", "not_labels")
            }
            ids, codes = stored.columns(label_set)
            counts = self._videos_of(ids, codes, len(label_set.labels), msgspec.structs.replace(self._query, **others))
            choices = zip(label_set.labels, counts, strict=True)
            yield Facet("labels", name, tuple(Choice(f"{name}={label}", label, count) for label, count in choices))

    def motion(self) -> Facet:
        """None where it isn't known of any video how much moves."""
        motion = self._space.motion()
        query = msgspec.structs.replace(self._query, motion=None)
        counts = {}
        for kind in MOTIONS if len(motion.ids) else ():
            ids, _ = motion.showing(kind)
            (counts[kind],) = self._videos_of(ids, np.zeros(len(ids), np.int64), 1, query)
        return Facet("motion", "Motion", tuple(Choice(kind, kind, count) for kind, count in counts.items()))

    def _videos_by(self, codes: np.ndarray, count: int, query: Query) -> list[int]:
        """`codes`: (N,), of each file, below `count`, or -1. Of each code the videos of which such a file passes."""
        chosen = self._passing_files(query) & (codes >= 0)
        return count_groups(self._columns.video_ids[chosen], codes[chosen], count)

    def _videos_of(self, ids: np.ndarray, codes: np.ndarray, count: int, query: Query) -> list[int]:
        """`ids`: (N,), of keyframes; `codes`: (N,), below `count`. Of each code the videos with such a keyframe."""
        ranges = self._passing_ranges(query)
        if ranges is not None:
            passes = within(ids, ranges)
            ids, codes = ids[passes], codes[passes]
        living = self._space.video_ranges()
        places = np.searchsorted(living[:, 1], ids, side="right") - 1
        is_living = within(ids, living[:, 1:])
        return count_groups(places[is_living], codes[is_living], count)


def count_groups(groups: np.ndarray, codes: np.ndarray, count: int) -> list[int]:
    """(N,) each -> in how many different groups each code under `count` occurs."""
    if not len(codes):
        return [0] * count
    if (np.diff(groups) > 0).all():  # each group is there once, as where each video has one file
        once: list[int] = np.bincount(codes, minlength=count).tolist()
        return once
    pairs = distinct(groups.astype(np.int64) * count + codes)
    numbers: list[int] = np.bincount(pairs % count, minlength=count).tolist()
    return numbers
