"""A saved search knows up to where it was opened; those of before count as opened where they were reported last."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("saved_search", sa.Column("opened_below", BIG, nullable=False, server_default="0"))
    op.execute("UPDATE saved_search SET opened_below = seen_below")
