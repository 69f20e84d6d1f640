"""The table of counted days: what the analysis of months is added up of, so that no month reads its meter values."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, String, Table

from twinev.adapters.database.metadata import metadata

site_days = Table(
    "site_days",
    metadata,
    Column("site_id", ForeignKey("sites.id"), primary_key=True),
    # A date of the site's own clock, which sorts as text.
    Column("day", String(10), primary_key=True),
    Column("traces", String(255), nullable=False),
    Column("content", JSON, nullable=False),
)
