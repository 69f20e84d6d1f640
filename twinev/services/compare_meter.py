"""What meters say beside what was told: an EV that draws more than accepted, or lags its plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from twinev.domain.charge_points import ChargingStation
from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession
from twinev.services.evse_limits import EvseKey, EvseLimits, limits_at

LEAST_LAG_KWH = 0.5
LAG_SHARE = 0.1
MEASURED_TOLERANCE = 0.02
# Meters and rounding to a station's unit; also what a limit of 0 kW tolerates.
LEAST_TOLERANCE_KW = 0.1


@dataclass(frozen=True, kw_only=True)
class ToldAndMeasured:
    """Some stations with their sessions, and what they accepted; ``grace`` is what a station may take to follow."""

    stations: tuple[ChargingStation, ...]
    sessions: tuple[ChargingSession, ...]
    limits: Mapping[EvseKey, EvseLimits]
    accepted_at: Mapping[EvseKey, datetime]
    grace: timedelta

    def allowed_kw(self, session: ChargingSession, start: datetime, end: datetime) -> float:
        """The highest that this EVSE was told within [start, end). [kW]"""
        key = (session.station_id, session.evse_id)
        # A session at an EVSE that nobody registered draws no more than its station can.
        ceiling_kw = self._ceilings_kw.get(key, self._ceilings_kw[key[0], 0])
        return limits_at(self.limits, key).highest_kw(
            start, end, ocpp_transaction_id=session.ocpp_transaction_id, otherwise_kw=ceiling_kw
        )

    @cached_property
    def _ceilings_kw(self) -> dict[EvseKey, float]:
        """What each EVSE can give, and at 0 its station."""
        of_evses = {(station.id, evse.id): evse.max_kw for station in self.stations for evse in station.evses}
        return of_evses | {(station.id, 0): station.max_kw for station in self.stations}


def exceeds(power_kw: float, limit_kw: float) -> bool:
    """Whether a measured power is above a limit by more than meters and rounding explain."""
    return power_kw > limit_kw + max(MEASURED_TOLERANCE * abs(limit_kw), LEAST_TOLERANCE_KW)


def unfollowed(seen: ToldAndMeasured) -> dict[str, str | None]:
    """Return, per station measured long enough after it accepted, how it does not follow; None where it does."""
    verdicts: dict[str, str | None] = {}
    for session in seen.sessions:
        accepted_at = seen.accepted_at.get((session.station_id, session.evse_id))
        if accepted_at is None or session.measured_at is None or session.measured_at < accepted_at + seen.grace:
            continue
        # The highest of the last seconds: a station may take them to come down a step.
        allowed_kw = seen.allowed_kw(session, session.measured_at - seen.grace, session.measured_at)
        if exceeds(session.power_kw, allowed_kw):
            verdicts[session.station_id] = (
                f"EVSE {session.evse_id} draws {session.power_kw:.1f} kW where it accepted {allowed_kw:.1f} kW"
            )
        else:
            verdicts.setdefault(session.station_id, None)
    return verdicts


def planned_kwh_by(energy_kwh: Sequence[float], horizon: Horizon, instant: datetime, *, least_kw: float = 0.0) -> float:
    """The energy that a plan gives from its making to ``instant``. [kWh]

    A slot whose mean power is below ``least_kw`` counts at its end: when in it the EV's turn comes is left open.
    """
    total_kwh = 0.0
    for slot, energy in enumerate(energy_kwh):
        start, end = horizon.slot_start(slot), horizon.slot_end(slot)
        if instant < end:
            hours = (end - start).total_seconds() / 3600
            passed = max((instant - start).total_seconds(), 0.0) / 3600 / hours
            return total_kwh + (energy * passed if energy / hours >= least_kw else 0.0)
        total_kwh += energy
    return total_kwh


def lags_plan(
    session: ChargingSession,
    *,
    delivered_at_plan_kwh: float,
    energy_kwh: Sequence[float],
    horizon: Horizon,
    least_kw: float = 0.0,
) -> bool:
    """Whether the measured energy lags the plan by more than 0.5 kWh and more than a tenth of what was due."""
    if session.measured_at is None or session.measured_at <= horizon.now:
        return False
    due_kwh = planned_kwh_by(energy_kwh, horizon, session.measured_at, least_kw=least_kw)
    lag_kwh = due_kwh - (session.energy_kwh - delivered_at_plan_kwh)
    return lag_kwh > max(LEAST_LAG_KWH, LAG_SHARE * due_kwh)
