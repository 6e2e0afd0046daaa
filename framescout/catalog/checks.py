"""Which rows are not as they were written, by their seals."""

from __future__ import annotations

from sqlalchemy import Connection, select

from framescout.catalog import seals
from framescout.catalog.tables import FileRow


class Checks:
    """Of one state of the catalog; made by `Snapshot.checks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_altered(self, video_id: int, model_id: int) -> bool:
        """Whether a video's embeddings or keyframes by this model are not as they were written."""
        return seals.is_altered(self._connection, video_id, model_id)

    def altered_videos(self) -> list[int]:
        """Videos whose facts are not as they were written."""
        return seals.altered(self._connection, "video")

    def altered_files(self) -> list[str]:
        """Paths of files of which the catalog's row is not as it was written."""
        ids = seals.altered(self._connection, "file")
        return list(self._connection.execute(select(FileRow.path).where(FileRow.id.in_(ids))).scalars())

    def altered_searches(self) -> list[str]:
        """Names of saved searches that are not as they were saved."""
        return seals.altered_searches(self._connection)
