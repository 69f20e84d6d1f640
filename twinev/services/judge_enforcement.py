"""Whether a restriction holds, from what stations accepted and what their meters say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from twinev.domain.charge_points import ChargingStation
from twinev.domain.grid import Enforcement, Restriction
from twinev.domain.session import ChargingSession
from twinev.services.compare_meter import LEAST_TOLERANCE_KW, ToldAndMeasured, exceeds
from twinev.services.evse_limits import limits_at


@dataclass(frozen=True, kw_only=True)
class Observation(ToldAndMeasured):
    """All that a judgement rests on: one restriction, its stations, and what is known of them.

    ``limit_since`` is when the limit became what it is, where it was changed; stations then need their time again.
    """

    restriction: Restriction
    limit_since: datetime | None = None
    faults: Mapping[str, str]
    silence: timedelta = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class StationJudgement:
    """One station under a restriction; ``reason`` where it does not follow."""

    station_id: str
    state: Enforcement
    reason: str | None = None
    power_kw: float = 0.0

    def to_record(self) -> dict[str, Any]:
        """What is kept of it: the power changes with every measurement and is read anew instead."""
        return {"station_id": self.station_id, "state": str(self.state), "reason": self.reason}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How far a restriction has come; ``power_kw`` is the selected stations' measured sum."""

    state: Enforcement
    power_kw: float
    stations: tuple[StationJudgement, ...]


def judge(seen: Observation, now: datetime) -> Judgement:
    """Return the state of the restriction and of each station.

    ``enforced``: every selected station accepted, the sum of what they may draw is within the limit, and so is what
    they are measured to draw. ``partly``: the sum holds, but not every station follows. ``not_enforced``: the sum is
    above the limit after the grace, or no station follows. ``pending``: within the grace, or still being told.
    """
    restriction = seen.restriction
    power_kw = sum(session.power_kw for session in seen.sessions)
    stations = tuple(_judge_station(seen, station, now) for station in seen.stations)
    state = _overall(seen, stations, power_kw, now)
    if state is Enforcement.SCHEDULED or now < restriction.start:
        stations = tuple(
            StationJudgement(station_id=s.station_id, state=Enforcement.SCHEDULED, power_kw=s.power_kw)
            for s in stations
        )
    return Judgement(state=state, power_kw=power_kw, stations=stations)


def _overall(seen: Observation, stations: tuple[StationJudgement, ...], power_kw: float, now: datetime) -> Enforcement:
    restriction = seen.restriction
    if now < restriction.start:
        return Enforcement.SCHEDULED
    in_grace = now < max(restriction.start, seen.limit_since or restriction.created_at) + seen.grace
    over = exceeds(power_kw, restriction.limit_kw)
    if over:
        return Enforcement.PENDING if in_grace else Enforcement.NOT_ENFORCED
    following = [station for station in stations if station.state is Enforcement.ENFORCED]
    told_kw = sum(seen.allowed_kw(session, now, now) for session in seen.sessions)
    if len(following) == len(stations) and told_kw <= restriction.limit_kw + LEAST_TOLERANCE_KW:
        return Enforcement.ENFORCED
    if in_grace or not any(station.state is Enforcement.NOT_ENFORCED for station in stations):
        return Enforcement.PENDING
    return Enforcement.PARTLY if following else Enforcement.NOT_ENFORCED


def _judge_station(seen: Observation, station: ChargingStation, now: datetime) -> StationJudgement:
    sessions = [session for session in seen.sessions if session.station_id == station.id]
    power_kw = sum(session.power_kw for session in sessions)
    state, reason = Enforcement.ENFORCED, None
    if station.id in seen.faults:
        state, reason = Enforcement.NOT_ENFORCED, seen.faults[station.id]
    elif not station.online and sessions:
        state, reason = Enforcement.NOT_ENFORCED, "offline: what it was told last may still rule"
    elif not station.online:
        reason = "offline, without an EV as far as is known"
    elif any(not limits_at(seen.limits, (s.station_id, s.evse_id)).default for s in sessions):
        state, reason = Enforcement.PENDING, "has not accepted a profile yet"
    elif (since := _silent_since(seen, sessions, now)) is not None:
        state, reason = Enforcement.NOT_ENFORCED, f"its meter is silent since {since:%H:%M} UTC"
    return StationJudgement(station_id=station.id, state=state, reason=reason, power_kw=power_kw)


def _silent_since(seen: Observation, sessions: list[ChargingSession], now: datetime) -> datetime | None:
    """When the first meter fell silent under an EV that takes power: what it says no longer shows what flows."""
    silent = [
        session.measured_at
        for session in sessions
        if session.measured_at is not None
        and session.power_kw > LEAST_TOLERANCE_KW
        and now - session.measured_at > seen.silence
    ]
    return min(silent, default=None)
