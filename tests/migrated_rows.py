"""Rows of a system in use, for databases of every older schema: who adds a table or a column adds its values here.

A database of an older revision gets those columns that it has.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Engine, MetaData, Table, insert, inspect, select

from twinev.adapters.database.tables import metadata

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
LATER = AT + timedelta(hours=2)
_SCHEDULE = {"status": "optimal", "solver": "HiGHS", "gap": 0.0, "objective": 1.5, "solve_seconds": 0.2, "sessions": []}
_NEEDS = {
    "energy_requested_kwh": 20.0,
    "departure_at": LATER,
    "ev_max_kw": 11.0,
    "ev_max_discharge_kw": 5.0,
    "profile": "cheap",
}

ROWS: dict[str, list[dict[str, Any]]] = {
    "sites": [
        {
            "id": site_id, "name": f"Größe {site_id}", "latitude_degrees": 52.1, "longitude_degrees": 5.1,
            "supply_max_kw": 50.0, "supply_min_kw": -10.0, "fallback_kw": fallback_kw, "price_zone": "NL",
            "time_zone": "Europe/Amsterdam", "slot_minutes": 15, "horizon_slots": 96, "accepts_unknown_tokens": False,
            "default_energy_kwh": 20.0, "default_stay_minutes": 240,
            "address": {"street": "Croeselaan 1", "city": "Utrecht", "country": "NLD", "postal_code": None},
            "opening_hours": None,
        }
        for site_id, fallback_kw in (("s", None), ("t", 3.7))
    ],
    "stations": [
        {
            "id": station_id, "site_id": "s", "name": station_id, "latitude_degrees": 52.1, "longitude_degrees": 5.1,
            "security_profile": 1, "key_hmac": b"\x00\xff", "protocol": "ocpp1.6", "vendor": "V", "model": None,
            "firmware_version": None, "online": online, "online_since": AT if online else None, "last_seen": AT,
            "connection_id": None, "public": True, "blocked_at": None, "block_reason": None, "removed_at": None,
        }
        for station_id, online in (("RDAM 1", True), (">", False))
    ],
    "pending_station_keys": [{"number": 7, "station_id": "RDAM 1", "key_hmac": b"\x01", "told_at": AT}],
    "evses": [
        {
            "station_id": "RDAM 1", "id": number, "connector_type": "cType2", "max_kw": 11.0, "phases": 3,
            "status": "Occupied", "status_at": AT, "connectors": None, "availability": None, "error_code": None,
        }
        for number in (1, 2)
    ],
    "id_tokens": [{"id_token": "card", "status": "Accepted", "user_id": None}],
    "charging_sessions": [
        {
            "id": f"session {number}", "site_id": "s", "station_id": "RDAM 1", "evse_id": 1,
            "ocpp_transaction_id": str(number), "id_token": "card", "started_at": AT, "ended_at": ended_at,
            "stop_reason": None, "charging_state": "Charging", "meter_start_kwh": 100.5, "energy_kwh": 3.5,
            "power_kw": 7.2, "measured_at": AT, "last_seq_no": 4, "missing_seq_nos": None, "export_start_kwh": None,
            "returned_kwh": 0.0, "user_id": "u", **_NEEDS,
        }
        for number, ended_at in ((1, LATER), (2, None))
    ],
    "held_needs": [{"station_id": "RDAM 1", "evse_id": 2, "at": AT, **_NEEDS}],
    "held_states": [{"station_id": "RDAM 1", "evse_id": 2, "at": AT, "charging_state": "EVConnected"}],
    "counters": [{"name": "transactions", "value": 2}],
    "meter_values": [
        {
            "station_id": "RDAM 1", "ocpp_transaction_id": "1", "timestamp": AT + timedelta(minutes=minute),
            "evse_id": 1, "measurand": "Energy.Active.Import.Register", "phase": "", "location": "Outlet",
            "context": "Sample.Periodic", "value": 100.0 + minute, "unit": "kWh",
        }
        for minute in range(50)
    ],
    "facts": [
        {
            "station_id": "RDAM 1", "key": "k", "content_hash": b"\x02", "received_at": AT,
            "decision": {"status": "Accepted"},
        }
    ],
    "set_aside_facts": [
        {"number": 3, "station_id": "gone", "key": "k", "body_hash": b"\x03", "body": b"{}", "reason": "r", "at": AT}
    ],
    "plans": [
        {
            "id": "plan", "site_id": "s", "made_at": AT, "trigger": "session.started", "formulation": "cpo",
            "profile": None, "solver": "auto", "gap": 1e-4, "time_limit_seconds": 60.0, "requested_by": None,
            "scenario": {"slots": 1}, "schedule": _SCHEDULE, "summary": _SCHEDULE,
        }
    ],
    "commands": [
        {
            "id": "command", "station_id": "RDAM 1", "action": "ClearCache", "payload": {}, "issued_by": "olga",
            "sent_at": AT, "answered_at": AT, "outcome": "accepted", "status": "Accepted", "detail": None,
            "round_trip_ms": 1.5, "plan_id": "plan", "restriction_id": None, "app": "a/1", "response": None,
            "retry_of": None,
        }
    ],
    "station_reports": [
        {
            "id": 5, "station_id": "RDAM 1", "report": "NotifyEvent", "timestamp": AT, "received_at": AT,
            "evse_id": None, "request_id": 9, "seq_no": 0, "to_be_continued": False, "content": {"a": 1},
        }
    ],
    "site_days": [{"site_id": "s", "day": "2026-11-22", "traces": "2 7.000", "content": {"site_id": "s"}}],
    "restrictions": [
        {
            "id": "restriction", "limit_kw": 9.0, "start": AT, "end": LATER, "v2g": False, "created_by": "gerda",
            "created_at": AT, "revoked_at": None, "site_ids": ["s"], "area": None,
        }
    ],
    "restriction_changes": [
        {
            "number": 4, "restriction_id": "restriction", "at": AT, "by": "gerda", "act": "ordered", "limit_kw": 9.0,
            "end": LATER, "v2g": False,
        }
    ],
    "flexibility_orders": [
        {
            "id": "order", "site_id": "s", "start": AT, "end": LATER, "step_minutes": 60, "values_kw": [3.0, 4.5],
            "ordered_by": "gerda", "ordered_at": AT, "revoked_by": None, "revoked_at": None,
        }
    ],
    "restriction_stations": [{"restriction_id": "restriction", "station_id": "RDAM 1", "position": 0}],
    "restriction_states": [{"restriction_id": "restriction", "state": {"state": "enforced"}}],
    "series_values": [{"kind": "demand_kw", "subject": "s", "start": AT, "end": LATER, "value": 4.5}],
    "outbox": [{"number": 11, "id": "event", "kind": "site.changed", "at": AT, "data": {"site_id": "s"}}],
    "inbound_messages": [
        {
            "source": "market", "message_id": "m", "content_hash": b"\x04", "kind": "price", "subject": "NL",
            "created_at": AT, "start": AT, "end": LATER, "taken_at": AT,
        }
    ],
    "idempotency_keys": [
        {"user_id": "u", "key": "k", "request_hash": b"\x05", "status": 201, "body": {"id": "x"}, "at": AT}
    ],
    "users": [
        {
            "id": "u", "username": "Olga", "username_key": "olga", "display_name": "Olga", "password_hash": "$argon2",
            "roles": "charge_point_operator", "disabled": False, "password_temporary": False,
        }
    ],
    "login_sessions": [
        {
            "id": "l", "user_id": "u", "kind": "browser", "secret_hash": "h", "created_at": AT, "expires_at": LATER,
            "ended_at": None, "end_reason": None,
        }
    ],
    "login_tickets": [{"ticket_hash": "t", "session_id": "l", "expires_at": LATER, "used_at": None}],
    "charging_abilities": [
        {
            "station_id": "RDAM 1", "max_profiles": 8, "max_periods": 24, "max_stack_level": 9,
            "discharging_evses": [1], "at": AT,
        }
    ],
    "external_limits": [
        {"station_id": "RDAM 1", "evse_id": 0, "source": "EMS", "schedule": None, "grid_critical": False, "at": AT}
    ],
    "station_faults": [
        {"station_id": "RDAM 1", "cause": "meter", "reason": "r", "since": AT, "by_meter": True}
    ],
    "audit_entries": [
        {
            "number": 1, "at": AT, "user_id": "u", "username": "Olga", "roles": "administrator", "app": None,
            "action": "PUT /api/v1/sites/{site_id}", "subject": "sites/s", "changes": [],
        }
    ],
    "login_grants": [
        {"session_id": "l", "server_session_id": "server", "refresh_token_sealed": "sealed", "checked_until": LATER}
    ],
    "tariffs": [
        {"id": "night", "version": 1, "valid_from": AT, "valid_to": None, "published_at": AT, "content": {"a": 1}}
    ],
    "tariff_assignments": [
        {"site_id": "s", "station_id": "", "evse_id": 0, "since": AT, "tariff_id": "night", "assigned_by": "olga"}
    ],
    "sessions_to_settle": [{"session_id": "session 1", "due_at": LATER}],
    "charge_detail_records": [
        {
            "id": "session 1-1", "session_id": "session 1", "number": 1, "credit": False, "user_id": "u",
            "site_id": "s", "made_at": LATER, "content": {"total": "1.21"},
        }
    ],
    "payment_changes": [
        {"number": 6, "cdr_id": "session 1-1", "status": "paid", "at": LATER, "by": "olga", "reference": "Überweisung"}
    ],
    "contracts": [
        {
            "id": "contract", "user_id": "u", "tariff_id": "night", "valid_from": AT, "valid_to": None,
            "status": "signed", "created_at": AT, "created_by": "olga",
        }
    ],
    "terms": [
        {
            "id": "terms", "version": 1, "title": "Terms", "text": "Be kind.", "valid_from": AT, "published_at": AT,
            "published_by": "olga",
        }
    ],
    "terms_acceptances": [{"user_id": "u", "terms_id": "terms", "version": 1, "accepted_at": AT, "app": None}],
    "ocpi_partners": [
        {
            "id": "partner", "name": "Partner", "country_code": "NL", "party_id": "ABC", "token_hmac": b"\x06",
            "created_at": AT, "created_by": "olga", "revoked_at": None,
        }
    ],
    "ocpi_partner_tokens": [{"id_token": "roaming", "partner_id": "partner", "contract_id": "NL-ABC-1"}],
    "reservations": [
        {
            "id": "reservation", "number": 8, "user_id": "u", "site_id": "s", "station_id": "RDAM 1", "evse_id": 2,
            "connector_type": "cType2", "start": AT, "end": LATER, "grace_minutes": 15.0, "made_at": AT,
            "status": "active", "told_at": AT, "station_answer": "Accepted", "ended_at": None, "session_id": None,
        }
    ],
    "evse_steps": [
        {"station_id": "RDAM 1", "evse_id": 2, "step": 5_984_000 + step, "holder_id": "reservation"}
        for step in range(24)
    ],
    "charge_orders": [
        {
            "id": "charge order", "user_id": "u", "station_id": "RDAM 1", "evse_id": 2, "id_token": "card",
            "ordered_at": AT, "energy_kwh": 20.0, "departure_at": LATER, "ev_max_kw": 11.0,
            "ev_max_discharge_kw": None, "profile": "green", "battery_kwh": 60.0, "soc": 0.3, "target_soc": 0.6,
            "vehicle_id": "vehicle", "reservation_id": "reservation", "stop_at_target": True, "stop_at": LATER,
            "session_id": "session 2", "stop_asked_at": None,
        }
    ],
    "station_access": [{"station_id": "RDAM 1", "user_id": "u"}],
    "vehicles": [
        {
            "id": "vehicle", "name": "Käfer", "battery_kwh": 60.0, "owner_id": None, "site_id": "s",
            "connectors": ["cType2"], "max_ac_kw": 11.0, "max_dc_kw": 0.0, "consumption_kwh_per_km": 0.18,
            "v2g": False, "available": True,
        }
    ],
    "vehicle_bookings": [
        {
            "id": "booking", "vehicle_id": "vehicle", "user_id": "u", "site_id": "s", "start": AT, "end": LATER,
            "grace_minutes": 15.0, "made_at": AT, "status": "picked_up", "picked_up_at": AT, "ended_at": None,
        }
    ],
    "vehicle_steps": [{"vehicle_id": "vehicle", "step": 5_984_000, "holder_id": "booking"}],
    "preferences": [
        {
            "user_id": "u", "profile": "green", "min_target_soc": 0.5, "max_distance_km": 5.0, "language": "de",
            "notify_reservation": True, "notify_session_ended": False, "notify_price": False,
            "default_vehicle_id": "vehicle", "version": 2,
        }
    ],
}  # fmt: skip


def fill(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Put into a database what it has tables and columns for, and return that."""
    there = inspect(engine)
    columns = {name: {column["name"] for column in there.get_columns(name)} for name in there.get_table_names()}
    put: dict[str, list[dict[str, Any]]] = {}
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if (names := columns.get(table.name)) is None:
                continue
            of_then = [Column(column.name, column.type) for column in table.c if column.name in names]
            put[table.name] = [{name: row[name] for name in row if name in names} for row in ROWS[table.name]]
            connection.execute(insert(Table(table.name, MetaData(), *of_then)), put[table.name])
    return put


def kept(engine: Engine, put: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Read back the same columns of the same tables."""
    found = {}
    with engine.connect() as connection:
        for name, rows in put.items():
            table = metadata.tables[name]
            columns = [table.c[column] for column in rows[0]]
            found[name] = [dict(row._mapping) for row in connection.execute(select(*columns))]
    return found
