"""Formulation ``cpo``, Eq. (1)–(22): charge every EV in time at the least cost of energy.

Inputs
    price, demand, production, PMin, PMax; per EV capacity, energy held, EVSE power, target and its slot.
Variables
    the energy of each EV in each slot; import, export and the binary between them follow from it.
Constraints
    EVSE power; battery; energy balance (4); supply limits (6), (7), (10), (12), (14), (15); targets (19);
    and, ours, minimum power, the limits of groups and of phases.
Objective
    Eq. (1): Σ price · imported energy; and, ours, export, wear and the demand charge where they have a price.

The supply limits and the targets are what may have to give way (``lexicographic``); the rest, here, is hard.
"""

from __future__ import annotations

import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.cost import cost_of_energy
from twinev.sct.equations import (
    Energy,
    Model,
    charging_within_evse_power,
    groups_within_limits,
    least_power_or_none,
    row_flows,
    soc_within_battery,
)
from twinev.sct.inputs import Inputs

OBJECTIVE = "cost"


def build(inputs: Inputs) -> Model:
    """Make the variables and the hard constraints."""
    return model_of(charging_within_evse_power(inputs), inputs)


def model_of(energy: Energy, inputs: Inputs) -> Model:
    """The hard constraints on an EV's energy that every formulation has."""
    least, on = least_power_or_none(energy, inputs)
    groups = groups_within_limits(energy, inputs)
    return Model(
        inputs=inputs,
        energy=energy,
        row_flow_kwh=row_flows(energy, inputs),
        groups=groups,
        physics=[*soc_within_battery(energy, inputs), *groups, *least],
        switches=on,
    )


def objective(model: Model, counted: np.ndarray, own: np.ndarray, shortfall_kwh: np.ndarray) -> Aim:
    """Eq. (1): the cost of energy. [€]

    Parameters
    ----------
    counted : (n_sessions,) of bool
        Whose energy counts: in a site of mixed profiles not yet that of later stages.
    own : (n_sessions,) of bool
        The sessions without a profile, whose objective is the formulation's own.
    shortfall_kwh : (n_sessions,)
        What each session is short of at its target slot. [kWh]
    """
    del own, shortfall_kwh
    return cost_of_energy(model, counted)
