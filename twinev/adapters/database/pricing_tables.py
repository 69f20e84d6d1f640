"""The tables of tariffs, charge detail records, payments, contracts, terms and OCPI partners.

What is kept for good and read as a whole is a document; the columns beside it are what is looked for. Where a place is
a whole site, its station is the empty string: two NULLs are not equal in SQL.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from twinev.adapters.database.metadata import UtcDateTime, metadata
from twinev.adapters.database.tables import RowNumber

tariffs = Table(
    "tariffs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime),
    Column("published_at", UtcDateTime, nullable=False),
    Column("content", JSON, nullable=False),
)

tariff_assignments = Table(
    "tariff_assignments",
    metadata,
    Column("site_id", ForeignKey("sites.id"), primary_key=True),
    Column("station_id", String(48), primary_key=True),
    Column("evse_id", Integer, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime, primary_key=True),
    Column("tariff_id", String(36)),
    Column("assigned_by", String(64), nullable=False),
)

# A mark without its session says nothing any more, and a record outlives its session: neither refers to it.
sessions_to_settle = Table(
    "sessions_to_settle",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

# A session's records are numbered and each is credited once: who settles it twice is refused.
charge_detail_records = Table(
    "charge_detail_records",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("session_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("credit", Boolean, nullable=False),
    Column("user_id", String(64)),
    Column("site_id", String(64), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("content", JSON, nullable=False),
    UniqueConstraint("session_id", "number", "credit"),
    Index("ix_charge_detail_records_made_at_id", "made_at", "id"),
    Index("ix_charge_detail_records_user_id_made_at_id", "user_id", "made_at", "id"),
    Index("ix_charge_detail_records_site_id_made_at_id", "site_id", "made_at", "id"),
)

payment_changes = Table(
    "payment_changes",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("cdr_id", ForeignKey("charge_detail_records.id"), nullable=False),
    Column("status", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
    Column("reference", String(255), nullable=False),
    Index("ix_payment_changes_cdr_id_number", "cdr_id", "number"),
)

contracts = Table(
    "contracts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("tariff_id", String(36)),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime),
    Column("status", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Index("ix_contracts_created_at_id", "created_at", "id"),
    Index("ix_contracts_user_id_created_at_id", "user_id", "created_at", "id"),
)

terms = Table(
    "terms",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title", String(255), nullable=False),
    Column("text", Text, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("published_by", String(64), nullable=False),
)

terms_acceptances = Table(
    "terms_acceptances",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("terms_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("app", String(200)),
)

ocpi_partners = Table(
    "ocpi_partners",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("country_code", String(2), nullable=False),
    Column("party_id", String(3), nullable=False),
    Column("token_hmac", LargeBinary, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("revoked_at", UtcDateTime),
)

ocpi_partner_tokens = Table(
    "ocpi_partner_tokens",
    metadata,
    Column("id_token", String(36), primary_key=True),
    Column("partner_id", ForeignKey("ocpi_partners.id"), nullable=False, index=True),
    Column("contract_id", String(36), nullable=False),
)
