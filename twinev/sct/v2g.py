"""Formulation ``v2g``: ``cpo`` plus Eq. (23), EVs that give energy back.

Inputs
    those of ``cpo``; per EV the discharge power, and, ours, the discharge efficiency, the SoC floor, the wear.
Variables
    the energy of each EV in each slot, now of either sign, as charge and discharge.
Constraints
    those of ``cpo``; discharge power (23); the battery in every slot, for what is in it may fall again; and, ours,
    one direction at a time where a battery loses energy.
Objective
    Eq. (1).
"""

from __future__ import annotations

from twinev.sct import cpo
from twinev.sct.equations import Model, discharging_within_evse_power, one_direction_at_a_time
from twinev.sct.inputs import Inputs

OBJECTIVE = cpo.OBJECTIVE
objective = cpo.objective


def build(inputs: Inputs) -> Model:
    """Make the variables and the hard constraints."""
    energy = discharging_within_evse_power(inputs)
    model = cpo.model_of(energy, inputs)
    either, charging = one_direction_at_a_time(energy, inputs)
    model.physics += either
    model.switches += charging
    return model
