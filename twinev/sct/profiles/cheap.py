"""Profile ``cheap``: the least cost of imported energy.

In a mix, on-site production goes to the sessions of earlier stages first, and those of later stages are left out of
account: they get what remains. When every session is cheap this is Eq. (1).
"""

from __future__ import annotations

import numpy as np

from twinev.sct.cpo import Model
from twinev.sct.equations import Aim, cost_of_import
from twinev.sct.inputs import Inputs
from twinev.sct.tie_break import LEAST_EUR, least_cost_eur

NAME = "cheap"


def aim(model: Model, sessions: np.ndarray, earlier: np.ndarray, *, relaxed: bool = False) -> Aim:
    """Cost of what the site imports for its demand, these sessions and the earlier ones. [€]"""
    return cost_of_import(model.energy, model.inputs, sessions | earlier, relaxed=relaxed)


def floor(inputs: Inputs, sessions: np.ndarray, earlier: np.ndarray, met_kwh: np.ndarray) -> float:
    """What it costs at least: every session alone, in its cheapest slots. [€]"""
    return least_cost_eur(inputs, sessions | earlier, met_kwh)


def largest(inputs: Inputs) -> float:
    """The highest price in magnitude. [€/kWh]"""
    return max(float(np.abs(inputs.price_eur_per_kwh).max()), LEAST_EUR)
