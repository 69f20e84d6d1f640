"""Reservations, charge orders, private stations, vehicles with their bookings, preferences; whose a session is."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0015"
down_revision = "0014"

_USER = sa.String(length=64)


def upgrade() -> None:
    # Sessions from before: nobody's, unless their token belongs to somebody.
    op.add_column("charging_sessions", sa.Column("user_id", _USER, nullable=True))
    op.execute(
        "UPDATE charging_sessions SET user_id = "
        "(SELECT user_id FROM id_tokens WHERE id_tokens.id_token = lower(charging_sessions.id_token))"
    )
    columns = ["user_id", "started_at", "id"]
    op.create_index("ix_charging_sessions_user_id_started_at_id", "charging_sessions", columns)
    op.create_index("ix_id_tokens_user_id", "id_tokens", ["user_id"])
    _create_reservations()
    _create_charge_orders()
    op.create_table(
        "station_access",
        sa.Column("station_id", sa.String(length=48), sa.ForeignKey("stations.id"), primary_key=True),
        sa.Column("user_id", _USER, primary_key=True),
    )
    _create_vehicles()
    op.create_table(
        "preferences",
        sa.Column("user_id", _USER, primary_key=True),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("min_target_soc", sa.Float(), nullable=False),
        sa.Column("max_distance_km", sa.Float(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("notify_reservation", sa.Boolean(), nullable=False),
        sa.Column("notify_session_ended", sa.Boolean(), nullable=False),
        sa.Column("notify_price", sa.Boolean(), nullable=False),
        sa.Column("default_vehicle_id", sa.String(length=64)),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", _USER, nullable=False),
        sa.Column("site_id", sa.String(length=64), sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse_id", sa.Integer(), nullable=False),
        sa.Column("connector_type", sa.String(length=40), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("grace_minutes", sa.Float(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("told_at", UtcDateTime()),
        sa.Column("station_answer", sa.String(length=64)),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("session_id", sa.String(length=64)),
        sa.ForeignKeyConstraint(["station_id", "evse_id"], ["evses.station_id", "evses.id"]),
        sa.UniqueConstraint("number", name="uq_reservations_number"),
    )
    op.create_index("ix_reservations_session_id", "reservations", ["session_id"])
    op.create_index("ix_reservations_made_at_id", "reservations", ["made_at", "id"])
    op.create_index("ix_reservations_user_id_status_start", "reservations", ["user_id", "status", "start"])
    op.create_index("ix_reservations_status_station_id", "reservations", ["status", "station_id"])
    op.create_table(
        "evse_steps",
        sa.Column("station_id", sa.String(length=48), primary_key=True),
        sa.Column("evse_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("step", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("holder_id", sa.String(length=64), sa.ForeignKey("reservations.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_evse_steps_holder_id", "evse_steps", ["holder_id"])


def _create_charge_orders() -> None:
    op.create_table(
        "charge_orders",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("user_id", _USER, nullable=False),
        sa.Column("station_id", sa.String(length=48), sa.ForeignKey("stations.id"), nullable=False),
        sa.Column("evse_id", sa.Integer(), nullable=False),
        sa.Column("id_token", sa.String(length=255), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("energy_kwh", sa.Float()),
        sa.Column("departure_at", UtcDateTime()),
        sa.Column("ev_max_kw", sa.Float()),
        sa.Column("ev_max_discharge_kw", sa.Float()),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("battery_kwh", sa.Float()),
        sa.Column("soc", sa.Float()),
        sa.Column("target_soc", sa.Float()),
        sa.Column("vehicle_id", sa.String(length=64)),
        sa.Column("reservation_id", sa.String(length=64), sa.ForeignKey("reservations.id")),
        sa.Column("stop_at_target", sa.Boolean(), nullable=False),
        sa.Column("stop_at", UtcDateTime()),
        sa.Column("session_id", sa.String(length=64)),
        sa.Column("stop_asked_at", UtcDateTime()),
    )
    op.create_index("ix_charge_orders_session_id", "charge_orders", ["session_id"])
    columns = ["station_id", "evse_id", "ordered_at"]
    op.create_index("ix_charge_orders_station_id_evse_id_ordered_at", "charge_orders", columns)


def _create_vehicles() -> None:
    op.create_table(
        "vehicles",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("battery_kwh", sa.Float(), nullable=False),
        sa.Column("owner_id", _USER),
        sa.Column("site_id", sa.String(length=64), sa.ForeignKey("sites.id")),
        sa.Column("connectors", sa.JSON(), nullable=False),
        sa.Column("max_ac_kw", sa.Float(), nullable=False),
        sa.Column("max_dc_kw", sa.Float(), nullable=False),
        sa.Column("consumption_kwh_per_km", sa.Float(), nullable=False),
        sa.Column("v2g", sa.Boolean(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_vehicles_owner_id", "vehicles", ["owner_id"])
    op.create_table(
        "vehicle_bookings",
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("vehicle_id", sa.String(length=64), sa.ForeignKey("vehicles.id"), nullable=False),
        sa.Column("user_id", _USER, nullable=False),
        sa.Column("site_id", sa.String(length=64), sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("grace_minutes", sa.Float(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("picked_up_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
    )
    op.create_index("ix_vehicle_bookings_user_id", "vehicle_bookings", ["user_id"])
    op.create_index("ix_vehicle_bookings_status", "vehicle_bookings", ["status"])
    columns = ["vehicle_id", "made_at", "id"]
    op.create_index("ix_vehicle_bookings_vehicle_id_made_at_id", "vehicle_bookings", columns)
    op.create_table(
        "vehicle_steps",
        sa.Column("vehicle_id", sa.String(length=64), sa.ForeignKey("vehicles.id"), primary_key=True),
        sa.Column("step", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("holder_id", sa.String(length=64), sa.ForeignKey("vehicle_bookings.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_vehicle_steps_holder_id", "vehicle_steps", ["holder_id"])


def downgrade() -> None:
    for table in (
        "preferences",
        "vehicle_steps",
        "vehicle_bookings",
        "vehicles",
        "station_access",
        "charge_orders",
        "evse_steps",
        "reservations",
    ):
        op.drop_table(table)
    op.drop_index("ix_id_tokens_user_id", "id_tokens")
    op.drop_index("ix_charging_sessions_user_id_started_at_id", "charging_sessions")
    op.drop_column("charging_sessions", "user_id")
