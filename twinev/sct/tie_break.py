"""Which of several equally good plans: the earliest or the latest, then priority, then the order of the sessions.

The tie-break is a second objective, Σ weight · energy, added to the first with a factor so small that it costs less
than half the gap: with W the most that the sum can be, the first objective loses at most factor · W, and the factor is
gap/2 · max(expected objective, 0.01) / W. What it did cost at most is known after the solve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.sct.inputs import Inputs

LEAST_EUR = 0.01
# Solvers keep reduced costs to about 1e-8: a perturbation must stand well above that, and no coefficient be huge.
LEAST_STEP = 1e-6
LARGEST_COEFFICIENT = 1e6


@dataclass(frozen=True, kw_only=True)
class TieBreak:
    """Weights of Σ weight · energy, (n_sessions, n_slots), and the most that the sum can be."""

    weights: np.ndarray
    most: float

    def factor(self, gap: float, magnitude: float) -> float:
        """How much of the tie-break an objective of about this magnitude bears."""
        return gap / 2 * max(abs(magnitude), LEAST_EUR) / self.most if self.most > 0 else 0.0


def read_tie_break(inputs: Inputs, order: str, sessions: np.ndarray) -> TieBreak:
    """Return the weights for ``sessions``; the others weigh nothing.

    Every weight is positive, so no energy flows that nothing asks for. A session of higher priority, then an earlier
    one, has weights that rise more steeply, by less than what one slot makes in all: it goes first where nothing else
    decides.
    """
    n_sessions, n_slots = inputs.shape
    slot = np.arange(1, n_slots + 1) if order == "earliest" else np.arange(n_slots, 0, -1)
    rank = np.empty(n_sessions, dtype=int)
    rank[np.argsort(-inputs.priority, kind="stable")] = np.arange(n_sessions)
    precedence = (n_sessions - rank) / (2 * n_slots * max(n_sessions, 1))
    weights = slot * (1 + precedence[:, None]) * sessions[:, None]
    room_kwh = inputs.room_kwh / inputs.charge_efficiency
    one_way_kwh = np.minimum(room_kwh, inputs.charge_limit_kwh.sum(axis=1))
    either_way_kwh = (inputs.charge_limit_kwh + inputs.discharge_limit_kwh).sum(axis=1)
    handled_kwh = np.where(inputs.discharging, either_way_kwh, one_way_kwh)
    return TieBreak(weights=weights, most=float(handled_kwh @ weights.max(axis=1, initial=0.0)))


def cost_alone(inputs: Inputs, sessions: np.ndarray, met_kwh: np.ndarray, price: np.ndarray) -> float:
    """About what the site's import costs with these sessions: each charges alone, in its cheapest slots.

    Parameters
    ----------
    met_kwh : (n_sessions,)
        What each battery gets by its target slot. [kWh]
    price : (n_slots,)
        Of a kWh imported.
    """
    # In a slot with a surplus, charging may cost nothing.
    marginal = np.where(inputs.base_kwh >= 0, price, 0.0)
    cheapest_first = np.argsort(marginal, kind="stable")
    takeable_kwh = (inputs.charge_limit_kwh * inputs.until_target)[sessions][:, cheapest_first]
    before_kwh = np.cumsum(takeable_kwh, axis=1) - takeable_kwh
    wanted_kwh = (met_kwh / inputs.charge_efficiency)[sessions][:, None]
    taken_kwh = np.clip(wanted_kwh - before_kwh, 0, takeable_kwh)
    return float(price @ np.maximum(inputs.base_kwh, 0) + taken_kwh.sum(axis=0) @ marginal[cheapest_first])


def largest_price(inputs: Inputs) -> float:
    """The largest coefficient of a kWh in the cost, in magnitude. [€/kWh]"""
    prices = np.concatenate([inputs.price_eur_per_kwh, inputs.export_price_eur_per_kwh, inputs.wear_eur_per_kwh])
    return max(float(np.abs(prices).max()), LEAST_EUR)
