"""When not every target can be met: the least total shortfall, shared as fairly as the limits allow (leximin).

First the total is made as small as it can be. Then the largest shortfall, as a share of its session's need, is made as
small as it can be; sessions that cannot do better are settled at it, and the rest go on to the next round.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from twinev.sct.cpo import Model
from twinev.sct.equations import deliver_by_target_slot
from twinev.sct.schedule import Stage
from twinev.sct.solver import Answer, Solver

NOTHING_KWH = 1e-7
# A dual value above this share of the largest possible marks a session as unable to do better.
DUAL_SHARE = 1e-6
SLACK_KWH = 1e-8


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Who goes short by how much, (n_sessions,) [kWh], a plan that does it, and the stages that settled it."""

    shortfall_kwh: np.ndarray
    energy_kwh: np.ndarray
    stages: tuple[Stage, ...]


def share_shortfall(model: Model, limits: list[cp.Constraint], solver: Solver) -> Sharing | None:
    """Find the least shortfall and its fairest division; None when time ran out.

    Parameters
    ----------
    limits : list of cp.Constraint
        The supply point's limits in the form that they are kept.
    """
    inputs = model.inputs
    claim_kwh = inputs.claim_kwh
    missing_kwh = cp.Variable(claim_kwh.shape, bounds=[np.zeros_like(claim_kwh), inputs.largest_shortfall_kwh])
    constraints = [*model.physics, *limits, deliver_by_target_slot(model.energy, inputs, missing_kwh)]
    answer = solver.minimise(cp.sum(missing_kwh), constraints, exact=True)
    if not answer.found:
        return None
    stages = [Stage(name="shortfall", value=_clean(answer.value), bound=_clean(answer.bound))]
    if answer.value <= NOTHING_KWH:
        return Sharing(shortfall_kwh=np.zeros_like(claim_kwh), energy_kwh=_plan(model), stages=tuple(stages))
    constraints.append(cp.sum(missing_kwh) <= answer.value + SLACK_KWH)
    settled_kwh = np.where(claim_kwh > 0, np.nan, 0.0)
    while np.isnan(settled_kwh).any():
        answer = _settle_worst_off(settled_kwh, claim_kwh, missing_kwh, constraints, solver)
        if not answer.found:
            return None
        if len(stages) == 1:
            stages.append(Stage(name="fair share", value=_clean(answer.value), bound=_clean(answer.bound)))
    # The last round's plan uses up to that slack: with less, what follows could be infeasible by a hair.
    settled_kwh = settled_kwh + 2 * SLACK_KWH
    return Sharing(shortfall_kwh=settled_kwh, energy_kwh=_plan(model), stages=tuple(stages))


def _settle_worst_off(
    settled_kwh: np.ndarray,
    claim_kwh: np.ndarray,
    missing_kwh: cp.Variable,
    constraints: list[cp.Constraint],
    solver: Solver,
) -> Answer:
    """Minimise the largest share among the open sessions; settle those that hold it in every best plan.

    A positive dual value of ``missing ≤ share · claim`` says that the constraint is tight in every optimal solution
    (complementary slackness), so the session cannot do better. Weighted by claim the duals
    add up to 1: one is positive.
    """
    open_sessions = np.flatnonzero(np.isnan(settled_kwh))
    closed = np.flatnonzero(~np.isnan(settled_kwh))
    share = cp.Variable(nonneg=True)
    worst_off = missing_kwh[open_sessions] <= share * claim_kwh[open_sessions]
    kept = [missing_kwh[closed] <= settled_kwh[closed] + SLACK_KWH] if closed.size else []
    answer = solver.minimise(share, [*constraints, *kept, worst_off], exact=True)
    if not answer.found:
        return answer
    if answer.value * claim_kwh[open_sessions].max() <= NOTHING_KWH:
        settled_kwh[open_sessions] = 0.0
        return answer
    weights = np.abs(worst_off.dual_value) * claim_kwh[open_sessions]
    tight = open_sessions[weights > DUAL_SHARE * max(weights.max(), DUAL_SHARE)]
    tight = tight if tight.size else open_sessions
    settled_kwh[tight] = answer.value * claim_kwh[tight]
    return answer


def _plan(model: Model) -> np.ndarray:
    return np.array(model.energy.net_kwh.value)


def _clean(value: float) -> float:
    return round(value, 9) + 0.0
