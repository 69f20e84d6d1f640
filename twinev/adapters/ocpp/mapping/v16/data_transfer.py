"""OCPP 1.6: the one DataTransfer that TwinEV understands, the driver's needs, for which 1.6 has no message.

``vendorId`` "twinev", ``messageId`` "ChargingNeeds", ``data`` the JSON of `ChargingNeedsData`; docs/ocpp.md shows one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Step, Tell
from twinev.domain.facts import ChargingNeedsNotified
from twinev.domain.vehicles import DriverProfile
from twinev.wire.base import WireModel

VENDOR_ID = "twinev"
CHARGING_NEEDS = "ChargingNeeds"


class ChargingNeedsData(WireModel):
    """What the driver at a connector asks for; what is left out is not said."""

    connector_id: int = Field(alias="connectorId", ge=1)
    energy_kwh: float | None = Field(default=None, ge=0, le=1000)
    departure: AwareDatetime | None = None
    max_kw: float | None = Field(default=None, ge=0, le=5000)
    profile: DriverProfile | None = None


def read_data_transfer(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    if payload["vendorId"] != VENDOR_ID:
        return AnswerNow(payload={"status": "UnknownVendorId"})
    if payload.get("messageId") != CHARGING_NEEDS:
        return AnswerNow(payload={"status": "UnknownMessageId"})
    try:
        needs = ChargingNeedsData.model_validate_json(payload.get("data", ""), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "data"
        return AnswerNow(payload={"status": "Rejected", "data": f"{where}: {fault['msg']}"})
    fact = ChargingNeedsNotified(
        evse_id=needs.connector_id,
        timestamp=now,
        energy_kwh=needs.energy_kwh,
        departure_at=needs.departure,
        max_kw=needs.max_kw,
        profile=None if needs.profile is None else needs.profile.value,
    )
    return Tell(
        fact=fact,
        key=(fact.evse_id, now.isoformat()),
        payload={"status": "Accepted"},
        subject=(CHARGING_NEEDS, fact.evse_id),
    )
