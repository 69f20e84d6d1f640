"""Formulation ``tradeoff``: ``grid`` plus Eq. (25)–(27), the cost of keeping drivers waiting.

Inputs
    those of ``grid``; the opportunity cost per slot; per EV the slots that it has waited already.
Variables
    those of ``grid``; per EV and slot the binary that tells whether it still waits for its target, Eq. (25).
Constraints
    those of ``grid``; the binary follows the state of charge, Eq. (26), in the tightest of three forms (``waiting``).
Objective
    Eq. (27): Eq. (1) + opportunity cost · Σ (previous slots + slots waited).
"""

from __future__ import annotations

import numpy as np

from twinev.sct import grid_support
from twinev.sct.aim import Aim
from twinev.sct.column_generation import plan_by_columns, suits_columns
from twinev.sct.equations import Model
from twinev.sct.inputs import Inputs
from twinev.sct.solver import Proven, Solver
from twinev.sct.waiting import REACHED_KWH, alike, cost_of_waiting

OBJECTIVE = "trade-off"
# So few sessions and slots are searched at once.
SMALL_CELLS = 150
build = grid_support.build


def objective(model: Model, counted: np.ndarray, own: np.ndarray, shortfall_kwh: np.ndarray) -> Aim:
    """Eq. (27): the cost of energy and of waiting, as for `twinev.sct.cpo.objective`. [€]"""
    return grid_support.objective(model, counted, own, shortfall_kwh).plus(cost_of_waiting(model, own, shortfall_kwh))


def shortcut(inputs: Inputs, own: np.ndarray, shortfall_kwh: np.ndarray, solver: Solver) -> Proven | None:
    """Find a plan and a bound by column generation; None where that is not exact, not asked for, or found nothing.

    Parameters
    ----------
    own : (n_sessions,) of bool
        Whose waiting costs.
    shortfall_kwh : (n_sessions,)
        What each session is short of at its target slot. [kWh]
    """
    short = shortfall_kwh > REACHED_KWH
    later_kwh = inputs.charge_limit_kwh * (1 - inputs.until_target)
    if inputs.charge_limit_kwh.size <= SMALL_CELLS or solver.choice == "scip":
        return None
    if not suits_columns(inputs) or later_kwh[short].any():
        return None
    spent_eur = float(inputs.previous_slots[own].sum()) * inputs.opportunity_cost_eur_per_slot
    plan = plan_by_columns(
        inputs,
        waiting=own,
        completes=~short,
        need_evse_kwh=np.maximum(inputs.need_kwh - shortfall_kwh, 0) / inputs.charge_efficiency,
        gap=solver.gap / 2,
        deadline_s=solver.search_deadline_s,
        on_progress=lambda value, bound: solver.tell(value + spent_eur, bound + spent_eur),
    )
    solver.note("HiGHS")
    if plan.energy_kwh is None:
        return None
    return Proven(
        energy_kwh=_in_order(plan.energy_kwh, inputs, own), value=plan.value + spent_eur, bound=plan.bound + spent_eur
    )


def _in_order(energy_kwh: np.ndarray, inputs: Inputs, own: np.ndarray) -> np.ndarray:
    """The same plan with those sessions that differ in nothing done in their order."""
    sessions, ordered_kwh = np.flatnonzero(own), energy_kwh.copy()
    last = inputs.shape[1] - 1 - (energy_kwh[:, ::-1] > 0).argmax(axis=1)
    follower = dict(alike(inputs, sessions).tolist())
    for first in set(follower) - set(follower.values()):
        chain = [first]
        while chain[-1] in follower:
            chain.append(follower[chain[-1]])
        members = sessions[chain]
        ordered_kwh[members] = energy_kwh[members[np.argsort(last[members], kind="stable")]]
    return ordered_kwh
