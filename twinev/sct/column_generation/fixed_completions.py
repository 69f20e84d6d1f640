"""The cheapest plan when every session's last charging slot is given: a linear problem."""

from __future__ import annotations

import numpy as np

from twinev.sct.column_generation.highs_model import FEASIBILITY, HighsModel, is_solved
from twinev.sct.column_generation.pricing import Duals
from twinev.sct.column_generation.shared_rows import SharedRows
from twinev.sct.column_generation.task import CompletionTask, reached_slot


class FixedCompletions:
    """One model for all choices of last slots: what comes after them is bounded to 0, and each solve starts warm.

    Parameters
    ----------
    task : CompletionTask
        What is asked.
    delay_eur_per_kwh : (n_sessions, n_slots) or None
        Added to the price of energy.
    """

    def __init__(self, task: CompletionTask, delay_eur_per_kwh: np.ndarray | None = None) -> None:
        self._task = task
        model = HighsModel()
        self._rows = SharedRows(model, task)
        self._energy, self._session, self._slot = self._rows.add_energy(model, task.last)
        self._limit_kwh = task.limit_kwh[self._session, self._slot]
        self._latest = task.last
        self._solver = model.solver(FEASIBILITY)
        if delay_eur_per_kwh is not None:
            delay_eur = delay_eur_per_kwh[self._session, self._slot]
            self._solver.changeColsCost(len(self._energy), self._energy.astype(np.int32), delay_eur)

    def solve(self, latest: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray] | None:
        """Energies and the slots in which sessions are done, none after `latest`; None where nothing fits in time."""
        self._bound(latest)
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + max(seconds, 0.0))
        self._solver.run()
        if not is_solved(self._solver):
            return None
        energy_kwh = np.zeros(self._task.shape)
        solution = np.array(self._solver.getSolution().col_value)[self._energy]
        energy_kwh[self._session, self._slot] = np.clip(solution, 0, self._limit_kwh)
        return energy_kwh, reached_slot(energy_kwh, self._task.need_kwh, latest)

    def _bound(self, latest: np.ndarray) -> None:
        low, high = np.minimum(latest, self._latest), np.maximum(latest, self._latest)
        moved = np.flatnonzero((self._slot > low[self._session]) & (self._slot <= high[self._session]))
        upper = self._limit_kwh[moved] * (self._slot[moved] <= latest[self._session[moved]])
        if len(moved):
            self._solver.changeColsBounds(len(moved), self._energy[moved].astype(np.int32), np.zeros(len(moved)), upper)
        self._latest = latest

    @property
    def duals(self) -> Duals:
        """Prices of what the sessions share in the last solve."""
        return self._rows.duals(np.array(self._solver.getSolution().row_dual))
