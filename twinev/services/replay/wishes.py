"""What the planner is told of a driver's wish, and since when.

At any moment it knows the driver's last usable words up to then, field by field; what was said before the plug-in
counts from the plug-in. Where nothing usable was said it assumes what earlier sessions suggest. A driver who said
nothing has promised no flexibility, so the assumption is cautious: the stay that nine in ten of them exceeded and the
energy that nine in ten did not. An EV that has received what was assumed and still draws is assumed to want as much
again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinev.services.replay.record import DriverInput, RecordedSession

FALLBACK_KWH = 20.0
FALLBACK_STAY = timedelta(hours=4)
_ENOUGH_SESSIONS = 20
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """What is assumed of a driver who said nothing; ``basis`` tells where it comes from."""

    energy_kwh: float
    stay: timedelta
    basis: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """``energy_kwh`` from the plug-in to ``departure_at``; ``asked_kwh`` is before it was clipped to what can fit.

    A request that cannot fit is clipped lest it takes a larger share of scarce power than one that can. An EV that
    stays past its departure has time for more, so there the clip moves on with the clock.
    """

    energy_kwh: float
    departure_at: datetime
    asked_kwh: float
    energy_assumed: bool
    departure_assumed: bool


def assume_from_history(sessions: Iterable[RecordedSession], before: datetime) -> Assumption:
    """Learn from the sessions that had ended ``before`` the replay begins: the silent ones, or all where few were."""
    ended = [s for s in sessions if s.disconnected_at <= before and s.stay_hours > 0]
    silent = [s for s in ended if not s.inputs]
    for group, name in ((silent, "earlier sessions without driver inputs"), (ended, "earlier sessions")):
        if len(group) >= _ENOUGH_SESSIONS:
            return Assumption(
                energy_kwh=_nearest_rank([max(0.0, s.delivered_kwh) for s in group], 0.9),
                stay=_nearest_rank([s.stay for s in group], 0.1),
                basis=f"{len(group)} {name}: 90th percentile of energy, 10th of stay",
            )
    return Assumption(
        energy_kwh=FALLBACK_KWH,
        stay=FALLBACK_STAY,
        basis=f"fixed, for the file has fewer than {_ENOUGH_SESSIONS} earlier sessions",
    )


def usable_energy_kwh(driver_input: DriverInput) -> float | None:
    """Return the energy that was asked for, None unless it is a positive, finite number. [kWh]"""
    asked = driver_input.energy_kwh
    return asked if asked is not None and math.isfinite(asked) and asked > 0 else None


def usable_departure(driver_input: DriverInput, session: RecordedSession) -> datetime | None:
    """Return the departure that was declared, None unless it is after the arrival."""
    departure = driver_input.departure_at
    return departure if departure is not None and departure > session.connected_at else None


def wish_at(
    session: RecordedSession, now: datetime, *, evse_kw: float, assumption: Assumption, received_kwh: float = 0.0
) -> Wish:
    """Return what the planner takes the driver to want at ``now``, when the EV has ``received_kwh``."""
    said = [i for i in session.inputs if max(i.told_at, session.connected_at) <= now]
    energies = [e for i in said if (e := usable_energy_kwh(i)) is not None]
    departures = [d for i in said if (d := usable_departure(i, session)) is not None]
    asked_kwh = energies[-1] if energies else _assumed_kwh(assumption, received_kwh)
    departure = departures[-1] if departures else session.connected_at + assumption.stay
    return Wish(
        energy_kwh=min(asked_kwh, fitting_kwh(session, max(departure, now), evse_kw)),
        departure_at=departure,
        asked_kwh=asked_kwh,
        energy_assumed=not energies,
        departure_assumed=not departures,
    )


def fitting_kwh(session: RecordedSession, departure: datetime, evse_kw: float) -> float:
    """Return what the EVSE can give from the plug-in to ``departure``. [kWh]"""
    return evse_kw * ((departure - session.connected_at) / timedelta(hours=1))


def final_wish(session: RecordedSession, *, evse_kw: float, assumption: Assumption) -> Wish:
    """Return the wish as it stood when the EV left."""
    return wish_at(session, session.disconnected_at, evse_kw=evse_kw, assumption=assumption)


def _assumed_kwh(assumption: Assumption, received_kwh: float) -> float:
    if assumption.energy_kwh <= 0:
        return received_kwh
    return assumption.energy_kwh * (math.floor(received_kwh / assumption.energy_kwh + _ROUNDING) + 1)


def _nearest_rank(values: list, share: float):
    return sorted(values)[math.ceil(share * len(values)) - 1]
