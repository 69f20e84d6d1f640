"""Profile ``default``: no preference of its own; the remaining headroom, earliest, in proportion to need.

Earliest is the aim of ``fast``: Σ (t+1)·energy over these sessions. It settles how much they take together in each
slot. How they share it is settled by the least Σ energy²/need: without other limits that gives every session
the same fraction of its need in every slot, and with them it stays as close to that as they allow. The minimiser is
unique, so no session's place in the list matters.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from twinev.sct.inputs import Inputs
from twinev.sct.profiles import fast
from twinev.sct.solver import Solver

NAME = "default"


aim, magnitude = fast.aim, fast.magnitude


def share_in_proportion(energy_kwh: np.ndarray, inputs: Inputs, sessions: np.ndarray, solver: Solver) -> np.ndarray:
    """Redistribute what the default sessions take together in each slot, in proportion to their needs.

    Parameters
    ----------
    energy_kwh : (n_sessions, n_slots)
        A plan that holds every limit. [kWh]
    sessions : (n_sessions,) of bool
        The default sessions; those that discharge in the plan, or have a minimum power, keep what they have.
    solver : Solver
        When its time is up the plan stays as it is.

    Returns
    -------
    (n_sessions, n_slots)
        A plan with the same totals per slot and per session. [kWh]
    """
    free = (energy_kwh >= 0).all(axis=1) & ~inputs.least_charge_kwh.any(axis=1)
    sharing = np.flatnonzero(sessions & free & (energy_kwh.sum(axis=1) > 0))
    slots = np.flatnonzero(energy_kwh[sharing].sum(axis=0) > 0)
    if sharing.size < 2:
        return energy_kwh
    cells = np.ix_(sharing, slots)
    shared_kwh = cp.Variable(
        (sharing.size, slots.size), bounds=[np.zeros((sharing.size, slots.size)), inputs.charge_limit_kwh[cells]]
    )
    total_kwh = energy_kwh[sharing].sum(axis=1)
    by_target_kwh = (energy_kwh * inputs.until_target)[sharing].sum(axis=1)
    constraints = [
        cp.sum(shared_kwh, axis=0) == energy_kwh[cells].sum(axis=0),
        cp.sum(shared_kwh, axis=1) == total_kwh,
        cp.sum(cp.multiply(inputs.until_target[cells], shared_kwh), axis=1) >= by_target_kwh,
        *_within_limits(shared_kwh, energy_kwh, inputs, sharing, slots),
    ]
    # Without the square root of the total a session with a large need would be pushed to many small portions.
    portions = cp.multiply(1 / np.sqrt(total_kwh)[:, None], shared_kwh)
    if not solver.minimise_squares(cp.sum_squares(portions), constraints).found:
        return energy_kwh
    shared = energy_kwh.copy()
    shared[cells] = np.clip(shared_kwh.value, 0, inputs.charge_limit_kwh[cells])
    return shared


def _within_limits(
    shared_kwh: cp.Variable, energy_kwh: np.ndarray, inputs: Inputs, sharing: np.ndarray, slots: np.ndarray
) -> list[cp.Constraint]:
    """What the groups' and the phases' limits leave to the sharing sessions when the others keep their plan.

    Where the plan itself is beyond a phase's limit, sharing must not make it worse.
    """
    phases = inputs.share[1:]
    weights = np.vstack([inputs.members, phases, -phases])
    room_kwh = (inputs.row_ceiling_kwh - inputs.row_base_kwh)[1:], (inputs.row_base_kwh - inputs.row_lower_kwh)[1:]
    limit_kwh = np.vstack([inputs.group_limit_kwh, *room_kwh])
    touched = np.flatnonzero(weights[:, sharing].any(axis=1))
    if not touched.size:
        return []
    planned_kwh = weights[touched] @ energy_kwh[:, slots]
    allowed_kwh = np.maximum(limit_kwh[np.ix_(touched, slots)], planned_kwh)
    others_kwh = np.delete(weights, sharing, axis=1)[touched] @ np.delete(energy_kwh, sharing, axis=0)[:, slots]
    return [weights[np.ix_(touched, sharing)] @ shared_kwh <= allowed_kwh - others_kwh]
