"""The keyframes of one model in one state of the catalog: ranges, embeddings, times, labels, alerts, vector index."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.keyframe_motion import KeyframeMotion, VideoMotion
from framescout.catalog.labels import StoredLabels
from framescout.catalog.packed_times import UNFIT, unpacked
from framescout.catalog.reader import ANY_OF, Reader, any_of, integers
from framescout.catalog.records import Alert, EventFacts, Generation, KeyframeTimes, Model
from framescout.catalog.stored import path_of, time_of
from framescout.catalog.video_ranges import HAS_FILE, video_ranges
from framescout.errors import DamagedCatalogError

if TYPE_CHECKING:
    from framescout.catalog.snapshot import Snapshot


_LONG = 8192  # keyframes of a video, some hours, from which on to read a few takes less than to read all


class Space:
    """The keyframes of one model, as one snapshot has them; made by `Snapshot.space`."""

    def __init__(self, snapshot: Snapshot, reader: Reader, model: Model) -> None:
        self.snapshot = snapshot
        """The state of the catalog that the keyframes are of."""
        self.model = model
        self._reader = reader

    def densities(self) -> dict[int, str]:
        """Video id -> density with which the model indexed it."""
        return dict(self._reader.rows("SELECT video_id, density FROM indexing WHERE model_id = ?", self.model.id))

    def density_of(self, video_id: int) -> str | None:
        """The density with which the model indexed this video; None where it has not."""
        query = "SELECT density FROM indexing WHERE model_id = ? AND video_id = ?"
        density: str | None = self._reader.value(query, self.model.id, video_id)
        return density

    def video_count(self) -> int:
        """How many videos the model has indexed, whether a file holds them or not."""
        count: int = self._reader.value("SELECT count(*) FROM indexing WHERE model_id = ?", self.model.id)
        return count

    def keyframe_count(self, *, below: int | None = None) -> int:
        """How many keyframes have an embedding; of videos that begin below the id `below`, if given."""
        spans = self.video_ranges()
        if below is not None:
            spans = spans[: np.searchsorted(spans[:, 1], below)]
        return int((spans[:, 2] - spans[:, 1]).sum())

    def keyframe_ranges(self) -> np.ndarray:
        """(M, 2) int64: the ids that live, as [first, last + 1) of each video, in order of id."""
        return self.video_ranges()[:, 1:]

    def video_ranges(self) -> np.ndarray:
        """(M, 3) int64: video id, first keyframe id, last keyframe id + 1; in order of keyframe id."""
        return self._reader.once(
            ("ranges", self.model.id),
            lambda: video_ranges(self._reader, self.snapshot.kept, self.model.id),
        )

    def ranges_since(self, keyframe_id: int) -> np.ndarray:
        """(M, 2) int64: keyframe ids of the videos that had none below this id, by any model: of new footage."""
        was_there = "SELECT 1 FROM indexing AS older WHERE older.video_id = indexing.video_id AND first_keyframe_id < ?"
        rows = self._reader.rows(
            "SELECT first_keyframe_id, first_keyframe_id + keyframe_count FROM indexing "
            f"WHERE model_id = ? AND NOT EXISTS ({was_there}) AND {HAS_FILE} ORDER BY first_keyframe_id",
            self.model.id,
            keyframe_id,
        )
        return integers(rows, 2)

    def blocks(self, *, from_keyframe_id: int = 0, video_ids: Iterable[int] | None = None) -> Iterator[EmbeddingBlock]:
        """Embeddings of whole videos in order of keyframe id: those from an id on, or of these videos.

        Raises:
            DamagedCatalogError: a matrix has not the size that its row says.
        """
        spans = self.video_ranges()
        spans = spans[np.searchsorted(spans[:, 1], from_keyframe_id) :]
        if video_ids is not None:
            spans = spans[np.isin(spans[:, 0], list(video_ids))]
        yield from self.blocks_of(spans)

    def blocks_of(self, spans: np.ndarray, *, in_parts: bool = False) -> Iterator[EmbeddingBlock]:
        """Embeddings of whole videos; as `blocks`, by rows of `video_ranges` in their order.

        `in_parts`: of long videos only those rows are read that are asked for, as long as the snapshot is there.
        """
        is_long = spans[:, 2] - spans[:, 1] >= _LONG
        if not in_parts or not is_long.any():
            yield from self._whole_blocks(spans)
            return
        whole = self._whole_blocks(spans[~is_long])
        for span, long in zip(spans.tolist(), is_long.tolist(), strict=True):
            yield self._block_in_parts(*span) if long else next(whole)

    def _whole_blocks(self, spans: np.ndarray) -> Iterator[EmbeddingBlock]:
        if not len(spans):
            return
        cache, model = self._reader.cache, self.model
        if cache is None or int((spans[:, 2] - spans[:, 1]).sum()) * model.dimensions > cache.most_values:
            yield from self._read_blocks(spans[:, 1].tolist())
            return
        known = cache.get_all(model.id, spans[:, 1].tolist())
        missing = self._read_blocks([first for first, block in known.items() if block is None])
        for block in known.values():
            if block is not None:
                yield block
            elif read := next(missing, None):
                cache.keep(model.id, read)
                yield read

    def _read_blocks(self, firsts: Sequence[int]) -> Iterator[EmbeddingBlock]:
        """Those that begin with these keyframes, in this order, which is that of the ids."""
        rows = self._reader.stream(
            "SELECT video_id, first_keyframe_id, keyframe_count, embeddings FROM indexing WHERE model_id = ? "
            f"AND first_keyframe_id {ANY_OF} ORDER BY first_keyframe_id",
            self.model.id,
            any_of(firsts),
        )
        dimensions = self.model.dimensions
        for video_id, first, count, matrix in rows:
            if len(matrix) != count * dimensions * 2:
                raise _damaged(video_id)
            yield EmbeddingBlock(video_id, first, np.frombuffer(matrix, dtype="<f2").reshape(count, dimensions))

    def _block_in_parts(self, video_id: int, first: int, end: int) -> EmbeddingBlock:
        cache, count, dimensions = self._reader.cache, end - first, self.model.dimensions
        known = cache and cache.get_all(self.model.id, [first])[first]
        if known:
            return known
        own = {"video_id": video_id, "model_id": self.model.id}
        matrix = self._reader.session.value("indexing", "embeddings", own)
        if matrix.size != count * dimensions * 2:
            raise _damaged(video_id)

        def read(begin: int, behind: int) -> np.ndarray:
            data = matrix.between(begin * dimensions * 2, behind * dimensions * 2)
            return np.frombuffer(data, dtype="<f2").reshape(-1, dimensions)

        return EmbeddingBlock.in_parts(video_id, first, (count, dimensions), read)

    def embeddings_of(self, keyframe_ids: Sequence[int]) -> np.ndarray:
        """(N, D) float16, in the order of the ids; ids that the model doesn't know are left out."""
        if not len(keyframe_ids):
            return np.empty((0, 0), np.float16)
        ranges = self.video_ranges()
        places = np.searchsorted(ranges[:, 1], keyframe_ids, side="right") - 1
        known = [(i, p) for i, p in zip(keyframe_ids, places, strict=True) if p >= 0 and i < ranges[p, 2]]
        spans = ranges[sorted({int(p) for _, p in known})]
        blocks = {block.video_id: block for block in self.blocks_of(spans, in_parts=True)}
        rows = [blocks[int(ranges[p, 0])].row(int(i - ranges[p, 1])) for i, p in known]
        return np.stack(rows) if rows else np.empty((0, 0), np.float16)

    def keyframe_times(self, video_id: int) -> KeyframeTimes | None:
        """The times of all keyframes of one video; None where the model has not indexed it.

        Raises:
            DamagedCatalogError: there are not as many as its row says.
        """
        span = self.span(video_id)
        if span is None:
            return None
        first, end = span
        return self._read_times(np.array([[video_id, first, end]], np.int64))[first]

    def _read_times(self, spans: np.ndarray) -> dict[int, KeyframeTimes]:
        """By the first keyframe, of these rows of `video_ranges`; as `keyframe_times`."""
        query = f"SELECT first_keyframe_id, packed FROM keyframe_times WHERE first_keyframe_id {ANY_OF}"
        found = dict(self._reader.rows(query, any_of(spans[:, 1].tolist())))
        return {first: _times(video_id, first, end, found.get(first)) for video_id, first, end in spans.tolist()}

    def motion(self) -> KeyframeMotion:
        """The motion of every keyframe whose video has a curve.

        Raises:
            DamagedCatalogError: a curve can't be read, or keyframes are missing.
        """
        return self._reader.once(("motion", self.model.id, self.snapshot.rules), self._motion)

    def _motion(self) -> KeyframeMotion:
        spans = self.video_ranges()
        known = self._video_motions(spans)
        cameras = self.snapshot.file_columns().first_cameras()
        with_curve = [(first, cameras.get(video, video)) for video, first, _ in spans.tolist() if first in known]
        firsts, own = [first for first, _ in with_curve], [camera for _, camera in with_curve]
        return KeyframeMotion.of(firsts, own, [known[first] for first in firsts])

    def _video_motions(self, spans: np.ndarray) -> dict[int, VideoMotion]:
        """By the first keyframe of each video that has a curve; those of an earlier state are not read again."""
        cache = self._reader.cache
        earlier = {} if cache is None else cache.motions.get(self.model.id, {})
        missing = spans[[first not in earlier for first in spans[:, 1].tolist()]]
        curves = dict(self.snapshot.motions(missing[:, 0].tolist()))
        missing = missing[np.isin(missing[:, 0], [*curves])]
        known = {first: earlier[first] for first in spans[:, 1].tolist() if first in earlier}
        for (video_id, first, _), (starts, ends) in zip(missing.tolist(), self._stretches(missing), strict=True):
            known[first] = VideoMotion.of(curves[video_id], starts, ends)
        if cache is not None:
            cache.motions[self.model.id] = known
        return known

    def _stretches(self, spans: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(N,) starts and (N,) ends of the keyframes of each of these rows of `video_ranges`, in their order."""
        if not len(spans):
            return
        between = "first_keyframe_id >= ? AND first_keyframe_id < ?"
        read = f"SELECT first_keyframe_id, packed FROM keyframe_times WHERE {between} ORDER BY first_keyframe_id"
        rows = self._reader.stream(read, int(spans[0, 1]), int(spans[-1, 2]))
        for video_id, first, end in spans.tolist():
            times = _times(video_id, first, end, next((data for number, data in rows if number == first), None))
            yield times.starts, times.ends

    def span(self, video_id: int) -> tuple[int, int] | None:
        """A video's keyframe ids as [first, last + 1), whether a file holds it or not."""
        row = self._reader.rows(
            "SELECT first_keyframe_id, first_keyframe_id + keyframe_count FROM indexing "
            "WHERE video_id = ? AND model_id = ?",
            video_id,
            self.model.id,
        ).fetchone()
        return None if row is None else (row[0], row[1])

    def keyframes_between(self, first: int, end: int, start: float, stop: float) -> tuple[int, int]:
        """Of a video's keyframe ids [first, end), which are all, those shown in [start, stop) seconds."""
        query = "SELECT video_id, packed FROM keyframe_times WHERE first_keyframe_id = ?"
        row = self._reader.rows(query, first).fetchone()
        if row is None:
            return first, first
        times = _times(row[0], first, end, row[1]).times
        shown = np.flatnonzero((times >= start) & (times < stop))
        return (first + int(shown[0]), first + int(shown[-1]) + 1) if len(shown) else (first, first)

    def keyframe_at(self, video_id: int, seconds: float) -> int | None:
        """The keyframe that stands for this second of the video; its last one behind the end, None without any."""
        span = self.span(video_id)
        if span is None:
            return None
        first, end = span
        starts = self._read_times(np.array([[video_id, first, end]], np.int64))[first].starts
        begun = np.flatnonzero(starts <= seconds)
        return first + int(begun[-1]) if len(begun) else first

    def times_of(self, keyframe_ids: Sequence[int]) -> list[tuple[float, float, float]]:
        """(time, start, end) in seconds of each of these keyframes, in the order of the ids."""
        ranges = self.video_ranges()
        places = np.searchsorted(ranges[:, 1], keyframe_ids, side="right") - 1
        videos = self._cached_times(ranges[sorted({*places.tolist()})])  # np.unique would import numpy.ma
        triples = []
        for keyframe_id, first in zip(keyframe_ids, ranges[places, 1].tolist(), strict=True):
            times, number = videos[first], keyframe_id - first
            triples.append((times.times.item(number), times.starts.item(number), times.ends.item(number)))
        return triples

    def _cached_times(self, spans: np.ndarray) -> dict[int, KeyframeTimes]:
        """As `_read_times`; those of blocks that are kept are kept as well."""
        cache = self._reader.cache
        if cache is None:
            return self._read_times(spans)
        known = {first: cache.times(self.model.id, first) for first in spans[:, 1].tolist()}
        missing = self._read_times(spans[[times is None for times in known.values()]])
        for times in missing.values():
            cache.keep_times(self.model.id, times)
        return {first: times or missing[first] for first, times in known.items()}

    def labels(self) -> StoredLabels:
        """The zero-shot labels of the keyframes."""
        return StoredLabels(self._reader, self.model.id)

    def events(self) -> list[EventFacts]:
        """The events that were looked for, by name."""
        rows = self._reader.rows(
            "SELECT name, fingerprint, found_at, source FROM event WHERE model_id = ? ORDER BY name", self.model.id
        )
        return [
            EventFacts(name, identity, time_of(found_at), None if source is None else path_of(source))
            for name, identity, found_at, source in rows
        ]

    def alerts(self, video_ids: Iterable[int] | None = None) -> dict[str, list[Alert]]:
        """What was found of each event, by the event's name, the surest first; an event without any alert has none.

        Videos that no file holds can't be shown, and have none. `video_ids`: only what was found in these.
        """
        some = "" if video_ids is None else f"AND alert.video_id {ANY_OF} "
        rows = self._reader.rows(
            'SELECT event.name, video_id, start, "end", peak, keyframe_id, score, context, why FROM event '
            "LEFT JOIN alert ON alert.event_id = event.id "
            f"AND EXISTS (SELECT 1 FROM file WHERE file.video_id = alert.video_id) {some}"
            "WHERE event.model_id = ? ORDER BY event.name, score DESC, keyframe_id, video_id, start",
            *([] if video_ids is None else [any_of(video_ids)]),
            self.model.id,
        )
        by_name: dict[str, list[Alert]] = {}
        for name, *facts, why in rows:
            own = by_name.setdefault(name, [])
            if facts[0] is not None:
                own.append(replace(Alert(*facts), why=None if why is None else json.loads(why)))
        return by_name

    def generation(self) -> Generation | None:
        """The vector index file that is valid now."""
        return self._reader.once(("generation", self.model.id), self._generation)

    def _generation(self) -> Generation | None:
        row = self._reader.rows(
            "SELECT id, model_id, file_name, kind, vector_count, covers_below, checksum, nprobe, recall, built_at "
            "FROM generation WHERE model_id = ? AND is_current",
            self.model.id,
        ).fetchone()
        return replace(Generation(*row), built_at=time_of(row[-1])) if row else None


def _damaged(video_id: int) -> DamagedCatalogError:
    return DamagedCatalogError(f"the embeddings of video {video_id} are damaged; framescout verify --repair mends them")


def _times(video_id: int, first: int, end: int, data: bytes | None) -> KeyframeTimes:
    """The keyframes [first, end) of a video.

    Raises:
        DamagedCatalogError: the value holds no times, or of another number of keyframes.
    """
    with contextlib.suppress(*UNFIT):
        return unpacked(first, data or b"", end - first)
    raise DamagedCatalogError(
        f"keyframes of video {video_id} are missing; framescout verify --repair drops the video, "
        "the next framescout index reads it again"
    )
