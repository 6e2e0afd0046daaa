"""Videos get a motion curve, where it was read from, and what is to be said of it; those of before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("video", sa.Column("motion_levels", sa.LargeBinary))
    op.add_column("video", sa.Column("motion_source", sa.String))
    op.add_column("video", sa.Column("motion_detail", sa.String))
