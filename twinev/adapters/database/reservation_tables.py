"""The tables of reservations, charge orders, and who may use a private station.

A user's id is the identity server's: it has no row here that must exist.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
)

from twinev.adapters.database.metadata import UtcDateTime, metadata

reservations = Table(
    "reservations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("user_id", String(64), nullable=False),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("station_id", String(48), nullable=False),
    Column("evse_id", Integer, nullable=False),
    Column("connector_type", String(40), nullable=False),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("grace_minutes", Float, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("status", String(20), nullable=False),
    Column("told_at", UtcDateTime),
    Column("station_answer", String(64)),
    Column("ended_at", UtcDateTime),
    Column("session_id", String(64), index=True),
    ForeignKeyConstraint(["station_id", "evse_id"], ["evses.station_id", "evses.id"]),
    Index("ix_reservations_made_at_id", "made_at", "id"),
    Index("ix_reservations_user_id_status_start", "user_id", "status", "start"),
    Index("ix_reservations_status_station_id", "status", "station_id"),
    Index("ix_reservations_site_id_start", "site_id", "start"),
)

# One row for each five minutes that an EVSE is taken: the primary key is what no two reservations can share.
evse_steps = Table(
    "evse_steps",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("evse_id", Integer, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("holder_id", ForeignKey("reservations.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

charge_orders = Table(
    "charge_orders",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("evse_id", Integer, nullable=False),
    Column("id_token", String(255), nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("energy_kwh", Float),
    Column("departure_at", UtcDateTime),
    Column("ev_max_kw", Float),
    Column("ev_max_discharge_kw", Float),
    Column("profile", String(20), nullable=False),
    Column("battery_kwh", Float),
    Column("soc", Float),
    Column("target_soc", Float),
    Column("vehicle_id", String(64)),
    Column("reservation_id", ForeignKey("reservations.id")),
    Column("stop_at_target", Boolean, nullable=False),
    Column("stop_at", UtcDateTime),
    Column("session_id", String(64), index=True),
    Column("stop_asked_at", UtcDateTime),
    Index("ix_charge_orders_station_id_evse_id_ordered_at", "station_id", "evse_id", "ordered_at"),
)

station_access = Table(
    "station_access",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("user_id", String(64), primary_key=True),
)
