"""Tariffs and where they rule, charge detail records and payments, contracts and terms, OCPI partners."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0013"
down_revision = "0012"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add_tariffs()
    _add_records()
    _add_contracts()
    _add_partners()


def downgrade() -> None:
    for table in (
        "ocpi_partner_tokens", "ocpi_partners", "terms_acceptances", "terms", "contracts", "payment_changes",
        "charge_detail_records", "sessions_to_settle", "tariff_assignments", "tariffs",
    ):  # fmt: skip
        op.drop_table(table)


def _add_tariffs() -> None:
    op.create_table(
        "tariffs",
        sa.Column("id", sa.String(length=36), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime()),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
    )
    op.create_table(
        "tariff_assignments",
        sa.Column("site_id", sa.String(length=64), sa.ForeignKey("sites.id"), primary_key=True),
        sa.Column("station_id", sa.String(length=48), primary_key=True),
        sa.Column("evse_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("since", UtcDateTime(), primary_key=True),
        sa.Column("tariff_id", sa.String(length=36)),
        sa.Column("assigned_by", sa.String(length=64), nullable=False),
    )


def _add_records() -> None:
    op.create_table(
        "sessions_to_settle",
        sa.Column("session_id", sa.String(length=64), primary_key=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_sessions_to_settle_due_at", "sessions_to_settle", ["due_at"])
    op.create_table(
        "charge_detail_records",
        sa.Column("id", sa.String(length=80), primary_key=True),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("credit", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.String(length=64)),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.UniqueConstraint("session_id", "number", "credit"),
    )
    for first in ((), ("user_id",), ("site_id",)):
        columns = [*first, "made_at", "id"]
        op.create_index(f"ix_charge_detail_records_{'_'.join(columns)}", "charge_detail_records", columns)
    op.create_table(
        "payment_changes",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("cdr_id", sa.String(length=80), sa.ForeignKey("charge_detail_records.id"), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
    )
    op.create_index("ix_payment_changes_cdr_id_number", "payment_changes", ["cdr_id", "number"])


def _add_contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("tariff_id", sa.String(length=36)),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime()),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
    )
    op.create_index("ix_contracts_created_at_id", "contracts", ["created_at", "id"])
    op.create_index("ix_contracts_user_id_created_at_id", "contracts", ["user_id", "created_at", "id"])
    op.create_table(
        "terms",
        sa.Column("id", sa.String(length=36), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
    )
    op.create_table(
        "terms_acceptances",
        sa.Column("user_id", sa.String(length=64), primary_key=True),
        sa.Column("terms_id", sa.String(length=36), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.Column("app", sa.String(length=200)),
    )


def _add_partners() -> None:
    op.create_table(
        "ocpi_partners",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("party_id", sa.String(length=3), nullable=False),
        sa.Column("token_hmac", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("revoked_at", UtcDateTime()),
    )
    op.create_table(
        "ocpi_partner_tokens",
        sa.Column("id_token", sa.String(length=36), primary_key=True),
        sa.Column("partner_id", sa.String(length=64), sa.ForeignKey("ocpi_partners.id"), nullable=False),
        sa.Column("contract_id", sa.String(length=36), nullable=False),
    )
    op.create_index("ix_ocpi_partner_tokens_partner_id", "ocpi_partner_tokens", ["partner_id"])
