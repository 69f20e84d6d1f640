"""The tables of what stations can do, what others limit them to, and which of them do not follow."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text

from twinev.adapters.database.metadata import UtcDateTime, metadata

charging_abilities = Table(
    "charging_abilities",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("max_profiles", Integer),
    Column("max_periods", Integer),
    Column("max_stack_level", Integer),
    Column("discharging_evses", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# EVSE 0 is the whole station; a source has one limit at each.
external_limits = Table(
    "external_limits",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("evse_id", Integer, primary_key=True, autoincrement=False),
    Column("source", String(64), primary_key=True),
    Column("schedule", JSON(none_as_null=True)),
    Column("grid_critical", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

station_faults = Table(
    "station_faults",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("cause", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("by_meter", Boolean, nullable=False),
)
