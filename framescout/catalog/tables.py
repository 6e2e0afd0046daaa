"""The SQLAlchemy tables of catalog.sqlite. Migrations describe the same tables; a test compares the two.

Only SQLAlchemy's core is imported: its ORM would not be used and takes a tenth of a second to import.

A `seal` is a checksum of its row and of what belongs to it: see seals.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite's INTEGER has them, and as a primary key numbers its rows by itself."""


class FilePath(TypeDecorator[str]):
    """A file path as the file system's bytes: names need not be UTF-8."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Bytes; those that are no UTF-8 are surrogates in `value` (os.fsdecode)."""
        return None if value is None else value.encode("utf-8", "surrogateescape")

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:
        """The str that `open` takes; of text, which only damage puts here, the same."""

        def process(value: Any) -> str | None:
            return value if value is None or isinstance(value, str) else bytes(value).decode("utf-8", "surrogateescape")

        return process


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime; stored as UTC, so that text order is time order."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive UTC for SQLite."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Aware again."""
        return value.replace(tzinfo=UTC) if value else None


METADATA = MetaData()
"""Of the catalog."""


class Row:
    """A table whose columns are attributes, as in `VideoRow.id`; statements take it as the table itself."""

    def __init__(self, name: str, *items: SchemaItem) -> None:
        self.__table__ = Table(name, METADATA, *items)

    def __clause_element__(self) -> Any:
        return self.__table__

    def __getattr__(self, name: str) -> Column[Any]:
        try:
            return self.__table__.c[name]
        except KeyError:
            raise AttributeError(f"{self.__table__.name} has no column {name!r}") from None


VideoRow = Row(
    "video",
    Column("id", Big, primary_key=True),
    Column("content_hash", String, unique=True, nullable=False),
    Column("duration", Double, nullable=False),
    Column("frame_rate", Double, nullable=False),
    Column("is_variable_rate", Boolean, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("rotation", Integer, nullable=False),
    Column("sample_aspect_ratio", String, nullable=False),
    Column("start_offset", Double, nullable=False),
    Column("codec", String, nullable=False),
    Column("has_audio", Boolean, nullable=False),
    Column("tags", JSON(none_as_null=True)),
    Column("created_at", UtcTime),
    Column("recorded_at", UtcTime, index=True),
    Column("recorded_from", String),
    Column("camera", String, index=True),
    Column("read_to", Double, nullable=False),
    Column("is_complete", Boolean, nullable=False),
    Column("end_detail", String, nullable=False),
    Column("indexed_at", UtcTime, nullable=False),
    Column("motion_levels", LargeBinary),
    Column("motion_source", String),
    Column("motion_detail", String),
    Column("motion_jerks", LargeBinary),
    Column("seal", String),
)
"""Footage, known by its content hash, wherever its files lie; of one that nobody looked at for motion, no motion.

    `tags`: what framescout.recording.tags keeps of the container's. Rows of schemas before 0009 have none; of these
    `created_at` is read in its place. `recorded_at`, `recorded_from` and `camera` are theirs too: their seals cover
    them, and nobody reads them, since they follow from tags, paths and settings.
    """

FileRow = Row(
    "file",
    Column("id", Big, primary_key=True),
    Column("path", FilePath, unique=True, nullable=False),
    Column("size_bytes", Big, nullable=False),
    Column("mtime_ns", Big, nullable=False),
    Column("video_id", Big, ForeignKey("video.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("gone_at", UtcTime),
    Column("seal", String),
)
"""A file of the archive and the video that is in it; several files may hold one video."""

ModelRow = Row(
    "model",
    Column("id", Big, primary_key=True),
    Column("name", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("dimensions", Integer, nullable=False),
    UniqueConstraint("name", "fingerprint"),
)
"""A model that has, or is getting, embeddings."""

IndexingRow = Row(
    "indexing",
    Column("video_id", Big, ForeignKey("video.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", Big, ForeignKey("model.id", ondelete="CASCADE"), primary_key=True),
    Column("density", String, nullable=False),
    Column("first_keyframe_id", Big, nullable=False),
    Column("keyframe_count", Integer, nullable=False),
    Column("time_base_numerator", Integer, nullable=False),
    Column("time_base_denominator", Integer, nullable=False),
    Column("embeddings", LargeBinary, nullable=False),
    Column("seal", String),
    Index("indexing_keyframes", "model_id", "first_keyframe_id"),
)
"""One video's embeddings by one model, as one (N, D) float16 matrix, row by row, little-endian."""

KeyframeTimesRow = Row(
    "keyframe_times",
    Column("first_keyframe_id", Big, primary_key=True, autoincrement=False),
    Column("video_id", Big, ForeignKey("video.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)
"""When the keyframes of one indexing are shown, as framescout.catalog.packed_times packs it.

    The ids of one indexing follow each other without a hole, and no id is ever used again.
    """

QuarantineRow = Row(
    "quarantine",
    Column("path", FilePath, primary_key=True),
    Column("size_bytes", Big, nullable=False),
    Column("mtime_ns", Big, nullable=False),
    Column("reason", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""A file that could not be used; tried again when it changes or on `retry`."""

GenerationRow = Row(
    "generation",
    Column("id", Big, primary_key=True),
    Column("model_id", Big, ForeignKey("model.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("file_name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("vector_count", Big, nullable=False),
    Column("covers_below", Big, nullable=False),
    Column("checksum", String, nullable=False),
    Column("nprobe", Integer, nullable=False),
    Column("recall", Double),
    Column("built_at", UtcTime, nullable=False),
    Column("is_current", Boolean, nullable=False),
)
"""A vector index file and what it covers; at most one a model is current."""

LabelSetRow = Row(
    "label_set",
    Column("id", Big, primary_key=True),
    Column("model_id", Big, ForeignKey("model.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("labels", JSON, nullable=False),
    UniqueConstraint("model_id", "name"),
)
"""A set of labels as one model knows them; `fingerprint` is that of its labels and prompts."""

LabellingRow = Row(
    "labelling",
    Column("label_set_id", Big, ForeignKey("label_set.id", ondelete="CASCADE"), primary_key=True),
    Column("video_id", Big, ForeignKey("video.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("first_keyframe_id", Big, nullable=False),
    Column("codes", LargeBinary, nullable=False),
)
"""One video's labels of one set: a byte a keyframe, the place of its label in the set.

    Valid while the video's indexing begins with the same keyframe id.
    """

EventRow = Row(
    "event",
    Column("id", Big, primary_key=True),
    Column("model_id", Big, ForeignKey("model.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("source", FilePath),
    UniqueConstraint("model_id", "name"),
)
"""An event as one model looked for it; `fingerprint` is that of its definition, `source` the file that defines it."""

AlertRow = Row(
    "alert",
    Column("id", Big, primary_key=True),
    Column("event_id", Big, ForeignKey("event.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("video_id", Big, ForeignKey("video.id", ondelete="CASCADE"), index=True, nullable=False),
    Column("start", Double, nullable=False),
    Column("end", Double, nullable=False),
    Column("peak", Double, nullable=False),
    Column("keyframe_id", Big, nullable=False),
    Column("score", Double, nullable=False),
    Column("context", String),
    Column("why", JSON(none_as_null=True)),
)
"""A stretch in which an event was found; times in seconds."""

AlertMarkRow = Row(
    "alert_mark",
    Column("event", String, primary_key=True),
    Column("content_hash", String, primary_key=True),
    Column("start", Double, primary_key=True),
    Column("end", Double, nullable=False),
    Column("was_right", Boolean),
    Column("marked_at", UtcTime, nullable=False),
    Column("seal", String),
)
"""What a person said of an alert; without `was_right` it was only seen.

    It names the event and the footage, and no alert: it outlives a new run, a repair and a file that was moved.
    """

PendingAlertRow = Row(
    "pending_alert",
    Column("id", Big, primary_key=True),
    Column("target", JSON, nullable=False),
    Column("alert", JSON, nullable=False),
    Column("found_at", UtcTime, nullable=False),
)
"""An alert that still has to be told; written with the alerts, deleted when it was told."""

SavedSearchRow = Row(
    "saved_search",
    Column("name", String, primary_key=True),
    Column("query", JSON, nullable=False),
    Column("command", JSON(none_as_null=True)),
    Column("seen_below", Big, nullable=False),
    Column("opened_below", Big, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("seal", String),
)
"""A question that is asked again of everything new."""

StateRow = Row(
    "state",
    Column("key", String, primary_key=True),
    Column("value", Big, nullable=False),
)
"""Single values of the catalog itself: next_keyframe_id, active_model_id, bytes_a_second, identity."""
