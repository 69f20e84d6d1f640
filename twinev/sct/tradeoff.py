"""Formulation ``tradeoff``: ``grid`` plus Eq. (25)–(27), the cost of keeping drivers waiting.

Inputs
    those of ``grid``; the opportunity cost per slot; per EV the slots that it has waited already.
Variables
    those of ``grid``; per EV and slot the binary that tells whether it still waits for its target, Eq. (25).
Constraints
    those of ``grid``; the binary follows the state of charge, Eq. (26), in the tightest of three forms (``waiting``).
Objective
    Eq. (27): Eq. (1) + opportunity cost · Σ (previous slots + slots waited).
"""

from __future__ import annotations

import numpy as np

from twinev.sct import grid_support
from twinev.sct.aim import Aim
from twinev.sct.equations import Model
from twinev.sct.waiting import cost_of_waiting

OBJECTIVE = "trade-off"
build = grid_support.build


def objective(model: Model, counted: np.ndarray, own: np.ndarray, shortfall_kwh: np.ndarray) -> Aim:
    """Eq. (27): the cost of energy and of waiting, as for `twinev.sct.cpo.objective`. [€]"""
    return grid_support.objective(model, counted, own, shortfall_kwh).plus(cost_of_waiting(model, own, shortfall_kwh))
