"""Profile ``green``: as little energy as can be that is neither made on the site nor renewable on the grid.

Σ (1 − renewable share)·imported energy, for the flow of the site's demand with the fast and the green sessions. What
the site makes beyond its demand is not imported, so it is used first, and imports move to the slots with the highest
renewable share.
"""

from __future__ import annotations

import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.cost import cost_of_flow, flow_with
from twinev.sct.equations import Model
from twinev.sct.inputs import Inputs
from twinev.sct.tie_break import cost_alone

NAME = "green"


def aim(model: Model, sessions: np.ndarray, earlier: np.ndarray) -> Aim:
    """Σ (1 − renewable share)·import of the demand with these sessions and the earlier ones. [kWh]"""
    inputs, counted = model.inputs, sessions | earlier
    flow_kwh = flow_with(model, counted)
    return cost_of_flow(flow_kwh, inputs, counted, 1 - inputs.renewable_share, np.zeros(inputs.shape[1]))


def magnitude(inputs: Inputs, sessions: np.ndarray, earlier: np.ndarray, met_kwh: np.ndarray) -> float:
    """Every session alone, in its greenest slots. [kWh]"""
    return cost_alone(inputs, sessions | earlier, met_kwh, 1 - inputs.renewable_share)
