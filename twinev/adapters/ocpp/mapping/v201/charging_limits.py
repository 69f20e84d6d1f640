"""OCPP 2.0.1: limits that others than TwinEV set at a station, such as an energy management system (part 2, K)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.abilities import RateUnit
from twinev.adapters.ocpp.mapping.answers import read_periods
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import Step, Tell
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.domain.charging_profile import ChargingSchedule
from twinev.domain.facts import ChargingLimitNotified


def read_charging_limit(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    """NotifyChargingLimit: the limit holds from now on, or from its schedule's start."""
    limit = payload["chargingLimit"]
    schedules = payload.get("chargingSchedule", ())
    fact = ChargingLimitNotified(
        evse_id=int(payload.get("evseId", 0)),
        timestamp=now,
        source=limit["chargingLimitSource"],
        schedule=_schedule(schedules[0], station, now) if schedules else None,
        grid_critical=bool(limit.get("isGridCritical", False)),
    )
    return Tell(fact=fact, key=(fact.evse_id, fact.source, now.isoformat()), payload={})


def read_cleared_limit(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    """ClearedChargingLimit: what that source had set holds no longer."""
    fact = ChargingLimitNotified(
        evse_id=int(payload.get("evseId", 0)),
        timestamp=now,
        source=payload["chargingLimitSource"],
        cleared=True,
    )
    return Tell(fact=fact, key=(fact.evse_id, fact.source, now.isoformat()), payload={})


def _schedule(schedule: dict[str, Any], station: Station, now: datetime) -> ChargingSchedule | None:
    """The limit over time; None where a period says none, as 2.1's modes may."""
    periods = schedule["chargingSchedulePeriod"]
    if any("limit" not in period for period in periods):
        return None
    start = schedule.get("startSchedule")
    return ChargingSchedule(
        start=now if start is None else read_time(start),
        periods=read_periods(periods, RateUnit(schedule["chargingRateUnit"]), station),
        duration_seconds=schedule.get("duration"),
    )
