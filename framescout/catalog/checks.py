"""Finds rows that fail their seals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from framescout.catalog import sealing
from framescout.catalog.seals import version_of
from framescout.catalog.tables import AlertMarkRow, FileRow, IndexingRow, SavedSearchRow, VideoRow


class Checks:
    """Checks the seals in one snapshot; made by `Snapshot.checks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_altered(self, video_id: int, model_id: int) -> bool:
        """Whether a video's embeddings or keyframes by this model are not as they were written."""
        own = (IndexingRow.video_id == video_id) & (IndexingRow.model_id == model_id)
        seal = self._connection.execute(select(IndexingRow.seal).where(own)).scalar()
        return self._is_altered(sealing.of_indexing, seal, video_id, model_id)

    def altered_videos(self) -> list[int]:
        """Videos whose facts are not as they were written."""
        rows = self._connection.execute(select(VideoRow.id, VideoRow.seal).order_by(VideoRow.id)).all()
        return [row.id for row in rows if self._is_altered(sealing.of_video, row.seal, row.id)]

    def altered_files(self) -> list[str]:
        """Paths of files of which the catalog's row is not as it was written."""
        rows = self._connection.execute(select(FileRow.id, FileRow.path, FileRow.seal).order_by(FileRow.id)).all()
        return [row.path for row in rows if self._is_altered(sealing.of_file, row.seal, row.id)]

    def altered_searches(self) -> list[str]:
        """Names of saved searches that are not as they were saved."""
        columns = (SavedSearchRow.name, SavedSearchRow.seal)
        rows = self._connection.execute(select(*columns).order_by(SavedSearchRow.name)).all()
        return [row.name for row in rows if self._is_altered(sealing.of_search, row.seal, row.name)]

    def altered_marks(self) -> list[tuple[str, str, float]]:
        """(event, content hash, start) of what people said of alerts, where it is not as they said it."""
        key = (AlertMarkRow.event, AlertMarkRow.content_hash, AlertMarkRow.start)
        rows = self._connection.execute(select(*key, AlertMarkRow.seal).order_by(*key)).all()
        return [(*own,) for *own, seal in rows if self._is_altered(sealing.of_mark, seal, *own)]

    def _is_altered(self, of: Callable[..., str | None], seal: str | None, *key: Any) -> bool:
        """Whether `of` reads another seal of the row than `seal`, which stands in it."""
        version = version_of(seal)
        try:
            return version is None or of(self._connection, version, *key) != seal
        except (TypeError, ValueError, OverflowError):  # a value that its column can't hold
            return True
