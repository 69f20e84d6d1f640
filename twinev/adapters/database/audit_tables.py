"""The table of the audit log; a trigger of the database refuses to change or remove its rows."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, Text

from twinev.adapters.database.metadata import UtcDateTime, metadata
from twinev.adapters.database.tables import RowNumber

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("username", String(64), nullable=False),
    Column("roles", String(255), nullable=False),
    Column("app", String(200)),
    Column("action", String(255), nullable=False),
    Column("subject", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Index("ix_audit_entries_at", "at"),
    Index("ix_audit_entries_username_number", "username", "number"),
    Index("ix_audit_entries_subject_number", "subject", "number"),
)
