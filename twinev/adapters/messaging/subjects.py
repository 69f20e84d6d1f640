"""NATS subjects. A station's id is legal OCPP but not a legal token (``>``, ``RDAM 123``): here it is in hex.

What other modules name (zones, sites) stays readable: as it is where it is a legal token, else percent-encoded.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from twinev.errors import BadInput

FACTS_STREAM = "OCPP_UP"
EVENTS_STREAM = "TWINEV_EVT"
INBOUND_STREAM = "TWINEV_IN"
DEAD_STREAM = "TWINEV_DEAD"
PRESENCE_BUCKET = "presence"
BOOTS_BUCKET = "boots"

FACTS = "ocpp.up.>"
QUESTIONS = "ocpp.ask.>"
EVENTS = "twinev.v1.evt.>"
INBOUND = "twinev.v1.in.>"
DEAD = "twinev.v1.dead.>"
PLAN_REQUEST = "twinev.plan.request"
# Among the API processes that share a database: events wait in the outbox; how planning fares.
OUTBOX_FILLED = "twinev.api.outbox"
PLANNING_HEALTH = "twinev.api.planning"


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


def named_token(name: str) -> str:
    """Encode the name of a zone or site as one subject token: ``NL`` stays, ``car park.1`` is ``car%20park%2E1``."""
    return quote(name, safe="").replace(".", "%2E")


def inbound(topic: str, name: str) -> str:
    """Where a message about the zone or site ``name`` is sent to."""
    return f"twinev.v1.in.{topic}.{named_token(name)}"


def inbound_of(subject: str) -> tuple[str, str]:
    """The topic and the name in what `inbound` made.

    Raises
    ------
    BadInput
        The subject has another shape.
    """
    parts = subject.removeprefix("twinev.v1.in.").split(".")
    try:
        topic, token = parts
        return topic, unquote(token, errors="strict")
    except ValueError as error:
        allowed = "twinev.v1.in.<topic>.<zone or site>, dots and spaces in a name as %2E and %20"
        raise BadInput("subject", subject, allowed) from error


def dead(subject: str) -> str:
    """Where a message that came on ``subject`` goes when it is refused."""
    return f"twinev.v1.dead.{subject.removeprefix('twinev.v1.')}"
