"""The paper's constraints as CVXPY expressions, one function each, named for what they hold.

Equation numbers are those of Zambrano Galbis et al., World Electr. Veh. J. 2022, 13, 145, as read in
``docs/formulation.md``, which proves every step by which the forms here are smaller than the printed ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cvxpy as cp
import numpy as np
from scipy import sparse

from twinev.sct.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class Energy:
    """The decision: how much energy flows where, (n_sessions, n_slots).

    Parameters
    ----------
    net_kwh : cp.Expression
        At the EVSE, positive charges the EV. [kWh]
    handled_kwh : cp.Expression
        Charged plus discharged: both count as magnitudes. [kWh]
    """

    net_kwh: cp.Expression
    handled_kwh: cp.Expression


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A value to be minimised and the constraints that define it.

    Parameters
    ----------
    importing : cp.Variable, optional
        The binaries of Eq. (12) in it: 1 where the supply point may import.
    open_flow_kwh : cp.Expression, optional
        The net flow in the slots that they stand for. [kWh]
    """

    value: cp.Expression
    constraints: list[cp.Constraint] = field(default_factory=list)
    importing: cp.Variable | None = None
    open_flow_kwh: cp.Expression | None = None


def energy_within_evse_power(inputs: Inputs) -> Energy:
    """Each EV takes at most its EVSE's power, and gives at most its discharge power, Eq. (23), during its stay."""
    charge_kwh = cp.Variable(inputs.shape, bounds=[np.zeros(inputs.shape), inputs.charge_limit_kwh])
    givers = np.flatnonzero(inputs.discharging)
    if not givers.size:
        return Energy(net_kwh=charge_kwh, handled_kwh=charge_kwh)
    limit_kwh = inputs.discharge_limit_kwh[givers]
    discharge_kwh = cp.Variable(limit_kwh.shape, bounds=[np.zeros(limit_kwh.shape), limit_kwh])
    rows = sparse.csr_matrix(
        (np.ones(givers.size), (givers, np.arange(givers.size))), shape=(inputs.shape[0], givers.size)
    )
    given_kwh = rows @ discharge_kwh
    return Energy(net_kwh=charge_kwh - given_kwh, handled_kwh=charge_kwh + given_kwh)


def soc_within_battery(energy: Energy, inputs: Inputs) -> list[cp.Constraint]:
    """A battery is never above its capacity nor below empty.

    For an EV that cannot discharge the energy in it only grows: the total at the end says it all.
    """
    one_way, givers = np.flatnonzero(~inputs.discharging), np.flatnonzero(inputs.discharging)
    constraints = []
    if one_way.size:
        constraints.append(cp.sum(energy.net_kwh[one_way], axis=1) <= inputs.room_kwh[one_way])
    if givers.size:
        start_kwh, room_kwh = inputs.soc_kwh[givers], inputs.room_kwh[givers]
        shape = (givers.size, inputs.shape[1])
        above_start_kwh = cp.Variable(
            shape, bounds=[np.tile(-start_kwh[:, None], shape[1]), np.tile(room_kwh[:, None], shape[1])]
        )
        constraints.append(above_start_kwh[:, 0] == energy.net_kwh[givers, 0])
        if shape[1] > 1:
            constraints.append(above_start_kwh[:, 1:] - above_start_kwh[:, :-1] == energy.net_kwh[givers, 1:])
    return constraints


def groups_within_limits(energy: Energy, inputs: Inputs) -> list[cp.Constraint]:
    """The sum of a group's sessions stays under the group's limit in every slot."""
    if not inputs.members.size:
        return []
    return [sparse.csr_matrix(inputs.members) @ energy.net_kwh <= inputs.group_limit_kwh]


def net_flow(energy: Energy, inputs: Inputs, sessions: np.ndarray | None = None) -> cp.Expression:
    """Eq. (4): demand − production + what the EVs take, per slot; import is positive. [kWh]

    Parameters
    ----------
    sessions : (n_sessions,) of bool, optional
        Count only these sessions.
    """
    if sessions is None:
        return inputs.base_kwh + cp.sum(energy.net_kwh, axis=0)
    return inputs.base_kwh + sessions.astype(float) @ energy.net_kwh


def flow_within_supply_limits(flow_kwh: cp.Expression, inputs: Inputs) -> list[cp.Constraint]:
    """Eq. (6), (7), (10), (12), (14), (15) on the net flow: PMin ≤ flow ≤ PMax (+ flexibility order, Eq. (24))."""
    constraints = [flow_kwh <= inputs.ceiling_kwh if inputs.excess_is_known else flow_kwh <= inputs.upper_kwh]
    if not inputs.excess_is_known:
        constraints.append(flow_kwh >= inputs.lower_kwh)
    return constraints


def flow_beyond_supply_limits(flow_kwh: cp.Expression, inputs: Inputs) -> tuple[cp.Expression, list[cp.Constraint]]:
    """The same limits with the excess over them as a variable. [kWh]"""
    over_kwh, under_kwh = (cp.Variable(inputs.shape[1], nonneg=True) for _ in range(2))
    limits = [flow_kwh <= inputs.upper_kwh + over_kwh, flow_kwh >= inputs.lower_kwh - under_kwh]
    return cp.sum(over_kwh) + cp.sum(under_kwh), limits


def deliver_by_target_slot(
    energy: Energy, inputs: Inputs, shortfall_kwh: cp.Expression | np.ndarray | float = 0.0
) -> cp.Constraint:
    """Eq. (19): every session holds its target energy at the end of its target slot, less its shortfall. [kWh]"""
    delivered_kwh = cp.sum(cp.multiply(inputs.until_target, energy.net_kwh), axis=1)
    return delivered_kwh + shortfall_kwh >= inputs.deficit_kwh


def cost_of_import(energy: Energy, inputs: Inputs, sessions: np.ndarray | None = None, *, relaxed: bool = False) -> Aim:
    """Eq. (1): Σ price · imported energy, for the flow of all sessions or of some.

    Import is the positive part of the net flow. Where the flow's sign is certain that is linear; where the price is
    ≥ 0 minimising makes it so; only a negative price on a flow of uncertain sign needs the binary of Eq. (12), without
    which import could be claimed that never flows.

    Parameters
    ----------
    relaxed : bool
        Let the binaries take any value from 0 to 1: the cost is then a lower bound.
    """
    counted = np.ones(inputs.shape[0], dtype=bool) if sessions is None else sessions
    flow_kwh = net_flow(energy, inputs, sessions)
    price = inputs.price_eur_per_kwh
    most_kwh = inputs.base_kwh + inputs.charge_limit_kwh[counted].sum(axis=0)
    least_kwh = inputs.base_kwh - inputs.discharge_limit_kwh[counted].sum(axis=0)
    certain = np.flatnonzero((price != 0) & (least_kwh >= 0))
    open_sign = (price != 0) & (least_kwh < 0) & (most_kwh > 0)
    convex, concave = np.flatnonzero(open_sign & (price > 0)), np.flatnonzero(open_sign & (price < 0))
    eur: cp.Expression = cp.Constant(0.0)
    constraints: list[cp.Constraint] = []
    importing = None
    if certain.size:
        eur += price[certain] @ flow_kwh[certain]
    if convex.size:
        imported_kwh = cp.Variable(convex.size, nonneg=True)
        constraints.append(imported_kwh >= flow_kwh[convex])
        eur += price[convex] @ imported_kwh
    if concave.size:
        importing = _binary(concave.size, relaxed)
        imported_kwh = cp.Variable(concave.size, nonneg=True)
        exported_kwh = cp.Variable(concave.size, nonneg=True)
        constraints += [
            imported_kwh - exported_kwh == flow_kwh[concave],
            imported_kwh <= cp.multiply(most_kwh[concave], importing),
            exported_kwh <= cp.multiply(-least_kwh[concave], 1 - importing),
        ]
        eur += price[concave] @ imported_kwh
    return Aim(
        value=eur,
        constraints=constraints,
        importing=importing,
        open_flow_kwh=flow_kwh[concave] if concave.size else None,
    )


def _binary(size: int, relaxed: bool) -> cp.Variable:
    return cp.Variable(size, bounds=[0, 1]) if relaxed else cp.Variable(size, boolean=True)
