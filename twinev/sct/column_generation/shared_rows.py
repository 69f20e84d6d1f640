"""The rows of what all sessions share, as the master, the plan of fixed completions and the search all have them.

Energy charged ≤ energy supplied per slot, the limits of phases and groups, and import ≤ peak where the peak costs.
"""

from __future__ import annotations

import numpy as np

from twinev.sct.column_generation.highs_model import HighsModel
from twinev.sct.column_generation.pricing import Duals
from twinev.sct.column_generation.task import CompletionTask


class SharedRows:
    """Adds itself and the supply's variables to a model; reads the duals back.

    The supply of a slot has two pieces, surplus first, because its price is no higher. So the cost of the flow, which
    is convex, needs no integers.
    """

    def __init__(self, model: HighsModel, task: CompletionTask) -> None:
        n_slots = task.shape[1]
        self._task = task
        self._flow = model.add_rows(-np.inf, 0, n_slots)
        self._shared = model.add_rows(-np.inf, task.room_kwh.ravel(), task.room_kwh.size).reshape(-1, n_slots)
        surplus = model.add_variables(task.surplus_eur_per_kwh, task.surplus_kwh)
        imported = model.add_variables(task.import_eur_per_kwh, task.import_kwh)
        model.put(self._flow, surplus, -1)
        model.put(self._flow, imported, -1)
        self._peak = model.add_rows(-np.inf, -task.base_import_kwh[: n_slots * task.peaked], n_slots * task.peaked)
        if task.peaked:
            peak = model.add_variables(np.array([task.demand_charge_eur_per_kw]), np.array([np.inf]))
            model.put(self._peak, imported, 1)
            model.put(self._peak, peak, -task.hours)

    def entries(
        self, variable: np.ndarray, session: np.ndarray, slot: np.ndarray, energy_kwh: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, variables and values of variables that each mean some energy of a session in a slot."""
        weight = np.vstack([np.ones(self._task.shape[0]), self._task.weight])[:, session]
        row = np.vstack([self._flow[None], self._shared])[:, slot]
        place, at = np.nonzero(weight)
        return row[place, at], variable[at], weight[place, at] * energy_kwh[at]

    def add_energy(self, model: HighsModel, latest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Add e[n,t] ≥ 0 up to each session's slot `latest`, its need met: variables, sessions, slots."""
        task = self._task
        open_kwh = task.limit_kwh * (np.arange(task.shape[1]) <= latest[:, None])
        session, slot = np.nonzero(open_kwh)
        energy = model.add_variables(np.zeros(len(session)), open_kwh[session, slot])
        model.put(*self.entries(energy, session, slot, np.ones(len(session))))
        need = model.add_rows(task.need_kwh, task.need_kwh, len(task.need_kwh))
        model.put(need[session], energy, 1)
        return energy, session, slot

    def duals(self, row_dual: np.ndarray) -> Duals:
        """Prices of the rows, made valid where the solver's tolerance is not: signs, and the peak's sum."""
        price = -row_dual
        peak = np.zeros(self._task.shape[1])
        if self._task.peaked:
            peak = np.maximum(price[self._peak] * self._task.hours, 0)
            peak *= min(1, self._task.demand_charge_eur_per_kw / max(peak.sum(), 1e-12))
        return Duals(flow=price[self._flow], shared=np.maximum(price[self._shared], 0), peak=peak)
