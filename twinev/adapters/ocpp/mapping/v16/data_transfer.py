"""OCPP 1.6: the one DataTransfer that TwinEV understands, the driver's needs, for which 1.6 has no message.

``vendorId`` "twinev", ``messageId`` "ChargingNeeds", ``data`` a JSON object with ``connectorId`` and any of
``energy_kwh``, ``departure`` (RFC 3339), ``max_kw`` and ``profile``; docs/ocpp.md shows one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Step, Tell, UnusablePayload
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.domain.facts import ChargingNeedsNotified
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.errors import BadInput

VENDOR_ID = "twinev"
CHARGING_NEEDS = "ChargingNeeds"


def read_data_transfer(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    if payload["vendorId"] != VENDOR_ID:
        return AnswerNow(payload={"status": "UnknownVendorId"})
    if payload.get("messageId") != CHARGING_NEEDS:
        return AnswerNow(payload={"status": "UnknownMessageId"})
    try:
        fact = _charging_needs(orjson.loads(payload.get("data", "")), now)
    except (orjson.JSONDecodeError, BadInput, UnusablePayload, TypeError, ValueError, KeyError) as error:
        return AnswerNow(payload={"status": "Rejected", "data": f"{type(error).__name__}: {error}"[:200]})
    return Tell(fact=fact, key=(fact.evse_id, now.isoformat()), payload={"status": "Accepted"})


def _charging_needs(data: dict[str, Any], now: datetime) -> ChargingNeedsNotified:
    departure = data.get("departure")
    needs = ChargingNeeds(
        energy_kwh=data.get("energy_kwh"),
        departure_at=None if departure is None else read_time(departure),
        max_kw=data.get("max_kw"),
        profile=DriverProfile(data.get("profile", DriverProfile.DEFAULT)),
    )
    connector = data["connectorId"]
    if not isinstance(connector, int) or connector < 1:
        raise BadInput("connectorId", connector, "a whole number of at least 1")
    return ChargingNeedsNotified(
        evse_id=connector,
        timestamp=now,
        energy_kwh=needs.energy_kwh,
        departure_at=needs.departure_at,
        max_kw=needs.max_kw,
        profile=needs.profile.value if "profile" in data else None,
    )
