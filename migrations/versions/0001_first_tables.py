"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "video",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("content_hash", sa.String, nullable=False, unique=True),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("frame_rate", sa.Double, nullable=False),
        sa.Column("is_variable_rate", sa.Boolean, nullable=False),
        sa.Column("width_px", sa.Integer, nullable=False),
        sa.Column("height_px", sa.Integer, nullable=False),
        sa.Column("rotation", sa.Integer, nullable=False),
        sa.Column("sample_aspect_ratio", sa.String, nullable=False),
        sa.Column("start_offset", sa.Double, nullable=False),
        sa.Column("codec", sa.String, nullable=False),
        sa.Column("has_audio", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime),
        sa.Column("recorded_at", sa.DateTime, index=True),
        sa.Column("recorded_from", sa.String),
        sa.Column("camera", sa.String, index=True),
        sa.Column("read_to", sa.Double, nullable=False),
        sa.Column("is_complete", sa.Boolean, nullable=False),
        sa.Column("end_detail", sa.String, nullable=False),
        sa.Column("indexed_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "file",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("path", sa.String, nullable=False, unique=True),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("video_id", sa.Integer, sa.ForeignKey("video.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("gone_at", sa.DateTime),
    )
    op.create_table(
        "model",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("dimensions", sa.Integer, nullable=False),
        sa.UniqueConstraint("name", "fingerprint"),
    )
    op.create_table(
        "indexing",
        sa.Column("video_id", sa.Integer, sa.ForeignKey("video.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("density", sa.String, nullable=False),
        sa.Column("first_keyframe_id", sa.Integer, nullable=False),
        sa.Column("keyframe_count", sa.Integer, nullable=False),
        sa.Column("time_base_numerator", sa.Integer, nullable=False),
        sa.Column("time_base_denominator", sa.Integer, nullable=False),
        sa.Column("embeddings", sa.LargeBinary, nullable=False),
    )
    op.create_index("indexing_keyframes", "indexing", ["model_id", "first_keyframe_id"])
    op.create_table(
        "keyframe",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("video_id", sa.Integer, sa.ForeignKey("video.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("pts", sa.Integer, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("span_start", sa.Double, nullable=False),
        sa.Column("span_end", sa.Double, nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("path", sa.String, primary_key=True),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("mtime_ns", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "generation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("vector_count", sa.Integer, nullable=False),
        sa.Column("covers_below", sa.Integer, nullable=False),
        sa.Column("checksum", sa.String, nullable=False),
        sa.Column("nprobe", sa.Integer, nullable=False),
        sa.Column("recall", sa.Double),
        sa.Column("built_at", sa.DateTime, nullable=False),
        sa.Column("is_current", sa.Boolean, nullable=False),
    )
    op.create_table(
        "state",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
