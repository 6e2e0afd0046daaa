"""Writes to the catalog: each method is one transaction, which is durable when the method returns."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, delete, exists, insert, select, update

from framescout.catalog import packed_times
from framescout.catalog.file_columns import STATE
from framescout.catalog.path_naming import name_paths
from framescout.catalog.records import Alert, FileIdentity, Generation, IndexedVideo, Labelling, Model
from framescout.catalog.sealing import seal_file, seal_indexing, seal_video
from framescout.catalog.store import Note
from framescout.catalog.stored import IDENTITY
from framescout.catalog.tables import (
    AlertRow,
    EventRow,
    FileRow,
    GenerationRow,
    IndexingRow,
    KeyframeTimesRow,
    LabellingRow,
    LabelSetRow,
    ModelRow,
    PendingAlertRow,
    QuarantineRow,
    StateRow,
    VideoRow,
)
from framescout.catalog.writable import changes, insert_into
from framescout.errors import Reason
from framescout.motion import Motion, packed
from framescout.roots import Roots


class Writer:
    """The right to write; made by `Catalog.writer`, which holds the lock."""

    def __init__(self, engine: Engine, note: Note, roots: Roots) -> None:
        """`roots`: where this machine has those below which files are stored by name."""
        self._engine = engine
        self._stored = roots.stored
        self._roots = roots
        self.note = note
        """What other processes may know of the work; no part of the catalog."""

    def model(self, name: str, fingerprint: str, dimensions: int) -> Model:
        """The model's record, made where it is new."""
        with self._transaction(touches_files=False) as connection:
            same = (ModelRow.name == name) & (ModelRow.fingerprint == fingerprint)
            connection.execute(
                insert_into(connection, ModelRow)
                .values(name=name, fingerprint=fingerprint, dimensions=dimensions)
                .on_conflict_do_nothing()
            )
            model_id = connection.execute(select(ModelRow.id).where(same)).scalar_one()
        return Model(model_id, name, fingerprint, dimensions)

    def remember_speed(self, bytes_a_second: float) -> None:
        """How fast the last run read files, for the estimate of the next."""
        with self._transaction(touches_files=False) as connection:
            _set_state(connection, "bytes_a_second", round(bytes_a_second))

    def identify(self) -> None:
        """Give the catalog a random number that tells it apart from others, if it has none."""
        with self._transaction(touches_files=False) as connection:
            given = insert_into(connection, StateRow).values(key=IDENTITY, value=secrets.randbits(52))
            connection.execute(given.on_conflict_do_nothing())

    def activate(self, model: Model) -> None:
        """Make `model` the one that searches use where they name none."""
        with self._transaction(touches_files=False) as connection:
            _set_state(connection, "active_model_id", model.id)

    def commit_video(self, indexed: IndexedVideo, model: Model) -> int:
        """Write a video whole: its file, facts, keyframes and embeddings; return its id.

        An earlier indexing of the same footage by the same model is replaced. Keyframe ids are new and follow each
        other without a hole.
        """
        with self._transaction() as connection:
            video_id = _put_video(connection, indexed)
            _drop_indexing(connection, video_id, model.id)
            first = _take_keyframe_ids(connection, len(indexed.keyframes))
            time_base = indexed.keyframes[0].time_base
            connection.execute(
                insert(IndexingRow).values(
                    video_id=video_id,
                    model_id=model.id,
                    density=indexed.density,
                    first_keyframe_id=first,
                    keyframe_count=len(indexed.keyframes),
                    time_base_numerator=time_base.numerator,
                    time_base_denominator=time_base.denominator,
                    embeddings=indexed.embeddings.astype("<f2").tobytes(),
                )
            )
            times = {"first_keyframe_id": first, "video_id": video_id, "packed": packed_times.packed(indexed.keyframes)}
            connection.execute(insert(KeyframeTimesRow).values(**times))
            self._put_file(connection, indexed.file, video_id)
            seal_video(connection, video_id)
            seal_indexing(connection, video_id, model.id)
            _release(connection, self._stored(indexed.file.path))
        return video_id

    def put_motion(self, video_id: int, motion: Motion) -> None:
        """Write the motion curve of a video that is known."""
        with self._transaction(touches_files=False) as connection:
            connection.execute(update(VideoRow).where(VideoRow.id == video_id).values(**_motion_values(motion)))
            seal_video(connection, video_id)

    def link_file(self, file: FileIdentity, video_id: int) -> None:
        """Say that `file` holds a video that is known: it was moved, copied or touched."""
        with self._transaction() as connection:
            self._put_file(connection, file, video_id)
            _release(connection, self._stored(file.path))

    def quarantine(self, path: str, size_bytes: int, mtime_ns: int, reason: Reason, detail: str) -> None:
        """Remember that this file could not be used, and why."""
        values = {
            "size_bytes": size_bytes,
            "mtime_ns": mtime_ns,
            "reason": reason.value,
            "detail": detail,
            "at": datetime.now(UTC),
        }
        with self._transaction(touches_files=False) as connection:
            statement = insert_into(connection, QuarantineRow).values(path=self._stored(path), attempts=1, **values)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["path"], set_={**values, "attempts": QuarantineRow.attempts + 1}
                )
            )

    def offer_again(self, paths: Iterable[str]) -> None:
        """Make the next run try these quarantined files, though they have not changed."""
        with self._transaction(touches_files=False) as connection:
            for path in paths:
                own = QuarantineRow.path == self._stored(path)
                connection.execute(update(QuarantineRow).where(own).values(mtime_ns=-1))

    def forget_quarantine(self, paths: Iterable[str]) -> None:
        """Drop files from quarantine: they are gone."""
        with self._transaction(touches_files=False) as connection:
            for path in paths:
                _release(connection, self._stored(path))

    def mark_gone(self, paths: Iterable[str]) -> None:
        """Say that these files were not found; their videos stay until `prune`."""
        with self._transaction() as connection:
            _set_gone(connection, map(self._stored, paths), datetime.now(UTC))

    def bring_back(self, paths: Iterable[str]) -> None:
        """Say that these files, gone before, were found again as they were."""
        with self._transaction() as connection:
            _set_gone(connection, map(self._stored, paths), None)

    def drop_replaced(self) -> int:
        """Drop videos that no file holds any more, because other footage stands at their path; return how many."""
        with self._transaction() as connection:
            has_file = exists().where(FileRow.video_id == VideoRow.id)
            return connection.execute(delete(VideoRow).where(~has_file)).rowcount

    def prune(self) -> list[str]:
        """Drop files that are gone, and videos of which every file is gone; return the paths."""
        with self._transaction() as connection:
            gone = list(connection.execute(select(FileRow.path).where(FileRow.gone_at.is_not(None))).scalars())
            present = exists().where(FileRow.video_id == VideoRow.id, FileRow.gone_at.is_(None))
            connection.execute(delete(VideoRow).where(~present))
            connection.execute(delete(FileRow).where(FileRow.gone_at.is_not(None)))
        return [*map(self._roots.here, gone)]

    def drop_video(self, video_id: int) -> None:
        """Drop a video and all that belongs to it, so that the next run reads its file anew."""
        with self._transaction() as connection:
            connection.execute(delete(VideoRow).where(VideoRow.id == video_id))

    def forget_file(self, path: str) -> None:
        """Drop what is known of a file, so that the next run looks at it anew."""
        with self._transaction() as connection:
            connection.execute(delete(FileRow).where(FileRow.path == self._stored(path)))

    def publish_generation(
        self,
        *,
        model_id: int,
        file_name: str,
        kind: str,
        vector_count: int,
        covers_below: int,
        checksum: str,
        nprobe: int,
        recall: float | None,
    ) -> Generation:
        """Make a written vector index file the current one of its model."""
        built_at = datetime.now(UTC)
        with self._transaction(touches_files=False) as connection:
            connection.execute(update(GenerationRow).where(GenerationRow.model_id == model_id).values(is_current=False))
            generation_id = connection.execute(
                insert(GenerationRow)
                .values(
                    model_id=model_id,
                    file_name=file_name,
                    kind=kind,
                    vector_count=vector_count,
                    covers_below=covers_below,
                    checksum=checksum,
                    nprobe=nprobe,
                    recall=recall,
                    built_at=built_at,
                    is_current=True,
                )
                .returning(GenerationRow.id)
            ).scalar_one()
        return Generation(
            generation_id,
            model_id,
            file_name,
            kind,
            vector_count,
            covers_below,
            checksum,
            nprobe,
            recall,
            built_at,
        )

    def put_labels(
        self, model: Model, name: str, fingerprint: str, labels: tuple[str, ...], labellings: Iterable[Labelling]
    ) -> None:
        """Add labellings to the set of this name; a set of other prompts or labels is replaced whole."""
        with self._transaction(touches_files=False) as connection:
            _put_labels(connection, model.id, name, fingerprint, labels, labellings)

    def put_alerts(
        self,
        model: Model,
        name: str,
        fingerprint: str,
        alerts: Iterable[Alert],
        *,
        source: str | None = None,
        pending: Sequence[tuple[dict[str, Any], dict[str, Any]]] = (),
    ) -> None:
        """Replace what the event of this name had by what was found now.

        `source`: the file that defines the event. `pending`: of each alert that has to be told, whom and what.
        """
        now = datetime.now(UTC)
        with self._transaction(touches_files=False) as connection:
            connection.execute(delete(EventRow).where(EventRow.model_id == model.id, EventRow.name == name))
            values = {"model_id": model.id, "name": name, "fingerprint": fingerprint, "found_at": now, "source": source}
            event_id = connection.execute(insert(EventRow).values(**values).returning(EventRow.id)).scalar_one()
            rows = [{"event_id": event_id, **asdict(alert)} for alert in alerts]
            if rows:
                connection.execute(insert(AlertRow), rows)
            if pending:
                told = [{"target": target, "alert": alert, "found_at": now} for target, alert in pending]
                connection.execute(insert(PendingAlertRow), told)

    def drop_events(self, names: Iterable[str]) -> None:
        """Drop what every model found of the events of these names, and what of it was still to be told."""
        with self._transaction(touches_files=False) as connection:
            _drop_events(connection, names)

    def drop_events_of(self, source: str, *, but: Iterable[str]) -> list[str]:
        """Drop the events of a file that no longer defines them, which has these now; return their names."""
        own = (EventRow.source == source) & EventRow.name.not_in([*but])
        with self._transaction(touches_files=False) as connection:
            names = sorted(set(connection.execute(select(EventRow.name).where(own)).scalars()))
            _drop_events(connection, names)
        return names

    def name_paths(self) -> int:
        """Store every path below a root of this machine by the root's name; return how many were not yet."""
        if not self._roots.places:
            return 0
        with self._transaction() as connection:
            return name_paths(connection, self._roots)

    def _put_file(self, connection: Connection, file: FileIdentity, video_id: int) -> None:
        values = {
            "size_bytes": file.size_bytes,
            "mtime_ns": file.mtime_ns,
            "video_id": video_id,
            "gone_at": None,
        }
        statement = insert_into(connection, FileRow).values(path=self._stored(file.path), **values)
        statement = statement.on_conflict_do_update(index_elements=["path"], set_=values)
        seal_file(connection, connection.execute(statement.returning(FileRow.id)).scalar_one())

    @contextlib.contextmanager
    def _transaction(self, *, touches_files: bool = True) -> Iterator[Connection]:
        """`touches_files`: whether rows of files or videos change, other than their motion."""
        with self._engine.begin() as connection:
            before = changes(connection)
            yield connection
            if touches_files and changes(connection) > before:
                _set_state(connection, STATE, secrets.randbits(62))


def _put_labels(
    connection: Connection, model_id: int, name: str, fingerprint: str, labels: tuple[str, ...],
    labellings: Iterable[Labelling],
) -> None:  # fmt: skip
    """Add labellings to the set of this name; a set of other prompts or labels is replaced whole."""
    same = (LabelSetRow.model_id == model_id) & (LabelSetRow.name == name)
    connection.execute(delete(LabelSetRow).where(same, LabelSetRow.fingerprint != fingerprint))
    set_id = connection.execute(select(LabelSetRow.id).where(same)).scalar()
    if set_id is None:
        values = {"model_id": model_id, "name": name, "fingerprint": fingerprint, "labels": list(labels)}
        set_id = connection.execute(insert(LabelSetRow).values(**values).returning(LabelSetRow.id)).scalar_one()
    for labelling in labellings:
        own = (LabellingRow.label_set_id == set_id) & (LabellingRow.video_id == labelling.video_id)
        connection.execute(delete(LabellingRow).where(own))
        connection.execute(
            insert(LabellingRow).values(
                label_set_id=set_id,
                video_id=labelling.video_id,
                first_keyframe_id=labelling.first_keyframe_id,
                codes=labelling.codes.tobytes(),
            )
        )


def _drop_events(connection: Connection, names: Iterable[str]) -> None:
    for name in names:
        connection.execute(delete(EventRow).where(EventRow.name == name))
        connection.execute(delete(PendingAlertRow).where(PendingAlertRow.alert["event"].as_string() == name))


def _put_video(connection: Connection, indexed: IndexedVideo) -> int:
    probe, end = indexed.probe, indexed.end
    values: dict[str, Any] = {
        "duration": probe.duration,
        "frame_rate": probe.frame_rate,
        "is_variable_rate": probe.is_variable_rate,
        "width_px": probe.width_px,
        "height_px": probe.height_px,
        "rotation": probe.rotation,
        "sample_aspect_ratio": str(probe.sample_aspect_ratio),
        "start_offset": probe.start_offset,
        "codec": probe.codec,
        "has_audio": probe.has_audio,
        "tags": dict(probe.tags),
        "created_at": None,
        "recorded_at": None,
        "recorded_from": None,
        "camera": None,
        "read_to": end.read_to,
        "is_complete": end.is_complete,
        "end_detail": end.detail,
        "indexed_at": datetime.now(UTC),
        **_motion_values(indexed.motion),
    }
    statement = insert_into(connection, VideoRow).values(content_hash=indexed.file.content_hash, **values)
    statement = statement.on_conflict_do_update(index_elements=["content_hash"], set_=values)
    return int(connection.execute(statement.returning(VideoRow.id)).scalar_one())


def _motion_values(motion: Motion | None) -> dict[str, Any]:
    return {
        "motion_levels": packed(motion.levels) if motion else None,
        "motion_source": motion.source.value if motion else None,
        "motion_detail": motion.detail if motion else None,
        "motion_jerks": packed(motion.jerks) if motion else None,
    }


def _release(connection: Connection, path: str) -> None:
    connection.execute(delete(QuarantineRow).where(QuarantineRow.path == path))


def _set_gone(connection: Connection, paths: Iterable[str], at: datetime | None) -> None:
    for path in paths:
        of_path = (FileRow.path == path) & (FileRow.gone_at.is_(None) if at else FileRow.gone_at.is_not(None))
        changed = connection.execute(update(FileRow).where(of_path).values(gone_at=at).returning(FileRow.id))
        for file_id in changed.scalars().all():
            seal_file(connection, file_id)


def _drop_indexing(connection: Connection, video_id: int, model_id: int) -> None:
    of_video = (IndexingRow.video_id == video_id) & (IndexingRow.model_id == model_id)
    first = connection.execute(select(IndexingRow.first_keyframe_id).where(of_video)).scalar()
    if first is not None:
        connection.execute(delete(KeyframeTimesRow).where(KeyframeTimesRow.first_keyframe_id == first))
        connection.execute(delete(IndexingRow).where(of_video))


def _take_keyframe_ids(connection: Connection, count: int) -> int:
    """First of `count` ids that no keyframe ever had: a derived index may still know the old ones."""
    noted = connection.execute(select(StateRow.value).where(StateRow.key == "next_keyframe_id")).scalar() or 1
    first = max(noted, _end_of_newest(connection))
    _set_state(connection, "next_keyframe_id", first + count)
    return int(first)


def _end_of_newest(connection: Connection) -> int:
    """One more than the largest id of a keyframe, by what is stored of the video that came last."""
    same_video = KeyframeTimesRow.video_id == IndexingRow.video_id  # lets the database use its index
    own = same_video & (KeyframeTimesRow.first_keyframe_id == IndexingRow.first_keyframe_id)
    newest = select(KeyframeTimesRow.first_keyframe_id, KeyframeTimesRow.packed, IndexingRow.keyframe_count)
    newest = newest.join(IndexingRow, own, isouter=True).order_by(KeyframeTimesRow.first_keyframe_id.desc())
    row = connection.execute(newest.limit(1)).first()
    if row is None:
        return 1
    with contextlib.suppress(*packed_times.UNFIT):  # where the row is damaged, the number that was noted has to do
        return int(row[0]) + len(packed_times.unpacked(*row).pts)
    return int(row[0]) + 1


def _set_state(connection: Connection, key: str, value: int) -> None:
    statement = insert_into(connection, StateRow).values(key=key, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
