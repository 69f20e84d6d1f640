"""Formulation ``cpo``, Eq. (1)–(22): charge every EV in time at the least cost of imported energy.

Inputs
    price, demand, production, PMin, PMax; per EV capacity, energy held, EVSE power, target and its slot.
Variables
    the energy of each EV in each slot; import, export and the binary between them follow from it.
Constraints
    EVSE power; battery; energy balance (4); supply limits (6), (7), (10), (12), (14), (15); targets (19);
    and, ours, the limits of groups.
Objective
    Eq. (1): Σ price · imported energy.

The supply limits and the targets are what may have to give way (``lexicographic``); the rest, here, is hard.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp

from twinev.sct.equations import (
    Aim,
    Energy,
    cost_of_import,
    energy_within_evse_power,
    groups_within_limits,
    net_flow,
    soc_within_battery,
)
from twinev.sct.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class Model:
    """The variables, and the constraints that never give way."""

    inputs: Inputs
    energy: Energy
    flow_kwh: cp.Expression
    physics: list[cp.Constraint]


def build(inputs: Inputs) -> Model:
    """Make the variables and the hard constraints."""
    energy = energy_within_evse_power(inputs)
    return Model(
        inputs=inputs,
        energy=energy,
        flow_kwh=net_flow(energy, inputs),
        physics=[*soc_within_battery(energy, inputs), *groups_within_limits(energy, inputs)],
    )


def objective(model: Model, *, relaxed: bool = False) -> Aim:
    """Eq. (1): the cost of all imported energy. [€]"""
    return cost_of_import(model.energy, model.inputs, relaxed=relaxed)
