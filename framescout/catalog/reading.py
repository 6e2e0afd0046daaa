"""Everything that is asked of the catalog, within one consistent snapshot."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Subquery, exists, func, select

from framescout.catalog import glance, seals
from framescout.catalog.alerts import read_alerts
from framescout.catalog.kept import KeptBlocks
from framescout.catalog.labels import StoredLabels
from framescout.catalog.records import (
    Alert,
    EmbeddingBlock,
    Generation,
    KeyframeTimes,
    Model,
    QuarantinedFile,
    ReadEnd,
    Totals,
    Video,
    VideoFacts,
)
from framescout.catalog.tables import (
    FileRow,
    GenerationRow,
    IndexingRow,
    KeyframeRow,
    ModelRow,
    QuarantineRow,
    StateRow,
    VideoRow,
)
from framescout.errors import DamagedCatalogError

_MANY = 500  # ids in one statement: below SQLite's limit on variables
_MOST_VIDEOS = 10_000  # whose facts are remembered
T = TypeVar("T")
_HAS_FILE = exists().where(FileRow.video_id == IndexingRow.video_id)
"""Not so while other footage stands at its path, and the run goes on that may find it elsewhere: nothing to show."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalog remembers of a file, to see whether it changed."""

    size_bytes: int
    mtime_ns: int
    video_id: int
    is_gone: bool


class Snapshot:
    """One state of the catalog; made by `Catalog.snapshot`."""

    def __init__(self, connection: Connection, kept: KeptBlocks | None = None) -> None:
        self._connection = connection
        self._kept = kept
        self._known = {} if kept is None else _known_of(connection)

    def _once(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` returns; asked once in a state of a catalog that stays open, else once in a snapshot."""
        if name not in self._known:
            self._known[name] = read()
        found: T = self._known[name]
        return found

    def known_files(self) -> dict[str, KnownFile]:
        """Every file that holds a video, by path."""
        rows = self._connection.execute(
            select(FileRow.path, FileRow.size_bytes, FileRow.mtime_ns, FileRow.video_id, FileRow.gone_at)
        )
        return {
            path: KnownFile(size, mtime, video_id, gone_at is not None) for path, size, mtime, video_id, gone_at in rows
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
        return [QuarantinedFile(*row) for row in rows]

    def video_id_of(self, content_hash: str) -> int | None:
        """The video with this content, where it is known."""
        return self._connection.execute(select(VideoRow.id).where(VideoRow.content_hash == content_hash)).scalar()

    def created_at(self, video_id: int) -> datetime | None:
        """The container's creation time of a video, aware."""
        return self._connection.execute(select(VideoRow.created_at).where(VideoRow.id == video_id)).scalar()

    def densities(self, model_id: int) -> dict[int, str]:
        """Video id -> density with which `model_id` indexed it."""
        rows = self._connection.execute(
            select(IndexingRow.video_id, IndexingRow.density).where(IndexingRow.model_id == model_id)
        )
        return dict(rows.all())

    def videos(self, ids: Iterable[int] | None = None) -> list[Video]:
        """Videos with these ids, or all, by id; unknown ids are passed over."""
        if ids is None:
            return self._videos(None)
        wanted, known = sorted(set(ids)), self._once("videos", dict[int, Video])
        missing = [number for number in wanted if number not in known]
        if len(known) + len(missing) > _MOST_VIDEOS:
            known.clear()
            missing = wanted
        for start in range(0, len(missing), _MANY):
            known |= {video.id: video for video in self._videos(missing[start : start + _MANY])}
        return [known[number] for number in wanted if number in known]

    def partial_videos(self) -> list[Video]:
        """Videos that could not be read to their end, by id."""
        query = select(VideoRow.id).where(~VideoRow.is_complete)
        return self.videos(self._connection.execute(query).scalars())

    def video_facts(self) -> tuple[VideoFacts, ...]:
        """What filters ask of every video, by id; cheaper than `videos`."""
        return self._once("video facts", self._video_facts)

    def _video_facts(self) -> tuple[VideoFacts, ...]:
        best = _best_files()
        rows = self._connection.execute(
            select(VideoRow.id, best.c.path, VideoRow.camera, VideoRow.recorded_at, VideoRow.duration)
            .join_from(VideoRow, best, best.c.video_id == VideoRow.id)
            .order_by(VideoRow.id)
        )
        return tuple(VideoFacts(*row) for row in rows)

    def _videos(self, ids: Sequence[int] | None) -> list[Video]:
        best = _best_files(ids)
        query = (
            select(
                VideoRow.id,
                best.c.path,
                best.c.gone_at,
                VideoRow.content_hash,
                VideoRow.duration,
                VideoRow.frame_rate,
                VideoRow.width_px,
                VideoRow.height_px,
                VideoRow.codec,
                VideoRow.camera,
                VideoRow.recorded_at,
                VideoRow.read_to,
                VideoRow.is_complete,
                VideoRow.end_detail,
            )
            .join_from(VideoRow, best, best.c.video_id == VideoRow.id)
            .order_by(VideoRow.id)
        )
        if ids is not None:
            query = query.where(VideoRow.id.in_(ids))
        rows = self._connection.execute(query)
        return [
            Video(row[0], row[1], row[2] is not None, *row[3:11], ReadEnd(*row[11:]))  # type: ignore[call-arg]
            for row in rows
        ]

    def models(self) -> list[Model]:
        """Every model that has a row, oldest first."""
        rows = self._connection.execute(
            select(ModelRow.id, ModelRow.name, ModelRow.fingerprint, ModelRow.dimensions).order_by(ModelRow.id)
        )
        return [Model(*row) for row in rows]

    def active_model(self) -> Model | None:
        """The model that searches use where they name none."""
        return self._once("active model", self._active_model)

    def _active_model(self) -> Model | None:
        active = select(StateRow.value).where(StateRow.key == "active_model_id").scalar_subquery()
        row = self._connection.execute(
            select(ModelRow.id, ModelRow.name, ModelRow.fingerprint, ModelRow.dimensions).where(ModelRow.id == active)
        ).first()
        return Model(*row) if row else None

    def keyframe_count(self, model_id: int, *, below: int | None = None) -> int:
        """How many keyframes have an embedding of this model; of videos that begin below the id `below`, if given."""
        spans = self.video_ranges(model_id)
        if below is not None:
            spans = spans[: np.searchsorted(spans[:, 1], below)]
        return int((spans[:, 2] - spans[:, 1]).sum())

    def keyframe_ranges(self, model_id: int) -> np.ndarray:
        """(M, 2) int64: the ids that live, as [first, last + 1) of each video, in order of id."""
        return self.video_ranges(model_id)[:, 1:]

    def video_ranges(self, model_id: int) -> np.ndarray:
        """(M, 3) int64: video id, first keyframe id, last keyframe id + 1; in order of keyframe id."""
        return self._once(("ranges", model_id), lambda: self._video_ranges(model_id))

    def _video_ranges(self, model_id: int) -> np.ndarray:
        rows = self._connection.execute(
            select(
                IndexingRow.video_id,
                IndexingRow.first_keyframe_id,
                IndexingRow.first_keyframe_id + IndexingRow.keyframe_count,
            )
            .where(IndexingRow.model_id == model_id, _HAS_FILE)
            .order_by(IndexingRow.first_keyframe_id)
        ).all()
        return _integers(rows, 3)

    def blocks(
        self, model_id: int, *, from_keyframe_id: int = 0, video_ids: Iterable[int] | None = None
    ) -> Iterator[EmbeddingBlock]:
        """Embeddings of whole videos in order of keyframe id: those from an id on, or of these videos.

        Raises:
            DamagedCatalogError: a matrix has not the size that its row says.
        """
        spans = self.video_ranges(model_id)
        spans = spans[np.searchsorted(spans[:, 1], from_keyframe_id) :]
        if video_ids is not None:
            spans = spans[np.isin(spans[:, 0], list(video_ids))]
        yield from self.blocks_of(model_id, spans)

    def blocks_of(self, model_id: int, spans: np.ndarray) -> Iterator[EmbeddingBlock]:
        """Embeddings of whole videos; as `blocks`, by rows of `video_ranges` in their order."""
        if not len(spans):
            return
        kept = self._kept
        if kept is None or int((spans[:, 2] - spans[:, 1]).sum()) * self._dimensions(model_id) > kept.most_values:
            yield from self._read_blocks(model_id, spans[:, 1].tolist())
            return
        known = kept.get_all(model_id, spans[:, 1].tolist())
        missing = self._read_blocks(model_id, [first for first, block in known.items() if block is None])
        for block in known.values():
            if block is not None:
                yield block
            elif read := next(missing, None):
                kept.keep(model_id, read)
                yield read

    def _dimensions(self, model_id: int) -> int:
        def read() -> int:
            query = select(ModelRow.dimensions).where(ModelRow.id == model_id)
            return int(self._connection.execute(query).scalar_one())

        return self._once(("dimensions", model_id), read)

    def _read_blocks(self, model_id: int, firsts: Sequence[int]) -> Iterator[EmbeddingBlock]:
        """Those that begin with these keyframes, in this order, which is that of the ids."""
        query = (
            select(
                IndexingRow.video_id,
                IndexingRow.first_keyframe_id,
                IndexingRow.keyframe_count,
                IndexingRow.embeddings,
            )
            .where(IndexingRow.model_id == model_id)
            .order_by(IndexingRow.first_keyframe_id)
        )
        dimensions = self._dimensions(model_id)
        for start in range(0, len(firsts), _MANY):
            part = query.where(IndexingRow.first_keyframe_id.in_(firsts[start : start + _MANY]))
            for video_id, first, count, matrix in self._connection.execute(part):
                if len(matrix) != count * dimensions * 2:
                    raise DamagedCatalogError(
                        f"the embeddings of video {video_id} are damaged; framescout verify --repair mends them"
                    )
                rows = np.frombuffer(matrix, dtype="<f2").reshape(count, dimensions)
                yield EmbeddingBlock(video_id, first, rows)

    def keyframe_times(self, video_id: int, model_id: int) -> KeyframeTimes | None:
        """The times of all keyframes of one video; None where the model has not indexed it.

        Raises:
            DamagedCatalogError: there are not as many as its row says.
        """
        span = self._connection.execute(
            select(IndexingRow.first_keyframe_id, IndexingRow.keyframe_count).where(
                IndexingRow.video_id == video_id, IndexingRow.model_id == model_id
            )
        ).first()
        if span is None:
            return None
        first, count = span
        rows = self._connection.execute(
            select(KeyframeRow.pts, KeyframeRow.time, KeyframeRow.span_start, KeyframeRow.span_end)
            .where(KeyframeRow.id.between(first, first + count - 1))
            .order_by(KeyframeRow.id)
        ).all()
        if len(rows) != count:
            raise DamagedCatalogError(
                f"keyframes of video {video_id} are missing; framescout verify --repair drops the video, "
                "the next framescout index reads it again"
            )
        columns = list(zip(*rows, strict=True))
        return KeyframeTimes(first, np.array(columns[0], np.int64), *(np.array(c, np.float64) for c in columns[1:]))

    def keyframes_between(self, first: int, end: int, start: float, stop: float) -> tuple[int, int]:
        """Of one video's keyframe ids [first, end), those shown in [start, stop) seconds: (first, last + 1)."""
        low, high = self._connection.execute(
            select(func.min(KeyframeRow.id), func.max(KeyframeRow.id)).where(
                KeyframeRow.id >= first, KeyframeRow.id < end, KeyframeRow.time >= start, KeyframeRow.time < stop
            )
        ).one()
        return (first, first) if low is None else (low, high + 1)

    def keyframe_at(self, model_id: int, video_id: int, seconds: float) -> int | None:
        """The keyframe that stands for this second of the video; its last one behind the end, None without any."""
        row = self._connection.execute(
            select(IndexingRow.first_keyframe_id, IndexingRow.keyframe_count).where(
                IndexingRow.video_id == video_id, IndexingRow.model_id == model_id
            )
        ).first()
        if row is None:
            return None
        first, count = row
        before = (KeyframeRow.id >= first) & (KeyframeRow.id < first + count) & (KeyframeRow.span_start <= seconds)
        return int(self._connection.execute(select(func.max(KeyframeRow.id)).where(before)).scalar() or first)

    def embeddings_of(self, model_id: int, keyframe_ids: Sequence[int]) -> np.ndarray:
        """(N, D) float16, in the order of the ids; ids that the model doesn't know are left out."""
        if not len(keyframe_ids):
            return np.empty((0, 0), np.float16)
        ranges = self.video_ranges(model_id)
        places = np.searchsorted(ranges[:, 1], keyframe_ids, side="right") - 1
        known = [(i, p) for i, p in zip(keyframe_ids, places, strict=True) if p >= 0 and i < ranges[p, 2]]
        blocks = {b.video_id: b for b in self.blocks(model_id, video_ids=[int(ranges[p, 0]) for _, p in known])}
        rows = [blocks[int(ranges[p, 0])].embeddings[i - ranges[p, 1]] for i, p in known]
        return np.stack(rows) if rows else np.empty((0, 0), np.float16)

    def ranges_since(self, model_id: int, keyframe_id: int) -> np.ndarray:
        """(M, 2) int64: keyframe ids of the videos that had none below this id, by any model: of new footage."""
        older = IndexingRow.__table__.alias().c
        was_there = exists().where(older.video_id == IndexingRow.video_id, older.first_keyframe_id < keyframe_id)
        rows = self._connection.execute(
            select(IndexingRow.first_keyframe_id, IndexingRow.first_keyframe_id + IndexingRow.keyframe_count)
            .where(IndexingRow.model_id == model_id, ~was_there, _HAS_FILE)
            .order_by(IndexingRow.first_keyframe_id)
        ).all()
        return _integers(rows, 2)

    def times_of(self, model_id: int, keyframe_ids: Sequence[int]) -> list[tuple[float, float, float]]:
        """(time, start, end) in seconds of each of these keyframes of a model, in the order of the ids."""
        if self._kept is None:
            return self._times_of(keyframe_ids)
        ranges = self.video_ranges(model_id)
        places = (np.searchsorted(ranges[:, 1], keyframe_ids, side="right") - 1).tolist()
        videos = {place: self._kept_times(self._kept, model_id, *ranges[place, :2].tolist()) for place in set(places)}
        found = []
        for keyframe_id, place in zip(keyframe_ids, places, strict=True):
            times = videos[place]
            number = keyframe_id - times.first_keyframe_id
            found.append((times.times.item(number), times.starts.item(number), times.ends.item(number)))
        return found

    def _kept_times(self, kept: KeptBlocks, model_id: int, video_id: int, first: int) -> KeyframeTimes:
        times = kept.times(model_id, first)
        if times is None:
            times = self.keyframe_times(video_id, model_id)
            assert times is not None
            kept.keep_times(model_id, times)
        return times

    def _times_of(self, keyframe_ids: Sequence[int]) -> list[tuple[float, float, float]]:
        wanted = sorted(set(keyframe_ids))
        query = select(KeyframeRow.id, KeyframeRow.time, KeyframeRow.span_start, KeyframeRow.span_end)
        known: dict[int, tuple[float, float, float]] = {}
        for start in range(0, len(wanted), _MANY):
            part = query.where(KeyframeRow.id.in_(wanted[start : start + _MANY]))
            known |= {number: (time, first, last) for number, time, first, last in self._connection.execute(part)}
        return [known[number] for number in keyframe_ids]

    def indexed_since(self, since: datetime) -> glance.Recent:
        """Videos that were indexed at `since` (aware) or later."""
        return glance.indexed_since(self._connection, since)

    def cameras(self) -> list[str]:
        """The names of all cameras, sorted."""
        return glance.cameras(self._connection)

    def labels(self, model_id: int) -> StoredLabels:
        """The zero-shot labels of this model's keyframes."""
        return StoredLabels(self._connection, model_id)

    def alerts(self, model_id: int) -> dict[str, list[Alert]]:
        """What was found of each event with this model, by the event's name; the surest first."""
        return read_alerts(self._connection, model_id)

    def current_generation(self, model_id: int) -> Generation | None:
        """The vector index file that is valid for this model."""
        return self._once(("generation", model_id), lambda: self._current_generation(model_id))

    def _current_generation(self, model_id: int) -> Generation | None:
        row = self._connection.execute(
            select(
                GenerationRow.id,
                GenerationRow.model_id,
                GenerationRow.file_name,
                GenerationRow.kind,
                GenerationRow.vector_count,
                GenerationRow.covers_below,
                GenerationRow.checksum,
                GenerationRow.nprobe,
                GenerationRow.recall,
                GenerationRow.built_at,
            ).where(GenerationRow.model_id == model_id, GenerationRow.is_current)
        ).first()
        return Generation(**row._mapping) if row else None

    def next_keyframe_id(self) -> int:
        """The id that the next keyframe will get: every living id is smaller."""

        def read() -> int:
            query = select(StateRow.value).where(StateRow.key == "next_keyframe_id")
            return self._connection.execute(query).scalar() or 1

        return self._once("next keyframe", read)

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


KNOWN = "framescout: known"
"""In a connection's `info`: SQLite's data version, and what was read in that state."""


def _known_of(connection: Connection) -> dict[Hashable, Any]:
    """What this connection has read again and again in the state that it is in, to be added to."""
    version = connection.exec_driver_sql("PRAGMA data_version").scalar()
    known = connection.info.get(KNOWN)
    if known is None or known[0] != version:
        known = connection.info[KNOWN] = (version, {})
    read: dict[Hashable, Any] = known[1]
    return read


def _integers(rows: Iterable[Iterable[int]], columns: int) -> np.ndarray:
    """(N, columns) int64; numpy takes 50 times as long to find out what SQLAlchemy's rows are."""
    return np.fromiter((value for row in rows for value in row), np.int64).reshape(-1, columns)


def _best_files(ids: Sequence[int] | None = None) -> Subquery:
    """Of each video one file: SQLite takes the bare columns from the row that min() chose, a present before a gone."""
    query = select(FileRow.video_id, FileRow.path, FileRow.gone_at, func.min(func.coalesce(FileRow.gone_at, "")))
    if ids is not None:
        query = query.where(FileRow.video_id.in_(ids))
    return query.group_by(FileRow.video_id).subquery()
