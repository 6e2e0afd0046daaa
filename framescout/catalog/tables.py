"""The SQLAlchemy tables of catalog.sqlite. Migrations describe the same tables; a test compares the two.

A `seal` is a checksum of its row and of what belongs to it: see seals.py.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BLOB, JSON, DateTime, Dialect, ForeignKey, Index, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class PathText(TypeDecorator[str]):
    """A file path. Names that are not UTF-8 are kept as the file system's own bytes, which SQLite takes as a BLOB."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Text where it is text, else bytes."""
        if value is None:
            return None
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return os.fsencode(value)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """The str that `open` takes."""
        return os.fsdecode(value) if isinstance(value, bytes) else value


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


class Base(DeclarativeBase):
    """The metadata of the catalog."""


class VideoRow(Base):
    """Footage, known by its content hash, wherever its files lie."""

    __tablename__ = "video"

    id: Mapped[int] = mapped_column(primary_key=True)
    content_hash: Mapped[str] = mapped_column(unique=True)
    duration: Mapped[float]
    frame_rate: Mapped[float]
    is_variable_rate: Mapped[bool]
    width_px: Mapped[int]
    height_px: Mapped[int]
    rotation: Mapped[int]
    sample_aspect_ratio: Mapped[str]
    start_offset: Mapped[float]
    codec: Mapped[str]
    has_audio: Mapped[bool]
    created_at: Mapped[datetime | None] = mapped_column(UtcTime)
    recorded_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    recorded_from: Mapped[str | None]
    camera: Mapped[str | None] = mapped_column(index=True)
    read_to: Mapped[float]
    is_complete: Mapped[bool]
    end_detail: Mapped[str]
    indexed_at: Mapped[datetime] = mapped_column(UtcTime)
    seal: Mapped[str | None]


class FileRow(Base):
    """A file of the archive and the video that is in it; several files may hold one video."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(PathText, unique=True)
    size_bytes: Mapped[int]
    mtime_ns: Mapped[int]
    video_id: Mapped[int] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), index=True)
    gone_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seal: Mapped[str | None]


class ModelRow(Base):
    """A model that has, or is getting, embeddings."""

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("name", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str]
    dimensions: Mapped[int]


class IndexingRow(Base):
    """One video's embeddings by one model, as one (N, D) float16 matrix, row by row, little-endian."""

    __tablename__ = "indexing"
    __table_args__ = (Index("indexing_keyframes", "model_id", "first_keyframe_id"),)

    video_id: Mapped[int] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), primary_key=True)
    density: Mapped[str]
    first_keyframe_id: Mapped[int]
    keyframe_count: Mapped[int]
    time_base_numerator: Mapped[int]
    time_base_denominator: Mapped[int]
    embeddings: Mapped[bytes] = mapped_column(BLOB)
    seal: Mapped[str | None]


class KeyframeRow(Base):
    """A keyframe; the ids of one indexing follow each other without a hole, and no id is ever used again."""

    __tablename__ = "keyframe"

    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), index=True)
    pts: Mapped[int]
    time: Mapped[float]
    span_start: Mapped[float]
    span_end: Mapped[float]


class QuarantineRow(Base):
    """A file that could not be used; tried again when it changes or on `retry`."""

    __tablename__ = "quarantine"

    path: Mapped[str] = mapped_column(PathText, primary_key=True)
    size_bytes: Mapped[int]
    mtime_ns: Mapped[int]
    reason: Mapped[str]
    detail: Mapped[str]
    attempts: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcTime)


class GenerationRow(Base):
    """A vector index file and what it covers; at most one a model is current."""

    __tablename__ = "generation"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), index=True)
    file_name: Mapped[str]
    kind: Mapped[str]
    vector_count: Mapped[int]
    covers_below: Mapped[int]
    checksum: Mapped[str]
    nprobe: Mapped[int]
    recall: Mapped[float | None]
    built_at: Mapped[datetime] = mapped_column(UtcTime)
    is_current: Mapped[bool]


class LabelSetRow(Base):
    """A set of labels as one model knows them; `fingerprint` is that of its labels and prompts."""

    __tablename__ = "label_set"
    __table_args__ = (UniqueConstraint("model_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    name: Mapped[str]
    fingerprint: Mapped[str]
    labels: Mapped[list[str]] = mapped_column(JSON)


class LabellingRow(Base):
    """One video's labels of one set: a byte a keyframe, the place of its label in the set.

    Valid while the video's indexing begins with the same keyframe id.
    """

    __tablename__ = "labelling"

    label_set_id: Mapped[int] = mapped_column(ForeignKey("label_set.id", ondelete="CASCADE"), primary_key=True)
    video_id: Mapped[int] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), primary_key=True, index=True)
    first_keyframe_id: Mapped[int]
    codes: Mapped[bytes] = mapped_column(BLOB)


class EventRow(Base):
    """An event as one model looked for it; `fingerprint` is that of its definition."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("model_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    name: Mapped[str]
    fingerprint: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(UtcTime)


class AlertRow(Base):
    """A stretch in which an event was found; times in seconds."""

    __tablename__ = "alert"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    video_id: Mapped[int] = mapped_column(ForeignKey("video.id", ondelete="CASCADE"), index=True)
    start: Mapped[float]
    end: Mapped[float]
    peak: Mapped[float]
    keyframe_id: Mapped[int]
    score: Mapped[float]
    context: Mapped[str | None]


class SavedSearchRow(Base):
    """A question that is asked again of everything new."""

    __tablename__ = "saved_search"

    name: Mapped[str] = mapped_column(primary_key=True)
    query: Mapped[dict[str, Any]] = mapped_column(JSON)
    command: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    seen_below: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(UtcTime)
    seal: Mapped[str | None]


class StateRow(Base):
    """Single values of the catalog itself: next_keyframe_id, active_model_id, bytes_a_second."""

    __tablename__ = "state"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
