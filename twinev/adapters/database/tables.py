"""The tables of charge points, sessions, facts, plans, restrictions and series; accounts are in `identity_tables`.

Energies are kWh, powers kW. Text that belongs to a natural key is never NULL (two NULLs are not equal in SQL): where
nothing was said, it is the empty string.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
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

# SQLite counts up only in a column whose type is exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

sites = Table(
    "sites",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("latitude_degrees", Float, nullable=False),
    Column("longitude_degrees", Float, nullable=False),
    Column("supply_max_kw", Float, nullable=False),
    Column("supply_min_kw", Float, nullable=False),
    Column("fallback_kw", Float),
    Column("price_zone", String(64), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("slot_minutes", Integer, nullable=False),
    Column("horizon_slots", Integer, nullable=False),
    Column("accepts_unknown_tokens", Boolean, nullable=False),
    Column("default_energy_kwh", Float, nullable=False),
    Column("default_stay_minutes", Integer, nullable=False),
    Column("address", JSON(none_as_null=True)),
    Column("opening_hours", JSON(none_as_null=True)),
)

stations = Table(
    "stations",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("latitude_degrees", Float, nullable=False),
    Column("longitude_degrees", Float, nullable=False),
    Column("security_profile", Integer, nullable=False),
    Column("key_hmac", LargeBinary),
    Column("protocol", String(20)),
    Column("vendor", String(255)),
    Column("model", String(255)),
    Column("firmware_version", String(255)),
    Column("online", Boolean, nullable=False),
    Column("online_since", UtcDateTime),
    Column("last_seen", UtcDateTime),
    Column("connection_id", String(64)),
    Column("public", Boolean, nullable=False),
    Column("blocked_at", UtcDateTime),
    Column("block_reason", String(255)),
    # Its rows elsewhere are history and stay; so it stays too.
    Column("removed_at", UtcDateTime),
)

pending_station_keys = Table(
    "pending_station_keys",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False, index=True),
    Column("key_hmac", LargeBinary, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
)

evses = Table(
    "evses",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("connector_type", String(40), nullable=False),
    Column("max_kw", Float, nullable=False),
    Column("phases", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("status_at", UtcDateTime),
    # What the station gave as the fault with that status.
    Column("error_code", String(50)),
    # NULL for one connector of that type, which has all that the EVSE has.
    Column("connectors", JSON(none_as_null=True)),
    # What the platform published last.
    Column("availability", String(20)),
)

id_tokens = Table(
    "id_tokens",
    metadata,
    Column("id_token", String(255), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("user_id", String(64), index=True),
)

charging_sessions = Table(
    "charging_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("evse_id", Integer, nullable=False),
    Column("ocpp_transaction_id", String(64), nullable=False),
    Column("id_token", String(255)),
    # Whose token it is; NULL where nobody knows.
    Column("user_id", String(64)),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("stop_reason", String(40)),
    Column("energy_requested_kwh", Float),
    Column("departure_at", UtcDateTime),
    Column("ev_max_kw", Float),
    Column("ev_max_discharge_kw", Float),
    Column("profile", String(20), nullable=False),
    Column("charging_state", String(20)),
    Column("meter_start_kwh", Float),
    Column("export_start_kwh", Float),
    Column("energy_kwh", Float, nullable=False),
    Column("returned_kwh", Float, nullable=False, server_default="0"),
    Column("power_kw", Float, nullable=False),
    Column("measured_at", UtcDateTime),
    Column("last_seq_no", Integer),
    # First and last of each run of events that did not come; NULL for none.
    Column("missing_seq_nos", JSON(none_as_null=True)),
    # A station whose counter began anew gives a transaction the name of an older one.
    UniqueConstraint("station_id", "ocpp_transaction_id", "started_at"),
    Index("ix_charging_sessions_started_at_id", "started_at", "id"),
    Index("ix_charging_sessions_ended_at_site_id", "ended_at", "site_id"),
    Index("ix_charging_sessions_user_id_started_at_id", "user_id", "started_at", "id"),
    Index("ix_charging_sessions_station_id_evse_id_started_at", "station_id", "evse_id", "started_at"),
)

# What a driver asked for before the transaction began; the next session at the EVSE takes it.
held_needs = Table(
    "held_needs",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("evse_id", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("energy_requested_kwh", Float),
    Column("departure_at", UtcDateTime),
    Column("ev_max_kw", Float),
    Column("ev_max_discharge_kw", Float),
    Column("profile", String(20), nullable=False),
)

# The charging state that a station told before the transaction began: OCPP 1.6 stations often do.
held_states = Table(
    "held_states",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("evse_id", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("charging_state", String(20), nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# The natural key is the primary key; its order serves "this session's values over time" without another index.
meter_values = Table(
    "meter_values",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("ocpp_transaction_id", String(64), primary_key=True),
    Column("timestamp", UtcDateTime, primary_key=True),
    Column("evse_id", Integer, primary_key=True, autoincrement=False),
    Column("measurand", String(60), primary_key=True),
    Column("phase", String(10), primary_key=True),
    Column("location", String(20), primary_key=True),
    Column("context", String(30), primary_key=True),
    Column("value", Float, nullable=False),
    Column("unit", String(20), nullable=False),
    Index("ix_meter_values_station_id_timestamp", "station_id", "timestamp"),
    sqlite_with_rowid=False,
)

facts = Table(
    "facts",
    metadata,
    Column("station_id", ForeignKey("stations.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("decision", JSON(none_as_null=True)),
    sqlite_with_rowid=False,
)

set_aside_facts = Table(
    "set_aside_facts",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("station_id", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("station_id", "key", "body_hash"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("site_id", ForeignKey("sites.id")),
    Column("made_at", UtcDateTime, nullable=False),
    Column("trigger", String(64), nullable=False),
    Column("formulation", String(20), nullable=False),
    Column("profile", String(20)),
    Column("solver", String(20)),
    Column("gap", Float),
    Column("time_limit_seconds", Float),
    Column("requested_by", String(64)),
    Column("scenario", JSON, nullable=False),
    Column("schedule", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Index("ix_plans_made_at_id", "made_at", "id"),
    Index("ix_plans_site_id_made_at_id", "site_id", "made_at", "id"),
)

commands = Table(
    "commands",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("action", String(40), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("issued_by", String(64), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("outcome", String(20)),
    Column("status", String(64)),
    Column("detail", Text),
    Column("round_trip_ms", Float),
    Column("plan_id", String(64), index=True),
    Column("restriction_id", String(64), index=True),
    Column("app", String(200)),
    Column("response", JSON(none_as_null=True)),
    Column("retry_of", String(64)),
    Index("ix_commands_sent_at_id", "sent_at", "id"),
    Index("ix_commands_station_id_sent_at_id", "station_id", "sent_at", "id"),
)

# What stations told of themselves; numbered as they came.
station_reports = Table(
    "station_reports",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("station_id", ForeignKey("stations.id"), nullable=False),
    Column("report", String(40), nullable=False),
    Column("timestamp", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("evse_id", Integer),
    Column("request_id", BigInteger),
    Column("seq_no", BigInteger),
    Column("to_be_continued", Boolean, nullable=False),
    Column("content", JSON, nullable=False),
    Index("ix_station_reports_station_id_id", "station_id", "id"),
)

restrictions = Table(
    "restrictions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("limit_kw", Float, nullable=False),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False, index=True),
    Column("v2g", Boolean, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    # How the stations were chosen, where not one by one.
    Column("site_ids", JSON(none_as_null=True)),
    Column("area", JSON(none_as_null=True)),
    Index("ix_restrictions_created_at_id", "created_at", "id"),
)

restriction_changes = Table(
    "restriction_changes",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("restriction_id", ForeignKey("restrictions.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
    Column("act", String(20), nullable=False),
    Column("limit_kw", Float, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("v2g", Boolean, nullable=False),
)

# What others ask of a site's import limit, as each asked for it; what holds is in series_values.
flexibility_orders = Table(
    "flexibility_orders",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("step_minutes", Integer, nullable=False),
    Column("values_kw", JSON, nullable=False),
    Column("ordered_by", String(64), nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("revoked_by", String(64)),
    Column("revoked_at", UtcDateTime),
    Index("ix_flexibility_orders_ordered_at_id", "ordered_at", "id"),
    Index("ix_flexibility_orders_site_id_end", "site_id", "end"),
)

restriction_stations = Table(
    "restriction_stations",
    metadata,
    Column("restriction_id", ForeignKey("restrictions.id"), primary_key=True),
    Column("station_id", ForeignKey("stations.id"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

restriction_states = Table(
    "restriction_states",
    metadata,
    Column("restriction_id", ForeignKey("restrictions.id"), primary_key=True),
    Column("state", JSON, nullable=False),
)

series_values = Table(
    "series_values",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("start", UtcDateTime, primary_key=True),
    Column("end", UtcDateTime, nullable=False),
    Column("value", Float, nullable=False),
    Index("ix_series_values_kind_subject_end", "kind", "subject", "end"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", RowNumber, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("data", JSON, nullable=False),
)

# Which messages of other modules were taken in: a redelivery changes nothing, an older one is known as stale.
inbound_messages = Table(
    "inbound_messages",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("message_id", String(128), primary_key=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False, index=True),
    Index("ix_inbound_messages_kind_subject_end", "kind", "subject", "end"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("body", JSON(none_as_null=True)),
    Column("at", UtcDateTime, nullable=False, index=True),
)
