"""The restricted master of the column road: which mixture of the columns so far is cheapest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twinev.sct.column_generation.highs_model import FEASIBILITY, HighsModel, is_solved
from twinev.sct.column_generation.pricing import Duals
from twinev.sct.column_generation.shared_rows import SharedRows
from twinev.sct.column_generation.task import CompletionTask


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """The master's answer.

    Parameters
    ----------
    value : float
        Its cost; no bound while columns are missing. [€]
    weight : (n_columns,)
        Share of each column.
    duals : Duals
        Prices of what the sessions share.
    session_eur : (n_sessions,)
        What one more session of the kind would cost: a column that costs less at the duals improves the mixture. [€]
    """

    value: float
    weight: np.ndarray
    duals: Duals
    session_eur: np.ndarray


class Master:
    """A linear problem that grows by columns; each session's columns add up to 1.

    Parameters
    ----------
    task : CompletionTask
        What is asked.
    energy_kwh, done_slot : (n_sessions, n_slots), (n_sessions,)
        A plan, whose columns are the first: the master is feasible from the start.
    """

    def __init__(self, task: CompletionTask, energy_kwh: np.ndarray, done_slot: np.ndarray) -> None:
        n_sessions, n_slots = task.shape
        self._task = task
        model = HighsModel()
        self._rows = SharedRows(model, task)
        self._one = model.add_rows(1, 1, n_sessions)
        self._first = model.n_variables
        self.session, self.slot = np.zeros(0, dtype=int), np.zeros(0, dtype=int)
        self.energy_kwh = np.zeros((0, n_slots))
        self._solver = model.solver(FEASIBILITY)
        self.add(np.arange(n_sessions), done_slot, energy_kwh)

    def add(self, session: np.ndarray, slot: np.ndarray, energy_kwh: np.ndarray) -> None:
        """Add columns: sessions, completion slots, energies of shape (n_columns, n_slots)."""
        new, at = np.nonzero(energy_kwh)
        row, column, value = self._rows.entries(new, session[new], at, energy_kwh[new, at])
        row, column = np.append(row, self._one[session]), np.append(column, np.arange(len(session)))
        order = np.argsort(column, kind="stable")
        self._solver.addCols(
            len(session),
            self._task.waiting_eur(session, slot).astype(float),
            np.zeros(len(session)),
            np.full(len(session), np.inf),
            len(row),
            np.searchsorted(column[order], np.arange(len(session))).astype(np.int32),
            row[order].astype(np.int32),
            np.append(value, np.ones(len(session)))[order],
        )
        self.session, self.slot = np.append(self.session, session), np.append(self.slot, slot)
        self.energy_kwh = np.vstack([self.energy_kwh, energy_kwh])

    def solve(self, seconds: float) -> Mixture | None:
        """The cheapest mixture; None where the solver did not find it in time."""
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + max(seconds, 0.0))
        self._solver.run()
        if not is_solved(self._solver):
            return None
        solution = self._solver.getSolution()
        row_dual = np.array(solution.row_dual)
        return Mixture(
            value=self._solver.getInfo().objective_function_value + self._task.constant_eur,
            weight=np.array(solution.col_value)[self._first :],
            duals=self._rows.duals(row_dual),
            session_eur=row_dual[self._one],
        )

    def plan(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mixture as a plan: energies, and the slots by whose ends all parts of each session are done."""
        used = np.flatnonzero(weight > 1e-9)
        session = self.session[used]
        # Shares that add up to 1 exactly: the need is met to the last digits, not to the solver's tolerance.
        part = weight[used] / np.bincount(session, weight[used])[session]
        energy_kwh, done_slot = np.zeros(self._task.shape), np.zeros(self._task.shape[0], dtype=int)
        np.add.at(energy_kwh, session, self.energy_kwh[used] * part[:, None])
        np.maximum.at(done_slot, session, self.slot[used])
        return np.minimum(energy_kwh, self._task.limit_kwh), done_slot
