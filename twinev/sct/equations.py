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
from twinev.sct.switch import Switch

# A relaxed plan that charges more than this in a slot suggests to charge there.
ANY_KWH = 1e-6


@dataclass(frozen=True, kw_only=True)
class Energy:
    """The decision: how much energy flows where, (n_sessions, n_slots).

    Parameters
    ----------
    charge_kwh : cp.Variable
        Into the EV, at the EVSE. [kWh]
    discharge_kwh : cp.Variable or None
        Out of those EVs that can give energy back, at the EVSE, (n_givers, n_slots). [kWh]
    given_kwh : cp.Expression
        The same for every session: 0 for those that cannot. [kWh]
    """

    charge_kwh: cp.Variable
    discharge_kwh: cp.Variable | None
    given_kwh: cp.Expression

    @property
    def net_kwh(self) -> cp.Expression:
        """At the EVSE, positive charges the EV. [kWh]"""
        return self.charge_kwh if self.discharge_kwh is None else self.charge_kwh - self.given_kwh

    @property
    def handled_kwh(self) -> cp.Expression:
        """Charged plus discharged: both count as magnitudes. [kWh]"""
        return self.charge_kwh if self.discharge_kwh is None else self.charge_kwh + self.given_kwh


@dataclass(kw_only=True)
class Model:
    """The variables, and the constraints that never give way.

    Parameters
    ----------
    row_flow_kwh : cp.Expression
        Net flow through each limit row, (n_rows, n_slots). [kWh]
    groups : list of cp.Constraint
        The groups' limits, which are among the physics too.
    physics : list of cp.Constraint
        EVSE, battery, groups.
    switches : list of Switch
        The binaries in the physics.
    """

    inputs: Inputs
    energy: Energy
    row_flow_kwh: cp.Expression
    groups: list[cp.Constraint] = field(default_factory=list)
    physics: list[cp.Constraint] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)


def charging_within_evse_power(inputs: Inputs) -> Energy:
    """Each EV takes at most its EVSE's power during its stay."""
    charge_kwh = cp.Variable(inputs.shape, bounds=[np.zeros(inputs.shape), inputs.charge_limit_kwh])
    return Energy(charge_kwh=charge_kwh, discharge_kwh=None, given_kwh=cp.Constant(np.zeros(inputs.shape)))


def discharging_within_evse_power(inputs: Inputs) -> Energy:
    """Eq. (23): the same, and each EV gives at most its discharge power."""
    taking, givers = charging_within_evse_power(inputs), np.flatnonzero(inputs.discharging)
    if not givers.size:
        return taking
    limit_kwh = inputs.discharge_limit_kwh[givers]
    discharge_kwh = cp.Variable(limit_kwh.shape, bounds=[np.zeros(limit_kwh.shape), limit_kwh])
    ones = (np.ones(givers.size), (givers, np.arange(givers.size)))
    place = sparse.csr_array(ones, shape=(inputs.shape[0], givers.size))
    return Energy(charge_kwh=taking.charge_kwh, discharge_kwh=discharge_kwh, given_kwh=place @ discharge_kwh)


def least_power_or_none(energy: Energy, inputs: Inputs) -> tuple[list[cp.Constraint], list[Switch]]:
    """Ours: an EV charges with at least its minimum power, or not at all."""
    picky = np.flatnonzero(inputs.least_charge_kwh.any(axis=1))
    if not picky.size:
        return [], []
    charge_kwh, least_kwh = energy.charge_kwh[picky], inputs.least_charge_kwh[picky]
    on = Switch.make(least_kwh.shape, suggest=lambda: charge_kwh.value > ANY_KWH)
    most_kwh = inputs.charge_limit_kwh[picky]
    within = [
        charge_kwh >= cp.multiply(least_kwh, on.relaxed),
        charge_kwh <= cp.multiply(most_kwh, on.relaxed),
    ]
    return within, [on]


def one_direction_at_a_time(energy: Energy, inputs: Inputs) -> tuple[list[cp.Constraint], list[Switch]]:
    """Ours: where a battery loses energy both ways, charging and discharging at once would burn it."""
    givers = np.flatnonzero(inputs.discharging)
    lossy = np.flatnonzero(inputs.lossy[givers])
    if not lossy.size:
        return [], []
    sessions = givers[lossy]
    charge_kwh, discharge_kwh = energy.charge_kwh[sessions], energy.discharge_kwh[lossy]
    charging = Switch.make((sessions.size, inputs.shape[1]), suggest=lambda: charge_kwh.value >= discharge_kwh.value)
    either = [
        charge_kwh <= cp.multiply(inputs.charge_limit_kwh[sessions], charging.relaxed),
        discharge_kwh <= cp.multiply(inputs.discharge_limit_kwh[sessions], 1 - charging.relaxed),
    ]
    return either, [charging]


def soc_within_battery(energy: Energy, inputs: Inputs) -> list[cp.Constraint]:
    """A battery is never above its capacity nor below its floor.

    For an EV that cannot discharge the energy in it only grows: the total at the end says it all.
    """
    one_way, givers = np.flatnonzero(~inputs.discharging), np.flatnonzero(inputs.discharging)
    constraints = []
    if one_way.size:
        efficiency = inputs.charge_efficiency[one_way]
        taken_kwh = cp.sum(energy.charge_kwh[one_way], axis=1)
        constraints.append(taken_kwh <= inputs.room_kwh[one_way] / efficiency)
    if givers.size:
        constraints += _soc_between_floor_and_capacity(energy, inputs, givers)
    return constraints


def _soc_between_floor_and_capacity(energy: Energy, inputs: Inputs, givers: np.ndarray) -> list[cp.Constraint]:
    lowest_kwh, highest_kwh = (inputs.floor_kwh - inputs.soc_kwh)[givers], inputs.room_kwh[givers]
    return battery_gain(energy, inputs, givers, lowest_kwh, highest_kwh)[1]


def battery_gain(
    energy: Energy, inputs: Inputs, sessions: np.ndarray, lowest_kwh: np.ndarray, highest_kwh: np.ndarray
) -> tuple[cp.Variable, list[cp.Constraint]]:
    """What these sessions' batteries hold above their start at the end of each slot, and the bounds on it. [kWh]

    Parameters
    ----------
    sessions : (n,) of int
        Their places.
    lowest_kwh, highest_kwh : (n,)
        The bounds. [kWh]
    """
    shape = (sessions.size, inputs.shape[1])
    bounds = [np.tile(bound_kwh[:, None], shape[1]) for bound_kwh in (lowest_kwh, highest_kwh)]
    gain_kwh = cp.Variable(shape, bounds=bounds)
    stored_kwh = stored(energy, inputs, sessions)
    constraints = [gain_kwh[:, 0] == stored_kwh[:, 0]]
    if shape[1] > 1:
        constraints.append(gain_kwh[:, 1:] - gain_kwh[:, :-1] == stored_kwh[:, 1:])
    return gain_kwh, constraints


def stored(energy: Energy, inputs: Inputs, sessions: np.ndarray) -> cp.Expression:
    """What each slot adds to these sessions' batteries, (n, n_slots). [kWh]"""
    taken_kwh = _times(inputs.charge_efficiency[sessions], energy.charge_kwh[sessions])
    if not inputs.discharging[sessions].any():
        return taken_kwh
    return taken_kwh - _times(1 / inputs.discharge_efficiency[sessions], energy.given_kwh[sessions])


def _times(factor: np.ndarray, energy_kwh: cp.Expression) -> cp.Expression:
    """Each session's energies times its factor; nothing to do where all factors are 1."""
    return energy_kwh if (factor == 1).all() else cp.multiply(factor[:, None], energy_kwh)


def groups_within_limits(energy: Energy, inputs: Inputs) -> list[cp.Constraint]:
    """Ours: the sum of a group's sessions stays under the group's limit in every slot; at most one array of them."""
    if not inputs.members.size:
        return []
    return [sparse.csr_array(inputs.members) @ energy.net_kwh <= inputs.group_limit_kwh]


def row_flows(energy: Energy, inputs: Inputs) -> cp.Expression:
    """Eq. (4): demand − production + what the EVs take, through each limit row; import is positive. [kWh]"""
    return inputs.row_base_kwh + sparse.csr_array(inputs.share) @ energy.net_kwh


def flow_within_limits(model: Model) -> list[cp.Constraint]:
    """Eq. (6), (7), (10), (12), (14), (15) on the net flow, with the flexibility order (24) in its upper limit."""
    inputs = model.inputs
    if inputs.excess_is_known:
        return [model.row_flow_kwh <= inputs.row_ceiling_kwh]
    return [model.row_flow_kwh <= inputs.row_upper_kwh, model.row_flow_kwh >= inputs.row_lower_kwh]


def flow_beyond_limits(model: Model) -> tuple[cp.Expression, list[cp.Constraint]]:
    """The same limits with the excess over them as a variable. [kWh]"""
    inputs = model.inputs
    over_kwh, under_kwh = (cp.Variable(inputs.row_upper_kwh.shape, nonneg=True) for _ in range(2))
    limits = [
        model.row_flow_kwh <= inputs.row_upper_kwh + over_kwh,
        model.row_flow_kwh >= inputs.row_lower_kwh - under_kwh,
    ]
    return cp.sum(over_kwh) + cp.sum(under_kwh), limits


def deliver_by_target_slot(
    energy: Energy, inputs: Inputs, shortfall_kwh: cp.Expression | np.ndarray | float = 0.0
) -> cp.Constraint:
    """Eq. (19): every battery holds its target energy at the end of its target slot, less its shortfall. [kWh]"""
    return stored_by_target_slot(energy, inputs) + shortfall_kwh >= inputs.deficit_kwh


def stored_by_target_slot(energy: Energy, inputs: Inputs) -> cp.Expression:
    """What each battery has gained at the end of its session's target slot, (n_sessions,). [kWh]"""
    kept = inputs.until_target * inputs.charge_efficiency[:, None]
    stored_kwh = cp.sum(cp.multiply(kept, energy.charge_kwh), axis=1)
    if energy.discharge_kwh is None:
        return stored_kwh
    lost = inputs.until_target / inputs.discharge_efficiency[:, None]
    return stored_kwh - cp.sum(cp.multiply(lost, energy.given_kwh), axis=1)
