"""Seals: checksums of catalog rows, so that a changed row is noticed even where the database notices nothing.

A video, a file, an indexing (with its keyframes and its model), a saved search and a mark of an alert carry a seal
each, `VERSION:HEX`. The version that a seal names checks it. So a new column makes a new version, and every older seal
stays valid until its row is written again. Versions that can still be on disk stay in this file for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from framescout.catalog.canonical import canonical

Record = Mapping[str, Any]
"""A row: column -> value."""


class Version(msgspec.Struct, frozen=True):
    """The columns that a version's seals cover, in their order, and how a row of values becomes bytes."""

    number: int
    video: tuple[str, ...]
    file: tuple[str, ...]
    """Of a file, besides the content hash of its video."""
    indexing: tuple[str, ...]
    """Of an indexing, besides its keyframes, the content hash of its video, and its model."""
    model: tuple[str, ...]
    keyframe: tuple[str, ...]
    search: tuple[str, ...]
    mark: tuple[str, ...] = ()
    """Of what a person said of an alert; there was none before version 2."""
    encode: Callable[[Collection[Any]], bytes] = canonical
    is_raw: bool = False
    """Whether the values are those that SQLite stores, rather than those of the record."""

    def of_video(self, video: Record) -> str:
        """The seal of a video's facts."""
        return self._seal([[video[name] for name in self.video]])

    def of_file(self, file: Record, content_hash: str) -> str:
        """The seal of a file that holds the video with this content hash."""
        values = [file[name] for name in self.file]
        if self.is_raw:  # of a time when only paths that are no UTF-8 were stored as bytes
            values = [
                _as_text(value) if name == "path" else value for name, value in zip(self.file, values, strict=True)
            ]
        return self._seal([[*values, content_hash]])

    def of_indexing(
        self, indexing: Record, content_hash: str, model: Record, keyframes: Iterable[Collection[Any]]
    ) -> str:
        """The seal of a video's embeddings by a model; `keyframes`: in order of id, the columns of `self.keyframe`."""
        facts = [content_hash, *(model[name] for name in self.model), *(indexing[name] for name in self.indexing)]
        return self._seal([facts, *keyframes])

    def of_search(self, search: Record) -> str:
        """The seal of a saved search."""
        return self._seal([[search[name] for name in self.search]])

    def of_mark(self, mark: Record) -> str:
        """The seal of what a person said of an alert."""
        return self._seal([[mark[name] for name in self.mark]])

    def _seal(self, rows: Iterable[Collection[Any]]) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for row in rows:
            digest.update(self.encode(row))
        return f"{self.number}:{digest.hexdigest()}" if self.number else digest.hexdigest()


def _unversioned(values: Collection[Any]) -> bytes:
    """As schema 0005 wrote it, of what SQLite stores."""
    parts = []
    for value in values:
        data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogateescape")
        parts += [len(data).to_bytes(8, "little"), data]
    return b"".join(parts)


def _as_text(path: Any) -> Any:
    if isinstance(path, bytes):
        try:
            return path.decode()
        except UnicodeDecodeError:
            pass
    return path


_VIDEO = (
    "content_hash", "duration", "frame_rate", "is_variable_rate", "width_px", "height_px", "rotation",
    "sample_aspect_ratio", "start_offset", "codec", "has_audio", "created_at", "recorded_at", "recorded_from", "camera",
    "read_to", "is_complete", "end_detail", "indexed_at",
)  # fmt: skip
_MOTION = ("motion_levels", "motion_source", "motion_detail")
_FILE = ("path", "size_bytes", "mtime_ns", "gone_at")
_INDEXING = (
    "density", "first_keyframe_id", "keyframe_count", "time_base_numerator", "time_base_denominator", "embeddings",
)  # fmt: skip
_MODEL = ("name", "fingerprint", "dimensions")
_KEYFRAME = ("id", "pts", "time", "span_start", "span_end")
_SEARCH = ("name", "query", "command", "seen_below", "saved_at")
_OPENED_SEARCH = (*_SEARCH, "opened_below")
_MARK = ("event", "content_hash", "start", "end", "was_right", "marked_at")

_DERIVED = {"created_at", "recorded_at", "recorded_from", "camera"}
_EVIDENCE = (*(name for name in _VIDEO if name not in _DERIVED), "created_at", "tags")

VERSIONS = {
    0: Version(0, _VIDEO, _FILE, _INDEXING, _MODEL, _KEYFRAME, _SEARCH, encode=_unversioned, is_raw=True),
    1: Version(1, _VIDEO, _FILE, _INDEXING, _MODEL, _KEYFRAME, _SEARCH),
    2: Version(2, (*_VIDEO, *_MOTION), _FILE, _INDEXING, _MODEL, _KEYFRAME, _SEARCH, _MARK),
    3: Version(3, (*_EVIDENCE, *_MOTION), _FILE, _INDEXING, _MODEL, _KEYFRAME, _SEARCH, _MARK),
    4: Version(4, (*_EVIDENCE, *_MOTION, "motion_jerks"), _FILE, _INDEXING, _MODEL, _KEYFRAME, _SEARCH, _MARK),
    5: Version(5, (*_EVIDENCE, *_MOTION, "motion_jerks"), _FILE, _INDEXING, _MODEL, _KEYFRAME, _OPENED_SEARCH, _MARK),
}
"""By number. 0 is that of schema 0005, whose seals name no version; 3 is that of 0009, which stores tags;
4 is that of 0010, which stores jerks; 5 is that of 0012, which stores what was opened of a saved search.
"""


def newest() -> Version:
    """The version that rows are sealed with."""
    return VERSIONS[max(VERSIONS)]


def version_of(seal: str | None) -> Version | None:
    """The version that a row's seal names; None where there is no such version, or no seal."""
    if not isinstance(seal, str) or not seal:
        return None
    number, _, _ = seal.rpartition(":")
    return VERSIONS.get(int(number)) if number.isdecimal() else VERSIONS[0] if not number else None
