"""Counted days of the analysis, and reservations found by their site and start."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "site_days",
        sa.Column("site_id", sa.String(length=64), sa.ForeignKey("sites.id"), primary_key=True),
        sa.Column("day", sa.String(length=10), primary_key=True),
        sa.Column("traces", sa.String(length=255), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
    )
    op.create_index("ix_reservations_site_id_start", "reservations", ["site_id", "start"])
