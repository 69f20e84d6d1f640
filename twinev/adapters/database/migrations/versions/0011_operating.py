"""The audit log, which can only grow; what operators describe of sites, stations and connectors."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0011"
down_revision = "0010"

_REFUSAL = "the audit log can only grow"


def upgrade() -> None:
    _make_audit_log()
    for name in ("address", "opening_hours"):
        op.add_column("sites", sa.Column(name, sa.JSON(none_as_null=True), nullable=True))
    # Stations from before could be found by everybody.
    op.add_column("stations", sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("stations", sa.Column("blocked_at", UtcDateTime(), nullable=True))
    op.add_column("stations", sa.Column("block_reason", sa.String(length=255), nullable=True))
    op.add_column("stations", sa.Column("removed_at", UtcDateTime(), nullable=True))
    op.add_column("evses", sa.Column("connectors", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("evses", sa.Column("availability", sa.String(length=20), nullable=True))


def _make_audit_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.String(length=255), nullable=False),
        sa.Column("app", sa.String(length=200), nullable=True),
        sa.Column("action", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])
    op.create_index("ix_audit_entries_username_number", "audit_entries", ["username", "number"])
    op.create_index("ix_audit_entries_subject_number", "audit_entries", ["subject", "number"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entries_refuse_{change.lower()} BEFORE {change} ON audit_entries "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_entries_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )


def downgrade() -> None:
    op.drop_column("evses", "availability")
    op.drop_column("evses", "connectors")
    for name in ("removed_at", "block_reason", "blocked_at", "public"):
        op.drop_column("stations", name)
    for name in ("opening_hours", "address"):
        op.drop_column("sites", name)
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
