"""A video keeps its container's tags; times and cameras follow from them, from paths and from settings when asked for.

Rows of before keep what they have; their seals cover it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("video", sa.Column("tags", sa.JSON(none_as_null=True)))
