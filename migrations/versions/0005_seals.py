"""Checksums of videos, files, embeddings and saved searches."""

import sqlalchemy as sa
from alembic import op

from framescout.catalog.seals import seal_all

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("video", "file", "indexing", "saved_search"):
        op.add_column(table, sa.Column("seal", sa.String))
    seal_all(op.get_bind())
