"""The tables of vehicles, bookings of shared ones, and drivers' preferences."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from twinev.adapters.database.metadata import UtcDateTime, metadata

vehicles = Table(
    "vehicles",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("battery_kwh", Float, nullable=False),
    # NULL for a shared vehicle, which has a site instead.
    Column("owner_id", String(64), index=True),
    Column("site_id", ForeignKey("sites.id")),
    Column("connectors", JSON, nullable=False),
    Column("max_ac_kw", Float, nullable=False),
    Column("max_dc_kw", Float, nullable=False),
    Column("consumption_kwh_per_km", Float, nullable=False),
    Column("v2g", Boolean, nullable=False),
    Column("available", Boolean, nullable=False),
)

vehicle_bookings = Table(
    "vehicle_bookings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("user_id", String(64), nullable=False, index=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("grace_minutes", Float, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("picked_up_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("ix_vehicle_bookings_vehicle_id_made_at_id", "vehicle_id", "made_at", "id"),
)

# As evse_steps: one row for each five minutes that a vehicle is taken.
vehicle_steps = Table(
    "vehicle_steps",
    metadata,
    Column("vehicle_id", ForeignKey("vehicles.id"), primary_key=True),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("holder_id", ForeignKey("vehicle_bookings.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

preferences = Table(
    "preferences",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("profile", String(20), nullable=False),
    Column("min_target_soc", Float, nullable=False),
    Column("max_distance_km", Float, nullable=False),
    Column("language", String(35), nullable=False),
    Column("notify_reservation", Boolean, nullable=False),
    Column("notify_session_ended", Boolean, nullable=False),
    Column("notify_price", Boolean, nullable=False),
    Column("default_vehicle_id", String(64)),
    Column("version", Integer, nullable=False),
)
