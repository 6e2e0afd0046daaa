"""Saved searches."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("query", sa.JSON, nullable=False),
        sa.Column("command", sa.JSON),
        sa.Column("seen_below", sa.Integer, nullable=False),
        sa.Column("saved_at", sa.DateTime, nullable=False),
    )
