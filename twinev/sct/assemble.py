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


def soc_of(inputs: Inputs, energy_kwh: np.ndarray) -> np.ndarray:
    """Return what each battery holds at the end of each slot, (n_sessions, n_slots). [kWh]"""
    taken_kwh = np.maximum(energy_kwh, 0) * inputs.charge_efficiency[:, None]
    lost_kwh = np.maximum(-energy_kwh, 0) / inputs.discharge_efficiency[:, None]
    return np.round(inputs.soc_kwh[:, None] + np.cumsum(taken_kwh - lost_kwh, axis=1), DIGITS) + 0.0


def session_schedules(problem: Problem, inputs: Inputs, energy_kwh: np.ndarray) -> tuple[SessionSchedule, ...]:
    """Return each session's plan with its state of charge, when it reaches its target, and what it misses."""
    schedules = []
    for request, energy, soc in zip(problem.sessions, energy_kwh, soc_of(inputs, energy_kwh), strict=True):
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
    """Return import, export and what flows beyond the limits of the supply point and of its phases. [kWh]"""
    row_kwh = np.round(inputs.row_base_kwh + inputs.share @ energy_kwh, DIGITS) + 0.0
    excess_kwh = np.maximum(row_kwh - inputs.row_upper_kwh, 0) + np.maximum(inputs.row_lower_kwh - row_kwh, 0)
    excess_kwh[excess_kwh <= NEGLIGIBLE_KWH] = 0.0
    return SupplyPointSchedule(
        imported_kwh=tuple(np.maximum(row_kwh[0], 0.0).tolist()),
        exported_kwh=tuple((np.maximum(-row_kwh[0], 0.0) + 0.0).tolist()),
        limit_excess_kwh=tuple(np.round(excess_kwh.sum(axis=0), DIGITS).tolist()),
    )


def objective_eur(inputs: Inputs, energy_kwh: np.ndarray, supply_point: SupplyPointSchedule) -> float:
    """Eq. (1) of the finished plan, or Eq. (27) where waiting costs. [€]"""
    imported_kwh = np.array(supply_point.imported_kwh)
    cost = inputs.price_eur_per_kwh @ imported_kwh
    cost -= inputs.export_price_eur_per_kwh @ np.array(supply_point.exported_kwh)
    cost += inputs.wear_eur_per_kwh @ np.maximum(-energy_kwh, 0).sum(axis=1)
    cost += inputs.demand_charge_eur_per_kw * float((imported_kwh / inputs.hours).max())
    if inputs.opportunity_cost_eur_per_slot:
        lacks = soc_of(inputs, energy_kwh) < inputs.target_kwh[:, None] - NEGLIGIBLE_KWH
        waited = inputs.previous_slots.sum() + (lacks & inputs.stay).sum()
        cost += inputs.opportunity_cost_eur_per_slot * float(waited)
    return round(float(cost), DIGITS) + 0.0


def constant_eur(inputs: Inputs) -> float:
    """The part of the objective that is spent already: waiting before this plan. [€]"""
    return inputs.opportunity_cost_eur_per_slot * float(inputs.previous_slots.sum())
