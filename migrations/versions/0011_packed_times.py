"""The keyframes of a video as one compressed value, instead of a row each. Seals stay as they are."""

import zlib

import numpy as np
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OF_VIDEO = sa.text(
    "SELECT pts, time, span_start, span_end FROM keyframe "
    "WHERE id BETWEEN :first AND :last AND video_id = :video ORDER BY id"
)
NOTED = sa.text("SELECT value FROM state WHERE key = 'next_keyframe_id'")


def upgrade() -> None:
    op.create_table(
        "keyframe_times",
        sa.Column("first_keyframe_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("video_id", BIG, sa.ForeignKey("video.id", ondelete="CASCADE"), nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    connection = op.get_bind()
    put = sa.text("INSERT INTO keyframe_times VALUES (:first, :video, :packed)")
    query = "SELECT first_keyframe_id, keyframe_count, video_id FROM indexing ORDER BY first_keyframe_id"
    written = 0
    for first, count, video in connection.execute(sa.text(query)).all():
        values = {"first": first, "last": first + count - 1, "video": video}
        data = columns_of(connection.execute(OF_VIDEO, values).all())
        if len(data) == 32 * count and first > written:  # else damage, which verify will name
            connection.execute(put, {"first": first, "video": video, "packed": zlib.compress(data, 1)})
            written = first
    op.create_index("ix_keyframe_times_video_id", "keyframe_times", ["video_id"])
    never_used = (connection.execute(sa.text("SELECT max(id) FROM keyframe")).scalar() or 0) + 1
    if never_used > (connection.execute(NOTED).scalar() or 1):
        connection.execute(sa.text("DELETE FROM state WHERE key = 'next_keyframe_id'"))
        connection.execute(sa.text("INSERT INTO state VALUES ('next_keyframe_id', :value)"), {"value": never_used})
    op.drop_table("keyframe")


def columns_of(rows):
    """Four columns one behind the other; nothing where a value is none of its column."""
    try:
        columns = zip(*rows, strict=True)
        types = ("<i8", "<f8", "<f8", "<f8")
        return b"".join(np.array(own, kind).tobytes() for own, kind in zip(columns, types, strict=True))
    except (TypeError, ValueError, OverflowError):
        return b""
