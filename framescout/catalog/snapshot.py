"""One consistent state of the catalog: its videos, files, models and totals. Its spaces hold the keyframes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from framescout.catalog.block_cache import BlockCache
from framescout.catalog.checks import Checks
from framescout.catalog.reader import MANY, Reader
from framescout.catalog.records import (
    FileFacts,
    KnownFile,
    Model,
    QuarantinedFile,
    ReadEnd,
    Recent,
    Totals,
    Video,
    VideoFacts,
)
from framescout.catalog.space import Space
from framescout.catalog.tables import (
    FileRow,
    IndexingRow,
    KeyframeRow,
    ModelRow,
    QuarantineRow,
    StateRow,
    VideoRow,
)
from framescout.errors import DamagedCatalogError
from framescout.motion import Motion, Source, unpacked
from framescout.recording import Rules

_MOST_VIDEOS = 10_000  # whose facts are remembered
_NEWEST = 6  # videos that `indexed_since` names
_EVIDENCE = (VideoRow.tags, VideoRow.created_at)
_MODEL = (ModelRow.id, ModelRow.name, ModelRow.fingerprint, ModelRow.dimensions)


class Snapshot:
    """One state of the catalog; made by `Catalog.snapshot`."""

    def __init__(self, connection: Connection, rules: Rules, cache: BlockCache | None = None) -> None:
        """`rules`: by which the evidence of times and cameras is read."""
        self._connection = connection
        self._rules = rules
        self._reader = Reader(connection, cache)

    def space(self, model: Model) -> Space:
        """The keyframes of `model` in this state."""
        return Space(self, self._reader, model)

    @property
    def checks(self) -> Checks:
        """Which rows are not as they were written."""
        return Checks(self._connection)

    def known_files(self) -> dict[str, KnownFile]:
        """Every file that holds a video, by path."""
        rows = self._connection.execute(
            select(FileRow.path, FileRow.size_bytes, FileRow.mtime_ns, FileRow.video_id, FileRow.gone_at)
        )
        return {
            row.path: KnownFile(row.size_bytes, row.mtime_ns, row.video_id, is_gone=row.gone_at is not None)
            for row in rows
        }

    def quarantined(self) -> list[QuarantinedFile]:
        """Files that could not be used, by path."""
        rows = self._connection.execute(
            select(
                QuarantineRow.path,
                QuarantineRow.size_bytes,
                QuarantineRow.mtime_ns,
                QuarantineRow.reason,
                QuarantineRow.detail,
                QuarantineRow.attempts,
                QuarantineRow.at,
            ).order_by(QuarantineRow.path)
        )
        return [QuarantinedFile(**row) for row in rows.mappings()]

    def video_id_of(self, content_hash: str) -> int | None:
        """The video with this content, where it is known."""
        return self._connection.execute(select(VideoRow.id).where(VideoRow.content_hash == content_hash)).scalar()

    def videos(self, ids: Iterable[int] | None = None) -> list[Video]:
        """Videos with these ids, or all, by id; unknown ids are passed over."""
        if ids is None:
            return self._videos(None)
        wanted, known = sorted(set(ids)), self._reader.once(("videos", self._rules), dict[int, Video])
        missing = [number for number in wanted if number not in known]
        if len(known) + len(missing) > _MOST_VIDEOS:
            known.clear()
            missing = wanted
        for start in range(0, len(missing), MANY):
            known |= {video.id: video for video in self._videos(missing[start : start + MANY])}
        return [known[number] for number in wanted if number in known]

    def motion(self, video_id: int) -> Motion | None:
        """The motion curve of a video; None where nobody looked for it.

        Raises:
            DamagedCatalogError: it can't be read.
        """
        return next((motion for _, motion in self.motions([video_id])), None)

    def motions(self, video_ids: Iterable[int] | None = None) -> Iterator[tuple[int, Motion]]:
        """The motion curves of these videos, or of all, with their ids in order; as `motion`."""
        known = select(VideoRow.id, VideoRow.motion_levels, VideoRow.motion_source, VideoRow.motion_detail)
        known = known.where(VideoRow.motion_source.is_not(None)).order_by(VideoRow.id)
        if video_ids is None:
            yield from self._motions(known)
            return
        wanted = sorted(set(video_ids))
        for start in range(0, len(wanted), MANY):
            yield from self._motions(known.where(VideoRow.id.in_(wanted[start : start + MANY])))

    def without_motion(self) -> list[int]:
        """Videos whose motion nobody looked for, by id."""
        query = select(VideoRow.id).where(VideoRow.motion_source.is_(None)).order_by(VideoRow.id)
        return [*self._connection.execute(query).scalars()]

    def _motions(self, query: Select[Any]) -> Iterator[tuple[int, Motion]]:
        for video_id, levels, source, detail in self._connection.execute(query):
            try:
                yield video_id, Motion(unpacked(levels), Source(source), detail)
            except (TypeError, ValueError) as error:
                raise DamagedCatalogError(
                    f"the motion curve of video {video_id} is damaged; framescout verify --repair drops the video, "
                    "the next framescout index reads it again"
                ) from error

    def partial_videos(self) -> list[Video]:
        """Videos that could not be read to their end, by id."""
        query = select(VideoRow.id).where(~VideoRow.is_complete)
        return self.videos(self._connection.execute(query).scalars())

    def video_facts(self) -> tuple[VideoFacts, ...]:
        """What filters ask of every video, by id; cheaper than `videos`."""
        return self._reader.once(("video facts", self._rules), self._video_facts)

    def _video_facts(self) -> tuple[VideoFacts, ...]:
        rows = self._connection.execute(select(VideoRow.id, VideoRow.duration, *_EVIDENCE).order_by(VideoRow.id)).all()
        files = self._files(None)
        return tuple(
            VideoFacts(row.id, self._files_of(row, files[row.id]), row.duration) for row in rows if row.id in files
        )

    def _videos(self, ids: Sequence[int] | None) -> list[Video]:
        query = select(
            VideoRow.id,
            VideoRow.content_hash,
            VideoRow.duration,
            VideoRow.frame_rate,
            VideoRow.width_px,
            VideoRow.height_px,
            VideoRow.codec,
            VideoRow.read_to,
            VideoRow.is_complete,
            VideoRow.end_detail,
            *_EVIDENCE,
        ).order_by(VideoRow.id)
        if ids is not None:
            query = query.where(VideoRow.id.in_(ids))
        files = self._files(ids)
        return [
            Video(
                id=row.id,
                files=self._files_of(row, files[row.id]),
                content_hash=row.content_hash,
                duration=row.duration,
                frame_rate=row.frame_rate,
                width_px=row.width_px,
                height_px=row.height_px,
                codec=row.codec,
                end=ReadEnd(row.read_to, row.is_complete, row.end_detail),
            )
            for row in self._connection.execute(query)
            if row.id in files
        ]

    def _files(self, ids: Sequence[int] | None) -> dict[int, list[tuple[str, bool]]]:
        """Of each video the present files, else those that are gone: path, whether it is gone; the first found first.

        Of those that are gone, the one that went first.
        """
        is_gone = FileRow.gone_at.is_not(None)
        query = select(FileRow.video_id, FileRow.path, is_gone).order_by(is_gone, FileRow.gone_at, FileRow.id)
        if ids is not None:
            query = query.where(FileRow.video_id.in_(ids))
        files: dict[int, list[tuple[str, bool]]] = {}
        for video_id, path, gone in self._connection.execute(query):
            own = files.setdefault(video_id, [])
            if not own or own[0][1] == gone:
                own.append((path, bool(gone)))
        return files

    def _files_of(self, row: Any, files: Sequence[tuple[str, bool]]) -> tuple[FileFacts, ...]:
        return tuple(FileFacts(path, is_gone, _tags(row, path), row.duration, self._rules) for path, is_gone in files)

    def models(self) -> list[Model]:
        """Every model that has a row, oldest first."""
        rows = self._connection.execute(select(*_MODEL).order_by(ModelRow.id))
        return [Model(**row) for row in rows.mappings()]

    def active_model(self) -> Model | None:
        """The model that searches use where they name none."""
        return self._reader.once("active model", self._active_model)

    def _active_model(self) -> Model | None:
        active = select(StateRow.value).where(StateRow.key == "active_model_id").scalar_subquery()
        row = self._connection.execute(select(*_MODEL).where(ModelRow.id == active)).mappings().first()
        return Model(**row) if row else None

    def next_keyframe_id(self) -> int:
        """The id that the next keyframe will get: every living id is smaller."""

        def read() -> int:
            query = select(StateRow.value).where(StateRow.key == "next_keyframe_id")
            return self._connection.execute(query).scalar() or 1

        return self._reader.once("next keyframe", read)

    def indexed_since(self, since: datetime) -> Recent:
        """Videos that were indexed at `since` (aware) or later."""
        is_later = VideoRow.indexed_at >= since
        count, duration = self._connection.execute(
            select(func.count(VideoRow.id), func.coalesce(func.sum(VideoRow.duration), 0.0)).where(is_later)
        ).one()
        newest = self._connection.execute(
            select(VideoRow.id).where(is_later).order_by(VideoRow.indexed_at.desc()).limit(_NEWEST)
        )
        return Recent(count, duration, [*newest.scalars()])

    def cameras(self) -> list[str]:
        """The names of all cameras, sorted."""
        return sorted({file.camera for video in self.video_facts() for file in video.files if file.camera})

    def speed(self) -> int | None:
        """Bytes of files a second that the last run read; None before a first run."""
        return self._connection.execute(select(StateRow.value).where(StateRow.key == "bytes_a_second")).scalar()

    def totals(self) -> Totals:
        """What the catalog holds, counted."""
        present = select(FileRow.video_id).where(FileRow.gone_at.is_(None))
        count = select(func.count()).select_from(VideoRow)
        scalar = self._connection.execute
        by_model = scalar(
            select(ModelRow.name, func.count(IndexingRow.video_id))
            .join_from(ModelRow, IndexingRow, IndexingRow.model_id == ModelRow.id)
            .group_by(ModelRow.id)
        )
        return Totals(
            videos=scalar(count).scalar_one(),
            gone=scalar(count.where(VideoRow.id.not_in(present))).scalar_one(),
            partial=scalar(count.where(~VideoRow.is_complete)).scalar_one(),
            duration=scalar(select(func.coalesce(func.sum(VideoRow.read_to), 0.0))).scalar_one(),
            keyframes=scalar(select(func.count()).select_from(KeyframeRow)).scalar_one(),
            quarantined=scalar(select(func.count()).select_from(QuarantineRow)).scalar_one(),
            by_model=dict(by_model.all()),
        )


def _tags(row: Any, path: str) -> Mapping[str, str]:
    """What is known of the container's tags; of schemas before 0009 one alone, and the container by the name."""
    if row.tags is not None:
        tags: Mapping[str, str] = row.tags
        return tags
    if row.created_at is None:
        return {}
    return {"container": path.rpartition(".")[2].lower(), "creation_time": row.created_at.isoformat()}
