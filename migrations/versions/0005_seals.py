"""Checksums of videos, files, embeddings and saved searches."""

# ruff: noqa: S608
import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

VIDEO = (
    "content_hash, duration, frame_rate, is_variable_rate, width_px, height_px, rotation, sample_aspect_ratio, "
    "start_offset, codec, has_audio, created_at, recorded_at, recorded_from, camera, read_to, is_complete, end_detail, "
    "indexed_at"
)
FILE = "path, size_bytes, mtime_ns, gone_at"
INDEXING = "density, first_keyframe_id, keyframe_count, time_base_numerator, time_base_denominator, embeddings"
KEYFRAME = "id, pts, time, span_start, span_end"
SEARCH = "name, query, command, seen_below, saved_at"


def upgrade() -> None:
    for table in ("video", "file", "indexing", "saved_search"):
        op.add_column(table, sa.Column("seal", sa.String))
    run = op.get_bind().exec_driver_sql
    for (number,) in run("SELECT id FROM video").all():
        found = seal(run(f"SELECT {VIDEO} FROM video WHERE id = ?", (number,)))
        run("UPDATE video SET seal = ? WHERE id = ?", (found, number))
    for (number,) in run("SELECT id FROM file").all():
        joined = f"SELECT {FILE}, content_hash FROM file JOIN video ON video.id = video_id WHERE file.id = ?"
        run("UPDATE file SET seal = ? WHERE id = ?", (seal(run(joined, (number,))), number))
    for video, model in run("SELECT video_id, model_id FROM indexing").all():
        joined = (
            f"SELECT content_hash, name, fingerprint, dimensions, {INDEXING} FROM indexing "
            "JOIN video ON video.id = video_id JOIN model ON model.id = model_id WHERE video_id = ? AND model_id = ?"
        )
        facts = run(joined, (video, model)).one()
        first, count = facts[5], facts[6]
        within = f"SELECT {KEYFRAME} FROM keyframe WHERE id BETWEEN ? AND ? AND video_id = ? ORDER BY id"
        found = seal([facts, *run(within, (first, first + count - 1, video))])
        run("UPDATE indexing SET seal = ? WHERE video_id = ? AND model_id = ?", (found, video, model))
    for (name,) in run("SELECT name FROM saved_search").all():
        found = seal(run(f"SELECT {SEARCH} FROM saved_search WHERE name = ?", (name,)))
        run("UPDATE saved_search SET seal = ? WHERE name = ?", (found, name))


def seal(rows):
    digest = hashlib.blake2b(digest_size=16)
    for row in rows:
        for value in row:
            data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogateescape")
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
    return digest.hexdigest()
