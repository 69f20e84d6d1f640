"""The physics of an EV at an AC charger: battery, ramp, taper, discharge, and the least current it can charge with.

Pure: the state after some seconds under a limit is a function of the state before. Power moves along straight lines
(the ramp), so its integral is exact; near the energy that the driver asked for it brakes in time to end there, and so
it does near the energy that it keeps when it discharges. Positive power charges it.
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
    max_discharge_kw : float
        Most that it gives back; 0 where it cannot. [kW]
    min_soc : float
        State of charge (0–1) below which it does not discharge.
    """

    battery_kwh: float
    max_kw: float
    phases: int = 3
    ramp_kw_per_second: float = 2.75
    taper_from_soc: float = 0.9
    taper_floor: float = 0.4
    tells_soc: bool = True
    max_discharge_kw: float = 0.0
    min_soc: float = 0.2

    def __post_init__(self) -> None:
        require_finite("battery_kwh", self.battery_kwh, at_least=0.1)
        require_finite("max_kw", self.max_kw, at_least=0)
        require_finite("ramp_kw_per_second", self.ramp_kw_per_second, at_least=0.001)
        require_finite("taper_from_soc", self.taper_from_soc, at_least=0, at_most=0.999)
        require_finite("taper_floor", self.taper_floor, at_least=0, at_most=1)
        require_finite("max_discharge_kw", self.max_discharge_kw, at_least=0)
        require_finite("min_soc", self.min_soc, at_least=0, at_most=1)
        if self.phases not in (1, 2, 3):
            raise BadInput("phases", self.phases, "1, 2 or 3")

    @property
    def min_kw(self) -> float:
        """Power at the least current that an EV can charge with. [kW]"""
        return MIN_CURRENT_A * VOLTAGE_V * self.phases / 1000


@dataclass(frozen=True, kw_only=True)
class EvState:
    """An EV between plug-in and departure.

    At ``target_kwh`` in its battery it stops charging, at ``floor_kwh`` it stops discharging. ``delivered_kwh`` and
    ``returned_kwh`` are what has flowed in and out since the plug-in.
    """

    battery_energy_kwh: float
    target_kwh: float
    floor_kwh: float = 0.0
    power_kw: float = 0.0
    delivered_kwh: float = 0.0
    returned_kwh: float = 0.0

    @property
    def remaining_kwh(self) -> float:
        return max(0.0, self.target_kwh - self.battery_energy_kwh)

    @property
    def available_kwh(self) -> float:
        """What it can give back."""
        return max(0.0, self.battery_energy_kwh - self.floor_kwh)


def plugged(ev: Ev, *, soc: float, energy_kwh: float) -> EvState:
    """An EV that arrives with ``soc`` (0–1) and wants ``energy_kwh``, or as much of it as its battery holds."""
    energy = require_finite("soc", soc, at_least=0, at_most=1) * ev.battery_kwh
    wanted = require_finite("energy_kwh", energy_kwh, at_least=0)
    return EvState(
        battery_energy_kwh=energy,
        target_kwh=min(ev.battery_kwh, energy + wanted),
        floor_kwh=min(energy, ev.min_soc * ev.battery_kwh),
    )


def wanted_kw(ev: Ev, state: EvState, limit_kw: float) -> float:
    """The power that the EV goes for under ``limit_kw``; a negative limit asks it to discharge. [kW]"""
    if limit_kw < 0:
        discharge_kw = min(-limit_kw, ev.max_discharge_kw)
        return -discharge_kw if state.available_kwh > 0 and discharge_kw >= ev.min_kw - 1e-9 else 0.0
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
    if wanted * state.power_kw < 0:
        # Through zero first.
        wanted = 0.0
    discharging = wanted < 0 or state.power_kw < 0
    line = _Line(
        power_kw=abs(state.power_kw),
        wanted_kw=abs(wanted),
        ramp=ev.ramp_kw_per_second,
        room_kwh=state.available_kwh if discharging else state.remaining_kwh,
        # The taper is one of charging.
        even_kwh=math.inf if discharging else ev.taper_from_soc * ev.battery_kwh - state.battery_energy_kwh,
    )
    seconds, end_kw, energy_kwh = line.run(left_seconds)
    return seconds, _after(state, -end_kw if discharging else end_kw, energy_kwh, discharging=discharging)


def _after(state: EvState, power_kw: float, energy_kwh: float, *, discharging: bool) -> EvState:
    if discharging:
        after = replace(
            state,
            power_kw=power_kw,
            battery_energy_kwh=max(state.floor_kwh, state.battery_energy_kwh - energy_kwh),
            returned_kwh=state.returned_kwh + energy_kwh,
        )
        empty = after.available_kwh < 1e-7
        return replace(after, battery_energy_kwh=state.floor_kwh, power_kw=0.0) if empty else after
    after = replace(
        state,
        power_kw=power_kw,
        battery_energy_kwh=min(state.target_kwh, state.battery_energy_kwh + energy_kwh),
        delivered_kwh=state.delivered_kwh + energy_kwh,
    )
    full = after.remaining_kwh < 1e-7
    return replace(after, battery_energy_kwh=state.target_kwh, power_kw=0.0) if full else after


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A straight line of power, in whichever direction: from ``power_kw`` toward ``wanted_kw``, within ``room_kwh``.

    ``even_kwh`` is how much may flow until the power wanted is another one. [kWh]
    """

    power_kw: float
    wanted_kw: float
    ramp: float
    room_kwh: float
    even_kwh: float

    def run(self, left_seconds: float) -> tuple[float, float, float]:
        """How long the line is, the power at its end, and the energy that has flowed. [s], [kW], [kWh]"""
        seconds = min(left_seconds, self._straight_seconds())
        highest = self._brakeable_kw(seconds)
        if highest < self.power_kw - self.ramp * seconds + 1e-12 and self.power_kw > 0:
            # Already braking: straight down, no further than to a standstill.
            seconds = min(seconds, max(self.power_kw / self.ramp, 1e-3))
        lowest = max(0.0, self.power_kw - self.ramp * seconds)
        end_kw = max(lowest, min(self.wanted_kw, self.power_kw + self.ramp * seconds, highest))
        energy_kwh = min((self.power_kw + end_kw) / 2 * seconds / 3600, self.room_kwh)
        return seconds, 0.0 if end_kw < 1e-9 else end_kw, energy_kwh

    def _straight_seconds(self) -> float:
        """How long the line stays straight, at the most. [s]"""
        to_wanted = abs(self.wanted_kw - self.power_kw) / self.ramp
        # A ramp's millisecond is the finest that matters.
        if to_wanted > 1e-3:
            return min(to_wanted, LONGEST_PIECE_SECONDS)
        # Steady: until the taper begins, or the braking before the end.
        braking_kwh = self.power_kw**2 / (2 * self.ramp) / 3600
        steady_kwh = min(self.even_kwh, self.room_kwh - braking_kwh)
        return max(steady_kwh / max(self.power_kw, 1e-9) * 3600, LONGEST_PIECE_SECONDS)

    def _brakeable_kw(self, seconds: float) -> float:
        """The highest power at the end of ``seconds`` from which the ramp down still ends within the room.

        The line to p takes (p₀ + p)/2·s, braking from there p²/(2·ramp); together they may not exceed what remains.
        """
        spare = seconds**2 / 4 + 2 / self.ramp * (self.room_kwh * 3600 - self.power_kw * seconds / 2)
        return max(0.0, self.ramp * (math.sqrt(spare) - seconds / 2)) if spare > 0 else 0.0


def _tapered_kw(ev: Ev, soc: float) -> float:
    if soc <= ev.taper_from_soc:
        return ev.max_kw
    share = (soc - ev.taper_from_soc) / (1 - ev.taper_from_soc)
    return max(ev.min_kw, ev.max_kw * (1 - (1 - ev.taper_floor) * min(1.0, share)))
