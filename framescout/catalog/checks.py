"""Finds rows that fail their seals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framescout.catalog import sealing
from framescout.catalog.reader import Reader
from framescout.catalog.seals import version_of
from framescout.catalog.stored import path_of


class Checks:
    """Checks the seals in one snapshot; made by `Snapshot.checks`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def is_altered(self, video_id: int, model_id: int) -> bool:
        """Whether a video's embeddings or keyframes by this model are not as they were written."""
        query = "SELECT seal FROM indexing WHERE video_id = ? AND model_id = ?"
        return self._is_altered(sealing.of_indexing, self._reader.value(query, video_id, model_id), video_id, model_id)

    def altered_videos(self) -> list[int]:
        """Videos whose facts are not as they were written."""
        rows = self._reader.rows("SELECT id, seal FROM video ORDER BY id").fetchall()
        return [number for number, seal in rows if self._is_altered(sealing.of_video, seal, number)]

    def altered_files(self) -> list[str]:
        """Paths of files of which the catalog's row is not as it was written."""
        rows = self._reader.rows("SELECT id, path, seal FROM file ORDER BY id").fetchall()
        return [path_of(path) for number, path, seal in rows if self._is_altered(sealing.of_file, seal, number)]

    def altered_searches(self) -> list[str]:
        """Names of saved searches that are not as they were saved."""
        rows = self._reader.rows("SELECT name, seal FROM saved_search ORDER BY name").fetchall()
        return [name for name, seal in rows if self._is_altered(sealing.of_search, seal, name)]

    def altered_marks(self) -> list[tuple[str, str, float]]:
        """(event, content hash, start) of what people said of alerts, where it is not as they said it."""
        key = "event, content_hash, start"
        rows = self._reader.rows(f"SELECT {key}, seal FROM alert_mark ORDER BY {key}").fetchall()
        return [(*own,) for *own, seal in rows if self._is_altered(sealing.of_mark, seal, *own)]

    def _is_altered(self, of: Callable[..., str | None], seal: str | None, *key: Any) -> bool:
        """Whether the seal that `of` makes of the row differs from `seal`, which is stored with it."""
        version = version_of(seal)
        try:
            return version is None or of(self._reader.session, version, *key) != seal
        except (TypeError, ValueError, OverflowError):  # a value that its column can't hold
            return True
