"""The table of grants: what login sessions live with at the identity server. Refresh tokens are kept sealed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from twinev.adapters.database.metadata import UtcDateTime, metadata

login_grants = Table(
    "login_grants",
    metadata,
    Column("session_id", ForeignKey("login_sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("server_session_id", String(255), nullable=False, index=True),
    Column("refresh_token_sealed", Text, nullable=False),
    Column("checked_until", UtcDateTime, nullable=False),
)
