"""The tables of accounts, login sessions and tickets. No password, cookie or ticket is kept: only hashes of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, false

from twinev.adapters.database.metadata import UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("username", String(64), nullable=False),
    # Casefolded; a letter may become three.
    Column("username_key", String(192), nullable=False, unique=True),
    Column("display_name", String(255), nullable=False),
    # Role names, sorted, with spaces between.
    Column("roles", String(255), nullable=False),
    Column("password_hash", String(255)),
    Column("disabled", Boolean, nullable=False),
    Column("password_temporary", Boolean, nullable=False, server_default=false()),
)

login_sessions = Table(
    "login_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("end_reason", String(40)),
)

login_tickets = Table(
    "login_tickets",
    metadata,
    Column("ticket_hash", String(64), primary_key=True),
    Column("session_id", ForeignKey("login_sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("used_at", UtcDateTime),
)
