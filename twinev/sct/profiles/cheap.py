"""Profile ``cheap``: the least cost of energy.

In a mix, on-site production goes to the sessions of earlier stages first, and those of later stages are left out of
account: they get what remains. When every session is cheap this is Eq. (1).
"""

from __future__ import annotations

import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.cost import cost_of_energy
from twinev.sct.equations import Model
from twinev.sct.inputs import Inputs
from twinev.sct.tie_break import cost_alone

NAME = "cheap"


def aim(model: Model, sessions: np.ndarray, earlier: np.ndarray) -> Aim:
    """Cost of energy for the site's demand, these sessions and the earlier ones. [€]"""
    return cost_of_energy(model, sessions | earlier)


def magnitude(inputs: Inputs, sessions: np.ndarray, earlier: np.ndarray, met_kwh: np.ndarray) -> float:
    """Every session alone, in its cheapest slots. [€]"""
    return cost_alone(inputs, sessions | earlier, met_kwh, inputs.price_eur_per_kwh)
