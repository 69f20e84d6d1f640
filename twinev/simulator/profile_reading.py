"""Reads a charging profile off the wire; all OCPP versions name a schedule's parts alike, 2.1 has some more.

2.1 steers V2G by a setpoint, which goes before the limits that bound it (part 2, ChargingSchedulePeriodType).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from twinev.simulator.limits import Period, StationProfile

# Where a period says no limit the hardware alone is one. [W] or [A]
UNLIMITED = 1e9


def read_profile(
    profile: Mapping[str, Any], schedule: Mapping[str, Any], *, profile_id: int, purpose: str, evse_id: int
) -> StationProfile:
    """A profile with its (first) schedule, in the station's words."""
    kind = profile["chargingProfileKind"]
    transaction_id = profile.get("transactionId")
    return StationProfile(
        id=profile_id,
        purpose=purpose,
        stack_level=profile["stackLevel"],
        evse_id=evse_id,
        unit=schedule["chargingRateUnit"],
        periods=tuple(_period(period) for period in schedule["chargingSchedulePeriod"]),
        kind=kind,
        start=None if kind == "Relative" else instant(schedule.get("startSchedule")),
        duration_seconds=schedule.get("duration"),
        valid_from=instant(profile.get("validFrom")),
        valid_to=instant(profile.get("validTo")),
        transaction_id=None if transaction_id is None else str(transaction_id),
    )


def instant(text: str | None) -> datetime | None:
    """An OCPP date and time; without a zone it is UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _period(period: Mapping[str, Any]) -> Period:
    return Period(start_seconds=period["startPeriod"], limit=_limit(period), phases=period.get("numberPhases"))


def _limit(period: Mapping[str, Any]) -> float:
    if period.get("operationMode") == "Idle":
        return 0.0
    limit = float(period.get("limit", UNLIMITED))
    if "setpoint" not in period:
        return limit
    setpoint = min(float(period["setpoint"]), limit)
    return max(setpoint, float(period.get("dischargeLimit", setpoint)))
