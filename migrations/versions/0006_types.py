"""Paths are bytes; what can overflow has 64 bits. Seals stay as they are: each names its version from now on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = {
    "video": ("id",),
    "file": ("id", "size_bytes", "mtime_ns", "video_id"),
    "model": ("id",),
    "indexing": ("video_id", "model_id", "first_keyframe_id"),
    "keyframe": ("id", "video_id", "pts"),
    "quarantine": ("size_bytes", "mtime_ns"),
    "generation": ("id", "model_id", "vector_count", "covers_below"),
    "label_set": ("id", "model_id"),
    "labelling": ("label_set_id", "video_id", "first_keyframe_id"),
    "event": ("id", "model_id"),
    "alert": ("id", "event_id", "video_id", "keyframe_id"),
    "saved_search": ("seen_below",),
    "state": ("value",),
}


def upgrade() -> None:
    for table in ("file", "quarantine"):
        with op.batch_alter_table(table) as batch:
            batch.alter_column(
                "path", existing_type=sa.String, type_=sa.LargeBinary, postgresql_using="convert_to(path, 'UTF8')"
            )
    if op.get_bind().dialect.name != "sqlite":  # whose INTEGER has 64 bits
        for table, columns in BIG.items():
            for column in columns:
                op.alter_column(table, column, existing_type=sa.Integer, type_=sa.BigInteger)
                if column == "id":
                    op.execute(f"ALTER SEQUENCE {table}_id_seq AS bigint")
