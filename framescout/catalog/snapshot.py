"""One consistent state of the catalog: its videos, files, models and totals. Its spaces hold the keyframes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec.structs import replace

from framescout.cached import Cache
from framescout.catalog.file_columns import FileColumns, state_key
from framescout.catalog.reader import ANY_OF, Reader, T, any_of
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
from framescout.catalog.stored import IDENTITY, path_of, stored_time, tags_of, time_of
from framescout.errors import DamagedCatalogError
from framescout.motion import Motion, Source, kinds, quiet_levels, unpacked
from framescout.recording import Rules
from framescout.roots import root_of

if TYPE_CHECKING:
    from framescout.catalog.checks import Checks

_MOST_VIDEOS = 10_000  # whose facts are remembered
_NEWEST = 6  # videos that `indexed_since` names
_MODEL = "SELECT id, name, fingerprint, dimensions FROM model"


class Snapshot:
    """One state of the catalog; made by `Catalog.snapshot`."""

    def __init__(self, reader: Reader, rules: Rules, kept: Cache) -> None:
        self._reader = reader
        self.rules = rules
        """By which the evidence of times and cameras is read."""
        self.kept = kept
        """What is derived from the catalog."""

    def space(self, model: Model) -> Space:
        """The keyframes of `model` in this state."""
        return Space(self, self._reader, model)

    @cached_property
    def checks(self) -> Checks:
        """Which rows are not as they were written."""
        from framescout.catalog.checks import Checks

        return Checks(self._reader)

    def files_state(self) -> str | None:
        """Another one whenever files or videos change; None where nothing tells that, as in an empty catalog."""
        return state_key(self._reader)

    def known_files(self) -> dict[str, KnownFile]:
        """Every file that holds a video, by path."""
        rows = self._reader.rows("SELECT path, size_bytes, mtime_ns, video_id, gone_at IS NOT NULL FROM file")
        return {
            self._reader.path(path): KnownFile(size, mtime, video_id, bool(is_gone))
            for path, size, mtime, video_id, is_gone in rows
        }

    def files_by_root(self) -> dict[str, int]:
        """How many files are stored by the name of each root."""
        rows = self._reader.rows("SELECT path FROM file ORDER BY path")
        return dict(Counter(name for (path,) in rows if (name := root_of(path_of(path)))))

    def quarantined(self) -> list[QuarantinedFile]:
        """Files that could not be used, by path."""
        rows = self._reader.rows(
            "SELECT path, size_bytes, mtime_ns, reason, detail, attempts, at FROM quarantine ORDER BY path"
        )
        return [QuarantinedFile(*(self._reader.path(path), *facts, time_of(at))) for path, *facts, at in rows]

    def video_id_of(self, content_hash: str) -> int | None:
        """The video with this content, where it is known."""
        video_id: int | None = self._reader.value("SELECT id FROM video WHERE content_hash = ?", content_hash)
        return video_id

    def content_hashes(self, ids: Iterable[int]) -> dict[int, str]:
        """The content hash of each of the videos with these ids; unknown ids are passed over."""
        query = f"SELECT id, content_hash FROM video WHERE id {ANY_OF}"
        return self._remembered("content hashes", ids, lambda missing: dict(self._reader.rows(query, any_of(missing))))

    def videos(self, ids: Iterable[int] | None = None) -> list[Video]:
        """Videos with these ids, or all, by id; unknown ids are passed over."""
        if ids is None:
            return self._videos("")
        found = self._remembered(
            ("videos", self.rules),
            ids,
            lambda missing: {video.id: video for video in self._videos(ANY_OF, any_of(missing))},
        )
        return [found[number] for number in sorted(found)]

    def motion(self, video_id: int) -> Motion | None:
        """The motion curve of a video; None where nobody looked for it.

        Raises:
            DamagedCatalogError: it can't be read.
        """
        return next((motion for _, motion in self.motions([video_id])), None)

    def motions(self, video_ids: Iterable[int] | None = None) -> Iterator[tuple[int, Motion]]:
        """The motion curves of these videos, or of all, with their ids in order; as `motion`."""
        columns = "id, motion_levels, motion_source, motion_detail, motion_jerks"
        query = f"SELECT {columns} FROM video WHERE motion_source IS NOT NULL"
        if video_ids is None:
            rows = self._reader.stream(f"{query} ORDER BY id")
        else:
            rows = self._reader.stream(f"{query} AND id {ANY_OF} ORDER BY id", any_of(video_ids))
        for video_id, levels, source, detail, jerks in rows:
            try:
                curve = Motion(unpacked(levels), Source(source), detail)
                yield video_id, curve if jerks is None else replace(curve, jerks=unpacked(jerks))
            except (TypeError, ValueError) as error:
                raise DamagedCatalogError(
                    f"the motion curve of video {video_id} is damaged; framescout verify --repair drops the video, "
                    "the next framescout index reads it again"
                ) from error

    def own_kinds(self, video_ids: Iterable[int]) -> Mapping[int, bytes]:
        """The kind of each half second of these videos, a byte each: its place in KINDS; empty without a curve.

        Quiet is what is quiet in the video itself, so that no other curve is read.
        """
        return self._remembered("own kinds", video_ids, self._own_kinds)

    def _own_kinds(self, video_ids: Sequence[int]) -> dict[int, bytes]:
        found = dict.fromkeys(video_ids, b"")
        for number, curve in self.motions(video_ids):
            found[number] = kinds(curve, quiet_levels([curve])[curve.source]).tobytes()
        return found

    def _remembered(
        self, name: Hashable, video_ids: Iterable[int], read: Callable[[list[int]], dict[int, T]]
    ) -> dict[int, T]:
        """Something of each of these videos, by id; `read` of those only that nobody asked for in this state."""
        wanted, known = set(video_ids), self._reader.once(name, dict[int, T])
        found = {number: value for number in wanted if (value := known.get(number)) is not None}
        missing = sorted(wanted - found.keys())
        if missing:
            new = read(missing)
            if len(known) + len(new) > _MOST_VIDEOS:
                known.clear()
            known |= new
            found |= new
        return found

    def without_motion(self) -> list[int]:
        """Videos whose motion nobody looked for, or an older framescout that knew no jerks, by id."""
        missing = "motion_source IS NULL OR motion_jerks IS NULL"
        return [number for (number,) in self._reader.rows(f"SELECT id FROM video WHERE {missing} ORDER BY id")]

    def partial_videos(self) -> list[Video]:
        """Videos that could not be read to their end, by id."""
        return self.videos(number for (number,) in self._reader.rows("SELECT id FROM video WHERE NOT is_complete"))

    def video_facts(self) -> tuple[VideoFacts, ...]:
        """What filters ask of every video, by id; cheaper than `videos`."""
        return self._reader.once(("video facts", self.rules), self._video_facts)

    def file_columns(self) -> FileColumns:
        """What filters ask of every file, as columns; of a million files sooner than `video_facts`."""
        return self._reader.once(
            ("file columns", self.rules), lambda: FileColumns.read(self._reader, self.rules, self.kept)
        )

    def paths(self, file_ids: Iterable[int]) -> dict[int, str]:
        """Of the files with these ids in `file_columns`."""
        rows = self._reader.rows(f"SELECT id, path FROM file WHERE id {ANY_OF}", any_of(file_ids))
        return {number: self._reader.path(path) for number, path in rows}

    def folders(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """(N,) int64: of each file of `file_columns`, the place of its folder among these paths."""
        return self._reader.once("folders", self._folders)

    def _folders(self) -> tuple[np.ndarray, tuple[str, ...]]:
        known: dict[str, int] = {}
        numbers = {}
        for number, path in self._reader.rows("SELECT id, path FROM file"):
            numbers[number] = known.setdefault(self._reader.path(path).rpartition("/")[0], len(known))
        codes = np.array([numbers[number] for number in self.file_columns().ids.tolist()], np.int64)
        return codes, (*known,)

    def _video_facts(self) -> tuple[VideoFacts, ...]:
        rows = self._reader.rows("SELECT id, duration, tags, created_at FROM video ORDER BY id")
        files = self._files("")
        return tuple(
            VideoFacts(number, self._files_of(number, files[number], duration, *evidence), duration)
            for number, duration, *evidence in rows
            if number in files
        )

    def _videos(self, which: str, *values: Any) -> list[Video]:
        """`which`: a condition on the ids, in which the values stand."""
        columns = "content_hash, frame_rate, width_px, height_px, codec, read_to, is_complete, end_detail"
        rows = self._reader.rows(
            f"SELECT id, duration, tags, created_at, {columns} FROM video {which and f'WHERE id {which}'} ORDER BY id",
            *values,
        )
        files = self._files(which, *values)
        return [
            Video(
                *(number, self._files_of(number, files[number], duration, tags, created_at), duration),
                *(*facts, ReadEnd(read_to, bool(is_complete), detail)),
            )
            for number, duration, tags, created_at, *facts, read_to, is_complete, detail in rows
            if number in files
        ]

    def _files(self, which: str, *values: Any) -> dict[int, list[tuple[str, bool]]]:
        """Of each video the present files, else those that are gone: path, whether it is gone; the first found first.

        Of those that are gone, the one that went first. `which`: as `_videos`.
        """
        rows = self._reader.rows(
            f"SELECT video_id, path, gone_at IS NOT NULL FROM file {which and f'WHERE video_id {which}'} "
            "ORDER BY gone_at IS NOT NULL, gone_at, id",
            *values,
        )
        files: dict[int, list[tuple[str, bool]]] = {}
        for video_id, path, gone in rows:
            own = files.setdefault(video_id, [])
            if not own or own[0][1] == gone:
                own.append((self._reader.path(path), bool(gone)))
        return files

    def _files_of(
        self,
        video_id: int,
        files: Sequence[tuple[str, bool]],
        duration: float,
        tags: str | None,
        created_at: str | None,
    ) -> tuple[FileFacts, ...]:
        columns = self._reader.once(
            ("kept file columns", self.rules), lambda: FileColumns.kept(self._reader, self.rules, self.kept)
        )
        kept = columns.of_video(video_id) if columns else []
        known = kept if len(kept) == len(files) else [None] * len(files)  # others where rows were changed by hand
        return tuple(
            FileFacts(path, is_gone, tags_of(tags, created_at, path), duration, self.rules, found)
            for (path, is_gone), found in zip(files, known, strict=True)
        )

    def models(self) -> list[Model]:
        """Every model that has a row, oldest first."""
        return [Model(*row) for row in self._reader.rows(f"{_MODEL} ORDER BY id")]

    def active_model(self) -> Model | None:
        """The model that searches use where they name none."""
        return self._reader.once("active model", self._active_model)

    def _active_model(self) -> Model | None:
        active = "(SELECT value FROM state WHERE key = 'active_model_id')"
        row = self._reader.rows(f"{_MODEL} WHERE id = {active}").fetchone()
        return Model(*row) if row else None

    def next_keyframe_id(self) -> int:
        """The id that the next keyframe will get: every living id is smaller."""
        return self._reader.once("next keyframe", lambda: self._state("next_keyframe_id") or 1)

    def indexed_since(self, since: datetime) -> Recent:
        """Videos that were indexed at `since` (aware) or later."""
        later, at = "FROM video WHERE indexed_at >= ?", stored_time(since)
        ((count, duration),) = self._reader.rows(f"SELECT count(*), coalesce(sum(duration), 0.0) {later}", at)
        newest = self._reader.rows(f"SELECT id {later} ORDER BY indexed_at DESC LIMIT {_NEWEST}", at)
        return Recent(count, duration, [number for (number,) in newest])

    def cameras(self) -> list[str]:
        """The names of all cameras, sorted."""
        return [*self.file_columns().cameras]

    def speed(self) -> int | None:
        """Bytes of files a second that the last run read; None before a first run."""
        return self._state("bytes_a_second")

    def identity(self) -> int | None:
        """A random number that tells the catalog apart from others; None where nothing has needed one yet."""
        return self._state(IDENTITY)

    def totals(self) -> Totals:
        """What the catalog holds, counted."""
        value = self._reader.value
        own = "FROM indexing WHERE model_id = model.id"
        by_model = self._reader.rows(  # counted in an index: the rows lie far apart, with their embeddings between them
            f"SELECT name, (SELECT count(*) {own}) FROM model WHERE EXISTS (SELECT 1 {own}) ORDER BY model.id"
        )
        present = "SELECT video_id FROM file WHERE gone_at IS NULL"
        return Totals(
            videos=value("SELECT count(*) FROM video"),
            gone=value(f"SELECT count(*) FROM video WHERE id NOT IN ({present})"),
            partial=value("SELECT count(*) FROM video WHERE NOT is_complete"),
            duration=value("SELECT coalesce(sum(read_to), 0.0) FROM video"),
            keyframes=value("SELECT coalesce(sum(keyframe_count), 0) FROM indexing"),
            quarantined=value("SELECT count(*) FROM quarantine"),
            by_model=dict(by_model),
        )

    def _state(self, key: str) -> int | None:
        value: int | None = self._reader.value("SELECT value FROM state WHERE key = ?", key)
        return value
