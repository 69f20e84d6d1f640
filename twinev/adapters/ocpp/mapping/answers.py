"""What every version of OCPP says alike: the answer to a boot, a heartbeat, the periods of a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.abilities import RateUnit
from twinev.adapters.ocpp.mapping.limits import FittedProfile, to_kw
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Step
from twinev.adapters.ocpp.mapping.times import write_time
from twinev.domain.charging_profile import SchedulePeriod
from twinev.domain.facts import BootAnswer


def boot_answer(answer: BootAnswer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "currentTime": write_time(answer.current_time),
        "interval": answer.interval_seconds,
    }


def read_heartbeat(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    return AnswerNow(payload={"currentTime": write_time(now)})


def write_periods(fitted: FittedProfile, station: Station) -> list[dict[str, Any]]:
    """ChargingSchedulePeriod, for each period."""
    # Amperes mean nothing without the number of phases that they were computed with.
    phases = {"numberPhases": station.phases} if fitted.rate_unit is RateUnit.AMPERE else {}
    return [{"startPeriod": period.start_seconds, "limit": period.limit, **phases} for period in fitted.periods]


def read_periods(periods: Sequence[dict[str, Any]], unit: RateUnit, station: Station) -> tuple[SchedulePeriod, ...]:
    """What `write_periods` wrote, as a station reports it back, in kW."""
    return tuple(
        SchedulePeriod(
            start_seconds=int(period["startPeriod"]),
            limit_kw=to_kw(period["limit"], unit, period.get("numberPhases") or station.phases, station.voltage_v),
        )
        for period in periods
    )
