"""Reads charging sessions in ACN-Data's format (https://ev.caltech.edu/dataset; Lee, Li and Low, e-Energy 2019).

A file is what its API returns or its page exports: JSON, a list of sessions or ``{"_items": [..]}``, gzipped or not.
Times are RFC 1123 in GMT; ISO 8601 with a zone is taken too. What cannot be read is an error that names the session
and the field. What can be read but is odd, such as a departure before the arrival, is kept: the replay judges and
counts it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twinev.adapters.feeds.text_file import read_text
from twinev.errors import BadInput
from twinev.services.replay.record import DriverInput, RecordedSession

_WHOLE = "SESSIONS"


def load_acn_sessions(path: Path) -> list[RecordedSession]:
    """Return the file's sessions in order of arrival.

    Raises
    ------
    BadInput
        Not JSON, not sessions, or a field that cannot be read.
    """
    text = read_text(path, _WHOLE)
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(_WHOLE, str(path), f"JSON in ACN-Data's format ({error})") from error
    items = content.get("_items") if isinstance(content, dict) else content
    if not isinstance(items, list) or not items:
        raise BadInput(_WHOLE, str(path), 'a list of sessions, or {"_items": [..]}, with at least one session')
    sessions = [_session(item, f"session {position}") for position, item in enumerate(items)]
    _require_one_time_zone(sessions)
    return sorted(sessions, key=lambda session: (session.connected_at, session.id))


def _session(item: Any, where: str) -> RecordedSession:
    if not isinstance(item, dict):
        raise BadInput(where, item, "an object with connectionTime, disconnectTime, kWhDelivered, …")
    connected_at = _time(item, "connectionTime", where)
    if connected_at is None:
        raise BadInput(f"{where}.connectionTime", None, "a time")
    disconnected_at = _time(item, "disconnectTime", where)
    if disconnected_at is None:
        raise BadInput(f"{where}.disconnectTime", None, "a time")
    delivered_kwh = _number(item, "kWhDelivered", where)
    if delivered_kwh is None or not math.isfinite(delivered_kwh):
        raise BadInput(f"{where}.kWhDelivered", delivered_kwh, "an energy in kWh")
    driver_id = item.get("userID")
    return RecordedSession(
        id=_text(item, "sessionID", where),
        station_id=_text(item, "stationID", where),
        driver_id=None if driver_id is None else str(driver_id),
        time_zone=_zone_name(item, where),
        connected_at=connected_at,
        disconnected_at=disconnected_at,
        done_at=_time(item, "doneChargingTime", where),
        delivered_kwh=delivered_kwh,
        inputs=_driver_inputs(item.get("userInputs"), connected_at, where),
    )


def _driver_inputs(listed: Any, connected_at: datetime, where: str) -> tuple[DriverInput, ...]:
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise BadInput(f"{where}.userInputs", listed, "a list or null")
    inputs = [
        _driver_input(entry, connected_at, f"{where}.userInputs[{position}]") for position, entry in enumerate(listed)
    ]
    return tuple(sorted(inputs, key=lambda driver_input: driver_input.told_at))


def _driver_input(entry: Any, connected_at: datetime, where: str) -> DriverInput:
    if not isinstance(entry, dict):
        raise BadInput(where, entry, "an object with kWhRequested, requestedDeparture, modifiedAt, …")
    departure_at = _time(entry, "requestedDeparture", where)
    minutes = _number(entry, "minutesAvailable", where)
    if departure_at is None and minutes is not None and math.isfinite(minutes):
        departure_at = connected_at + timedelta(minutes=max(-1e6, min(1e6, minutes)))
    return DriverInput(
        told_at=_time(entry, "modifiedAt", where) or connected_at,
        energy_kwh=_number(entry, "kWhRequested", where),
        departure_at=departure_at,
    )


def _time(item: Mapping[str, Any], field: str, where: str) -> datetime | None:
    given = item.get(field)
    if given is None:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            instant = read(given)
        except (TypeError, ValueError, AttributeError, OverflowError):
            continue
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    raise BadInput(f"{where}.{field}", given, "a time such as Tue, 03 Aug 2021 15:20:00 GMT")


def _number(item: Mapping[str, Any], field: str, where: str) -> float | None:
    given = item.get(field)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise BadInput(f"{where}.{field}", given, "a number")
    return float(given)


def _text(item: Mapping[str, Any], field: str, where: str) -> str:
    given = item.get(field)
    if not isinstance(given, str) or not given.strip():
        raise BadInput(f"{where}.{field}", given, "text")
    return given


def _zone_name(item: Mapping[str, Any], where: str) -> str:
    name = _text(item, "timezone", where)
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"{where}.timezone", name, "an IANA time zone such as America/Los_Angeles") from error


def _require_one_time_zone(sessions: list[RecordedSession]) -> None:
    names = sorted({session.time_zone for session in sessions})
    if len(names) > 1:
        raise BadInput(_WHOLE, names, "sessions of one site, in one time zone")
