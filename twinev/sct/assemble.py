"""Turns a plan's energies into a schedule: rounded, within EVSE power to the digit, with all that follows from them."""

from __future__ import annotations

import numpy as np

from twinev.sct.inputs import Inputs
from twinev.sct.problem import Problem
from twinev.sct.schedule import SessionSchedule, SupplyPointSchedule

# A µWh: far below what a meter tells, and even summed over a thousand sessions below what `verify` tolerates.
DIGITS = 9
NEGLIGIBLE_KWH = 5e-7


def tidy_energy(energy_kwh: np.ndarray, inputs: Inputs) -> np.ndarray:
    """Round away the solver's noise and stay within EVSE power, (n_sessions, n_slots). [kWh]"""
    within = np.clip(energy_kwh, -inputs.discharge_limit_kwh, inputs.charge_limit_kwh)
    return np.round(within, DIGITS) + 0.0


def session_schedules(problem: Problem, inputs: Inputs, energy_kwh: np.ndarray) -> tuple[SessionSchedule, ...]:
    """Return each session's plan with its state of charge, when it reaches its target, and what it misses."""
    soc_kwh = np.round(inputs.soc_kwh[:, None] + np.cumsum(energy_kwh, axis=1), DIGITS) + 0.0
    schedules = []
    for request, energy, soc in zip(problem.sessions, energy_kwh, soc_kwh, strict=True):
        reached = np.flatnonzero(soc >= request.target_kwh - NEGLIGIBLE_KWH)
        missing_kwh = request.target_kwh - soc[request.target_slot]
        schedules.append(
            SessionSchedule(
                id=request.id,
                energy_kwh=tuple(energy.tolist()),
                soc_kwh=tuple(soc.tolist()),
                reached_slot=int(reached[0]) if reached.size else None,
                shortfall_kwh=round(float(missing_kwh), DIGITS) if missing_kwh > NEGLIGIBLE_KWH else 0.0,
            )
        )
    return tuple(schedules)


def supply_point_schedule(inputs: Inputs, energy_kwh: np.ndarray) -> SupplyPointSchedule:
    """Return import, export and what flows beyond the limits. [kWh]"""
    flow_kwh = np.round(inputs.base_kwh + energy_kwh.sum(axis=0), DIGITS) + 0.0
    excess_kwh = np.maximum(flow_kwh - inputs.upper_kwh, 0) + np.maximum(inputs.lower_kwh - flow_kwh, 0)
    excess_kwh[excess_kwh <= NEGLIGIBLE_KWH] = 0.0
    return SupplyPointSchedule(
        imported_kwh=tuple(np.maximum(flow_kwh, 0.0).tolist()),
        exported_kwh=tuple((np.maximum(-flow_kwh, 0.0) + 0.0).tolist()),
        limit_excess_kwh=tuple(np.round(excess_kwh, DIGITS).tolist()),
    )


def import_cost_eur(inputs: Inputs, supply_point: SupplyPointSchedule) -> float:
    """Eq. (1) of the finished plan. [€]"""
    return round(float(inputs.price_eur_per_kwh @ np.array(supply_point.imported_kwh)), DIGITS) + 0.0
