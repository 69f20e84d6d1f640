"""Profile ``default``: no preference of its own; the remaining headroom, earliest, in proportion to need.

Earliest is a linear stage: Σ (t+1)·energy over these sessions. It settles how much the default sessions take together
in each slot. How they share it is settled by the least Σ energy²/need: without other limits that gives every session
the same fraction of its need in every slot, and with them it stays as close to that as they allow. The minimiser is
unique, so no session's place in the list matters.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from twinev.sct.cpo import Model
from twinev.sct.equations import Aim
from twinev.sct.inputs import Inputs
from twinev.sct.solver import Solver

NAME = "default"


def aim(model: Model, sessions: np.ndarray, earlier: np.ndarray, *, relaxed: bool = False) -> Aim:
    """Σ (t+1)·energy of these sessions: least when everything flows as early as it can. [kWh·slot]"""
    del earlier, relaxed
    later = np.arange(1, model.inputs.shape[1] + 1)
    return Aim(value=cp.sum(model.energy.handled_kwh[sessions] @ later))


def floor(inputs: Inputs, sessions: np.ndarray, earlier: np.ndarray, met_kwh: np.ndarray) -> float:
    """Even in the first slot every kWh counts 1. [kWh·slot]"""
    del inputs, earlier
    return float(met_kwh[sessions].sum())


def largest(inputs: Inputs) -> float:
    """The weight of the last slot."""
    return float(inputs.shape[1])


def share_in_proportion(energy_kwh: np.ndarray, inputs: Inputs, sessions: np.ndarray, solver: Solver) -> np.ndarray:
    """Redistribute what the default sessions take together in each slot, in proportion to their needs.

    Parameters
    ----------
    energy_kwh : (n_sessions, n_slots)
        A plan that holds every limit. [kWh]
    sessions : (n_sessions,) of bool
        The default sessions; those that discharge in the plan keep what they have.
    solver : Solver
        When its time is up the plan stays as it is.

    Returns
    -------
    (n_sessions, n_slots)
        A plan with the same totals per slot and per session. [kWh]
    """
    sharing = np.flatnonzero(sessions & (energy_kwh.sum(axis=1) > 0) & (energy_kwh >= 0).all(axis=1))
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
        *_groups(shared_kwh, energy_kwh, inputs, sharing, slots),
    ]
    # Without the square root of the total a session with a large need would be pushed to many small portions.
    portions = cp.multiply(1 / np.sqrt(total_kwh)[:, None], shared_kwh)
    if not solver.minimise_squares(cp.sum_squares(portions), constraints).found:
        return energy_kwh
    shared = energy_kwh.copy()
    shared[cells] = np.clip(shared_kwh.value, 0, inputs.charge_limit_kwh[cells])
    return shared


def _groups(
    shared_kwh: cp.Variable, energy_kwh: np.ndarray, inputs: Inputs, sharing: np.ndarray, slots: np.ndarray
) -> list[cp.Constraint]:
    """What the groups' limits leave to the sharing sessions when the others keep their plan."""
    members = inputs.members[:, sharing]
    touched = np.flatnonzero(members.any(axis=1))
    if not touched.size:
        return []
    others_kwh = np.delete(energy_kwh, sharing, axis=0)
    others = np.delete(inputs.members, sharing, axis=1)[touched] @ others_kwh[:, slots]
    return [members[touched] @ shared_kwh <= inputs.group_limit_kwh[np.ix_(touched, slots)] - others]
