"""The first schema: charge points, sessions, facts, plans, commands, restrictions, series, outbox."""

import sqlalchemy as sa
from alembic import op

from twinev.adapters.database.metadata import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "id_tokens",
        sa.Column("id_token", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id_token", name="pk_id_tokens"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_at", "idempotency_keys", ["at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
    )
    op.create_table(
        "restrictions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("limit_kw", sa.Float(), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("v2g", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_restrictions"),
    )
    op.create_index("ix_restrictions_created_at_id", "restrictions", ["created_at", "id"], unique=False)
    op.create_index("ix_restrictions_end", "restrictions", ["end"], unique=False)
    op.create_table(
        "series_values",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("end", UtcDateTime(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", "start", name="pk_series_values"),
    )
    op.create_index("ix_series_values_kind_subject_end", "series_values", ["kind", "subject", "end"], unique=False)
    op.create_table(
        "set_aside_facts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("station_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_set_aside_facts"),
        sa.UniqueConstraint("station_id", "key", "body_hash", name="uq_set_aside_facts_station_id_key_body_hash"),
    )
    op.create_index("ix_set_aside_facts_at", "set_aside_facts", ["at"], unique=False)
    op.create_table(
        "sites",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("latitude_degrees", sa.Float(), nullable=False),
        sa.Column("longitude_degrees", sa.Float(), nullable=False),
        sa.Column("supply_max_kw", sa.Float(), nullable=False),
        sa.Column("supply_min_kw", sa.Float(), nullable=False),
        sa.Column("fallback_kw", sa.Float(), nullable=True),
        sa.Column("price_zone", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_slots", sa.Integer(), nullable=False),
        sa.Column("accepts_unknown_tokens", sa.Boolean(), nullable=False),
        sa.Column("default_energy_kwh", sa.Float(), nullable=False),
        sa.Column("default_stay_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("trigger", sa.String(length=64), nullable=False),
        sa.Column("formulation", sa.String(length=20), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=True),
        sa.Column("scenario", sa.JSON(), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_plans_site_id_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
    )
    op.create_index("ix_plans_made_at_id", "plans", ["made_at", "id"], unique=False)
    op.create_index("ix_plans_site_id_made_at_id", "plans", ["site_id", "made_at", "id"], unique=False)
    op.create_table(
        "restriction_states",
        sa.Column("restriction_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["restriction_id"], ["restrictions.id"], name="fk_restriction_states_restriction_id_restrictions"
        ),
        sa.PrimaryKeyConstraint("restriction_id", name="pk_restriction_states"),
    )
    op.create_table(
        "stations",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("latitude_degrees", sa.Float(), nullable=False),
        sa.Column("longitude_degrees", sa.Float(), nullable=False),
        sa.Column("security_profile", sa.Integer(), nullable=False),
        sa.Column("key_hmac", sa.LargeBinary(), nullable=True),
        sa.Column("protocol", sa.String(length=20), nullable=True),
        sa.Column("vendor", sa.String(length=255), nullable=True),
        sa.Column("model", sa.String(length=255), nullable=True),
        sa.Column("firmware_version", sa.String(length=255), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=True),
        sa.Column("connection_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_stations_site_id_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_stations"),
    )
    op.create_index("ix_stations_site_id", "stations", ["site_id"], unique=False)
    op.create_table(
        "charging_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse_id", sa.Integer(), nullable=False),
        sa.Column("ocpp_transaction_id", sa.String(length=64), nullable=False),
        sa.Column("id_token", sa.String(length=255), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("stop_reason", sa.String(length=40), nullable=True),
        sa.Column("energy_requested_kwh", sa.Float(), nullable=True),
        sa.Column("departure_at", UtcDateTime(), nullable=True),
        sa.Column("ev_max_kw", sa.Float(), nullable=True),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("charging_state", sa.String(length=20), nullable=True),
        sa.Column("meter_start_kwh", sa.Float(), nullable=True),
        sa.Column("energy_kwh", sa.Float(), nullable=False),
        sa.Column("power_kw", sa.Float(), nullable=False),
        sa.Column("measured_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_charging_sessions_site_id_sites"),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_charging_sessions_station_id_stations"),
        sa.PrimaryKeyConstraint("id", name="pk_charging_sessions"),
        sa.UniqueConstraint(
            "station_id", "ocpp_transaction_id", name="uq_charging_sessions_station_id_ocpp_transaction_id"
        ),
    )
    op.create_index("ix_charging_sessions_ended_at_site_id", "charging_sessions", ["ended_at", "site_id"], unique=False)
    op.create_index("ix_charging_sessions_started_at_id", "charging_sessions", ["started_at", "id"], unique=False)
    op.create_index(
        "ix_charging_sessions_station_id_evse_id_started_at",
        "charging_sessions",
        ["station_id", "evse_id", "started_at"],
        unique=False,
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("round_trip_ms", sa.Float(), nullable=True),
        sa.Column("plan_id", sa.String(length=64), nullable=True),
        sa.Column("restriction_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_commands_station_id_stations"),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
    )
    op.create_index("ix_commands_plan_id", "commands", ["plan_id"], unique=False)
    op.create_index("ix_commands_restriction_id", "commands", ["restriction_id"], unique=False)
    op.create_index("ix_commands_sent_at_id", "commands", ["sent_at", "id"], unique=False)
    op.create_index("ix_commands_station_id_sent_at_id", "commands", ["station_id", "sent_at", "id"], unique=False)
    op.create_table(
        "evses",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("connector_type", sa.String(length=40), nullable=False),
        sa.Column("max_kw", sa.Float(), nullable=False),
        sa.Column("phases", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_evses_station_id_stations"),
        sa.PrimaryKeyConstraint("station_id", "id", name="pk_evses"),
    )
    op.create_table(
        "facts",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("decision", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_facts_station_id_stations"),
        sa.PrimaryKeyConstraint("station_id", "key", name="pk_facts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "held_needs",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("energy_requested_kwh", sa.Float(), nullable=True),
        sa.Column("departure_at", UtcDateTime(), nullable=True),
        sa.Column("ev_max_kw", sa.Float(), nullable=True),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_held_needs_station_id_stations"),
        sa.PrimaryKeyConstraint("station_id", "evse_id", name="pk_held_needs"),
    )
    op.create_table(
        "held_states",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("charging_state", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_held_states_station_id_stations"),
        sa.PrimaryKeyConstraint("station_id", "evse_id", name="pk_held_states"),
    )
    op.create_table(
        "meter_values",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("ocpp_transaction_id", sa.String(length=64), nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.Column("evse_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measurand", sa.String(length=60), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("location", sa.String(length=20), nullable=False),
        sa.Column("context", sa.String(length=30), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_meter_values_station_id_stations"),
        sa.PrimaryKeyConstraint(
            "station_id",
            "ocpp_transaction_id",
            "timestamp",
            "evse_id",
            "measurand",
            "phase",
            "location",
            "context",
            name="pk_meter_values",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_meter_values_station_id_timestamp", "meter_values", ["station_id", "timestamp"], unique=False)
    op.create_table(
        "restriction_stations",
        sa.Column("restriction_id", sa.String(length=64), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["restriction_id"], ["restrictions.id"], name="fk_restriction_stations_restriction_id_restrictions"
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name="fk_restriction_stations_station_id_stations"),
        sa.PrimaryKeyConstraint("restriction_id", "station_id", name="pk_restriction_stations"),
    )
    op.create_index("ix_restriction_stations_station_id", "restriction_stations", ["station_id"], unique=False)


def downgrade() -> None:
    op.drop_table("restriction_stations")
    op.drop_table("meter_values")
    op.drop_table("held_states")
    op.drop_table("held_needs")
    op.drop_table("facts")
    op.drop_table("evses")
    op.drop_table("commands")
    op.drop_table("charging_sessions")
    op.drop_table("stations")
    op.drop_table("restriction_states")
    op.drop_table("plans")
    op.drop_table("sites")
    op.drop_table("set_aside_facts")
    op.drop_table("series_values")
    op.drop_table("restrictions")
    op.drop_table("outbox")
    op.drop_table("idempotency_keys")
    op.drop_table("id_tokens")
    op.drop_table("counters")
