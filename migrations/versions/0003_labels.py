"""Zero-shot labels."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "label_set",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("model_id", sa.Integer, sa.ForeignKey("model.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.UniqueConstraint("model_id", "name"),
    )
    op.create_table(
        "labelling",
        sa.Column("label_set_id", sa.Integer, sa.ForeignKey("label_set.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("video_id", sa.Integer, sa.ForeignKey("video.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("first_keyframe_id", sa.Integer, nullable=False),
        sa.Column("codes", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_labelling_video_id", "labelling", ["video_id"])
