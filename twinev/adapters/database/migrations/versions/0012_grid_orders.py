"""Restrictions of sites and areas with their history; flexibility orders."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("restrictions", sa.Column("site_ids", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("restrictions", sa.Column("area", sa.JSON(none_as_null=True), nullable=True))
    _make_restriction_changes()
    _make_flexibility_orders()
    # What is known of the orders that are there already: who ordered each, and when.
    op.execute(
        sa.text(
            'INSERT INTO restriction_changes (restriction_id, at, by, act, limit_kw, "end", v2g) '
            "SELECT id, created_at, created_by, 'ordered', limit_kw, \"end\", v2g FROM restrictions "
            "ORDER BY created_at, id"
        )
    )


def _make_restriction_changes() -> None:
    op.create_table(
        "restriction_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("restriction_id", sa.String(length=64), sa.ForeignKey("restrictions.id"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("limit_kw", sa.Float(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("v2g", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_restriction_changes_restriction_id", "restriction_changes", ["restriction_id"])


def _make_flexibility_orders() -> None:
    op.create_table(
        "flexibility_orders",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("site_id", sa.String(length=64), sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("values_kw", sa.JSON(), nullable=False),
        sa.Column("ordered_by", sa.String(length=64), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_by", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_flexibility_orders_ordered_at_id", "flexibility_orders", ["ordered_at", "id"])
    op.create_index("ix_flexibility_orders_site_id_end", "flexibility_orders", ["site_id", "end"])


def downgrade() -> None:
    op.drop_table("flexibility_orders")
    op.drop_table("restriction_changes")
    op.drop_column("restrictions", "area")
    op.drop_column("restrictions", "site_ids")
