"""OCPP 2.1: commands become 2.0.1's CALLs; what discharges is a setpoint, in what is sent and in what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twinev.adapters.ocpp.mapping import v201
from twinev.adapters.ocpp.mapping.abilities import Abilities
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.adapters.ocpp.mapping.v21.abilities import CENTRAL_SETPOINT
from twinev.domain.commands import AnyCommand, GetCompositeSchedule


def call_of(command: AnyCommand, station: Station, abilities: Abilities) -> StationCall:
    """The CALL that says what ``command`` means."""
    call = v201.call_of(command, station, abilities)
    profile = call.payload.get("chargingProfile")
    if call.sent is None or profile is None:
        return call
    schedules = [
        schedule | {"chargingSchedulePeriod": [_with_setpoint(p) for p in schedule["chargingSchedulePeriod"]]}
        for schedule in profile["chargingSchedule"]
    ]
    payload = call.payload | {"chargingProfile": profile | {"chargingSchedule": schedules}}
    return replace(call, payload=payload)


def _with_setpoint(period: dict[str, Any]) -> dict[str, Any]:
    """A negative limit is for older versions only (part 2, ChargingSchedulePeriodType): here it is a setpoint.

    The limits beside it bound the overshoot: no charging, and no more discharging than planned.
    """
    limit = period["limit"]
    if limit >= 0:
        return period
    return period | {"operationMode": CENTRAL_SETPOINT, "setpoint": limit, "dischargeLimit": limit, "limit": 0}


def outcome_of(command: AnyCommand, response: dict[str, Any], station: Station) -> StationOutcome:
    """What the CALLRESULT to ``command`` means."""
    if not isinstance(command, GetCompositeSchedule) or "schedule" not in response:
        return v201.outcome_of(command, response, station)
    schedule = response["schedule"]
    periods = [_with_limit(period) for period in schedule["chargingSchedulePeriod"]]
    if any(period is None for period in periods):
        # A mode in which the station follows something else: its power is not in its schedule.
        return StationOutcome(outcome=outcome_of_status(response["status"]), status=response["status"])
    read = response | {"schedule": schedule | {"chargingSchedulePeriod": periods}}
    return v201.outcome_of(command, read, station)


def _with_limit(period: dict[str, Any]) -> dict[str, Any] | None:
    """The period with what the EV follows as its ``limit``; None where the station does not say it.

    A setpoint goes before a limit, which only bounds the overshoot (part 2, ChargingSchedulePeriodType).
    """
    if period.get("operationMode") == "Idle":
        return period | {"limit": 0.0}
    limit = period.get("setpoint", period.get("limit"))
    return None if limit is None else period | {"limit": limit}
