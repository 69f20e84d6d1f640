"""OCPP 2.1: commands become 2.0.1's CALLs; a reported schedule may say setpoints where 2.0.1 says limits."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping import v201
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import StationOutcome, outcome_of_status
from twinev.adapters.ocpp.mapping.v201.commands import call_of
from twinev.domain.commands import AnyCommand, GetCompositeSchedule

__all__ = ["call_of", "outcome_of"]


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
