"""The physics of an EV at an AC charger: battery, ramp, taper, and the least current it can charge with.

Pure: the state after some seconds under a limit is a function of the state before. Power moves along straight lines
(the ramp), so its integral is exact; near the energy that the driver asked for it brakes in time to end there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from twinev.domain.checks import require_finite
from twinev.errors import BadInput

VOLTAGE_V = 230.0
# IEC 61851-1: the control pilot cannot signal less than 6 A; below it an EV does not charge.
MIN_CURRENT_A = 6.0
# How long the taper's dependence on the state of charge may be held constant. [s]
LONGEST_PIECE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Ev:
    """What an EV is able to do.

    Parameters
    ----------
    max_kw : float
        Most that its on-board charger takes, over all its phases. [kW]
    ramp_kw_per_second : float
        How fast its power follows a new limit, up and down. [kW/s]
    taper_from_soc : float
        State of charge (0–1) from which it takes less, linearly down to ``taper_floor`` of ``max_kw`` when full.
    tells_soc : bool
        Whether it tells its state of charge to the station.
    """

    battery_kwh: float
    max_kw: float
    phases: int = 3
    ramp_kw_per_second: float = 2.75
    taper_from_soc: float = 0.9
    taper_floor: float = 0.4
    tells_soc: bool = True

    def __post_init__(self) -> None:
        require_finite("battery_kwh", self.battery_kwh, at_least=0.1)
        require_finite("max_kw", self.max_kw, at_least=0)
        require_finite("ramp_kw_per_second", self.ramp_kw_per_second, at_least=0.001)
        require_finite("taper_from_soc", self.taper_from_soc, at_least=0, at_most=0.999)
        require_finite("taper_floor", self.taper_floor, at_least=0, at_most=1)
        if self.phases not in (1, 2, 3):
            raise BadInput("phases", self.phases, "1, 2 or 3")

    @property
    def min_kw(self) -> float:
        """Power at the least current that an EV can charge with. [kW]"""
        return MIN_CURRENT_A * VOLTAGE_V * self.phases / 1000


@dataclass(frozen=True, kw_only=True)
class EvState:
    """An EV between plug-in and departure; ``target_kwh`` is the battery's energy at which it stops charging."""

    battery_energy_kwh: float
    target_kwh: float
    power_kw: float = 0.0
    delivered_kwh: float = 0.0

    @property
    def remaining_kwh(self) -> float:
        return max(0.0, self.target_kwh - self.battery_energy_kwh)


def plugged(ev: Ev, *, soc: float, energy_kwh: float) -> EvState:
    """An EV that arrives with ``soc`` (0–1) and wants ``energy_kwh``, or as much of it as its battery holds."""
    energy = require_finite("soc", soc, at_least=0, at_most=1) * ev.battery_kwh
    wanted = require_finite("energy_kwh", energy_kwh, at_least=0)
    return EvState(battery_energy_kwh=energy, target_kwh=min(ev.battery_kwh, energy + wanted))


def wanted_kw(ev: Ev, state: EvState, limit_kw: float) -> float:
    """The power that the EV goes for under ``limit_kw``. [kW]"""
    # A limit of just the least current must not fail at a binary fraction.
    if state.remaining_kwh <= 0 or min(limit_kw, ev.max_kw) < ev.min_kw - 1e-9:
        return 0.0
    return min(limit_kw, _tapered_kw(ev, state.battery_energy_kwh / ev.battery_kwh))


def seconds_to_settle(ev: Ev, state: EvState, limit_kw: float) -> float:
    """How long the ramp to the power under ``limit_kw`` takes. [s]"""
    return abs(wanted_kw(ev, state, limit_kw) - state.power_kw) / ev.ramp_kw_per_second


def advance(ev: Ev, state: EvState, *, seconds: float, limit_kw: float) -> EvState:
    """The state after ``seconds`` under ``limit_kw``."""
    left = seconds
    while left > 1e-9:
        piece, state = _advance_piece(ev, state, min(left, LONGEST_PIECE_SECONDS), limit_kw)
        left -= piece
    return state


def disconnected(state: EvState) -> EvState:
    """The state after the station has opened its contactor."""
    return replace(state, power_kw=0.0)


def _advance_piece(ev: Ev, state: EvState, left_seconds: float, limit_kw: float) -> tuple[float, EvState]:
    """Go along one straight line of power; returns how long it was and the state at its end."""
    wanted = wanted_kw(ev, state, limit_kw)
    if wanted == state.power_kw == 0.0:
        return left_seconds, state
    ramp = ev.ramp_kw_per_second
    seconds = min(left_seconds, _straight_seconds(ev, state, wanted))
    highest = _brakeable_kw(state, ramp, seconds)
    if highest < state.power_kw - ramp * seconds + 1e-12 and state.power_kw > 0:
        # Already braking: straight down, no further than to a standstill.
        seconds = min(seconds, max(state.power_kw / ramp, 1e-3))
    lowest = max(0.0, state.power_kw - ramp * seconds)
    end_kw = max(lowest, min(wanted, state.power_kw + ramp * seconds, highest))
    energy = min((state.power_kw + end_kw) / 2 * seconds / 3600, state.remaining_kwh)
    after = replace(
        state,
        power_kw=end_kw,
        battery_energy_kwh=min(state.target_kwh, state.battery_energy_kwh + energy),
        delivered_kwh=state.delivered_kwh + energy,
    )
    if after.remaining_kwh < 1e-7:
        after = replace(after, battery_energy_kwh=state.target_kwh, power_kw=0.0)
    return seconds, after


def _straight_seconds(ev: Ev, state: EvState, wanted: float) -> float:
    """How long the line of power stays straight, at the most. [s]"""
    to_wanted = abs(wanted - state.power_kw) / ev.ramp_kw_per_second
    # A ramp's millisecond is the finest that matters.
    if to_wanted > 1e-3:
        return min(to_wanted, LONGEST_PIECE_SECONDS)
    # Steady: until the taper begins, or the braking before the target.
    braking_kwh = state.power_kw**2 / (2 * ev.ramp_kw_per_second) / 3600
    steady_kwh = min(ev.taper_from_soc * ev.battery_kwh - state.battery_energy_kwh, state.remaining_kwh - braking_kwh)
    return max(steady_kwh / max(state.power_kw, 1e-9) * 3600, LONGEST_PIECE_SECONDS)


def _brakeable_kw(state: EvState, ramp: float, seconds: float) -> float:
    """The highest power at the end of ``seconds`` from which the ramp down still ends at the target energy.

    The line to p takes (p₀ + p)/2·s, braking from there p²/(2·ramp); together they may not exceed what remains.
    """
    remaining_kws = state.remaining_kwh * 3600
    spare = seconds**2 / 4 + 2 / ramp * (remaining_kws - state.power_kw * seconds / 2)
    return max(0.0, ramp * (math.sqrt(spare) - seconds / 2)) if spare > 0 else 0.0


def _tapered_kw(ev: Ev, soc: float) -> float:
    if soc <= ev.taper_from_soc:
        return ev.max_kw
    share = (soc - ev.taper_from_soc) / (1 - ev.taper_from_soc)
    return max(ev.min_kw, ev.max_kw * (1 - (1 - ev.taper_floor) * min(1.0, share)))
