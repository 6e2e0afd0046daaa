"""The file that defines an event, why an alert is one, what people said of alerts, alerts that are still to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("event", sa.Column("source", sa.LargeBinary))
    op.add_column("alert", sa.Column("why", sa.JSON))
    op.create_table(
        "alert_mark",
        sa.Column("event", sa.String, primary_key=True),
        sa.Column("content_hash", sa.String, primary_key=True),
        sa.Column("start", sa.Double, primary_key=True),
        sa.Column("end", sa.Double, nullable=False),
        sa.Column("was_right", sa.Boolean),
        sa.Column("marked_at", sa.DateTime, nullable=False),
        sa.Column("seal", sa.String),
    )
    op.create_table(
        "pending_alert",
        sa.Column("id", Big, primary_key=True),
        sa.Column("target", sa.JSON, nullable=False),
        sa.Column("alert", sa.JSON, nullable=False),
        sa.Column("found_at", sa.DateTime, nullable=False),
    )
