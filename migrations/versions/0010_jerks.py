"""Beside the motion curve of a video, how hard movement changes where pictures were looked at for it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("video", sa.Column("motion_jerks", sa.LargeBinary))
