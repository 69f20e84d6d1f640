"""Profile ``fast``: done as early as the grid allows.

Σ (t+1)·energy over the fast sessions. A kWh that flows a slot earlier counts one less, whoever gets it, so together
they fill every slot as far as the limits let them. Energy given back counts like energy taken: else giving some back
late would look early.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from twinev.sct.aim import Aim
from twinev.sct.equations import Model
from twinev.sct.inputs import Inputs

NAME = "fast"


def aim(model: Model, sessions: np.ndarray, earlier: np.ndarray) -> Aim:
    """Σ (t+1)·energy of these sessions. [kWh·slot]"""
    del earlier
    later = np.arange(1, model.inputs.shape[1] + 1)
    return Aim(value=cp.sum(model.energy.handled_kwh[np.flatnonzero(sessions)] @ later))


def magnitude(inputs: Inputs, sessions: np.ndarray, earlier: np.ndarray, met_kwh: np.ndarray) -> float:
    """As if every kWh could flow in the first slot. [kWh·slot]"""
    del earlier
    return float((met_kwh / inputs.charge_efficiency)[sessions].sum())
