"""What a kWh is worth in each slot of a plan: dual values of the linear problem that its yes-or-no choices leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from twinev.errors import SolverFailure
from twinev.sct.aim import Aim
from twinev.sct.equations import Model, deliver_by_target_slot
from twinev.sct.inputs import Inputs
from twinev.sct.session_request import PHASES
from twinev.sct.solver import Solver

SLACK_KWH = 1e-7


@dataclass(frozen=True, kw_only=True)
class ShadowPrices:
    """Of one kWh more demand, (n_slots,), and of one kWh more of each shared limit, (n_limits, n_slots). [€/kWh]"""

    demand: np.ndarray
    limits: np.ndarray


def price_out(
    model: Model,
    aim_of: Callable[[Model, np.ndarray], Aim],
    energy_kwh: np.ndarray,
    shortfall_kwh: np.ndarray,
    solver: Solver,
) -> ShadowPrices | None:
    """Return the plan's shadow prices; None when the solver's time ran out, `SolverFailure` if they cannot be had.

    Parameters
    ----------
    aim_of : callable
        Builds the aim from the model and the shortfalls.
    energy_kwh : (n_sessions, n_slots)
        The plan. [kWh]
    """
    inputs = model.inputs
    more_kwh = cp.Variable(inputs.shape[1])
    model.row_flow_kwh = model.row_flow_kwh + _demand_share(inputs)[:, None] @ more_kwh[None, :]
    model.energy.set(energy_kwh, inputs)
    more_kwh.value = np.zeros(more_kwh.shape)
    aim = aim_of(model, shortfall_kwh)
    fixed = [switch.fixed(switch.suggest()) for switch in (*model.switches, *aim.switches)]
    planned_kwh = inputs.row_base_kwh + inputs.share @ energy_kwh
    upper = model.row_flow_kwh <= np.maximum(inputs.row_upper_kwh, planned_kwh)
    lower = model.row_flow_kwh >= np.minimum(inputs.row_lower_kwh, planned_kwh)
    delivered = deliver_by_target_slot(model.energy, inputs, shortfall_kwh + SLACK_KWH)
    no_more = more_kwh == 0
    held = [*model.physics, *aim.constraints, *fixed, upper, lower, delivered, no_more]
    answer = solver.minimise(aim.value, held, exact=True)
    if answer.status == "infeasible":
        raise SolverFailure("the plan's own choices do not hold again to the last digit; please report this scenario")
    if not answer.found:
        return None
    groups = model.groups[0].dual_value if model.groups else np.zeros((len(inputs.members), inputs.shape[1]))
    limits = np.vstack([upper.dual_value, groups])
    return ShadowPrices(demand=-np.array(no_more.dual_value), limits=limits)


def _demand_share(inputs: Inputs) -> np.ndarray:
    """How much of a kWh of demand flows through each limit row: all, then a third through each phase."""
    return np.array([1.0, *[1 / len(PHASES)] * len(PHASES)])[: len(inputs.share)]
