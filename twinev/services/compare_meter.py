"""Whether an EV has taken what its plan gave it by the time of its last measurement. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from twinev.domain.horizon import Horizon
from twinev.domain.session import ChargingSession

LEAST_LAG_KWH = 0.5
LAG_SHARE = 0.1


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
