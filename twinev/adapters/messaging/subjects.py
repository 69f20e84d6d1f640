"""NATS subjects. A station's id is legal OCPP but not a legal token (``>``, ``RDAM 123``): here it is in hex."""

from __future__ import annotations

FACTS_STREAM = "OCPP_UP"
EVENTS_STREAM = "TWINEV_EVT"
INBOUND_STREAM = "TWINEV_IN"
PRESENCE_BUCKET = "presence"

FACTS = "ocpp.up.>"
QUESTIONS = "ocpp.ask.>"
EVENTS = "twinev.v1.evt.>"
INBOUND = "twinev.v1.in.>"
PLAN_REQUEST = "twinev.plan.request"


def station_token(station_id: str) -> str:
    """Encode a station's id as one subject token."""
    return station_id.encode().hex()


def station_of(token: str) -> str:
    """Decode what `station_token` made."""
    return bytes.fromhex(token).decode()


def fact(station_id: str, action: str) -> str:
    return f"ocpp.up.{station_token(station_id)}.{action}"


def question(station_id: str, action: str) -> str:
    return f"ocpp.ask.{station_token(station_id)}.{action}"


def command(station_id: str) -> str:
    return f"ocpp.cmd.{station_token(station_id)}"


def event(kind: str) -> str:
    return f"twinev.v1.evt.{kind}"
