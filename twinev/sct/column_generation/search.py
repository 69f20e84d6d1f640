"""The search among few completion slots: a small mixed-integer problem whose relaxation is as good as the columns'."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from twinev.sct.column_generation.highs_model import HighsModel, is_solved
from twinev.sct.column_generation.pricing import Duals
from twinev.sct.column_generation.shared_rows import SharedRows
from twinev.sct.column_generation.task import CompletionTask, Pairs

MOST_NODES = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search came to.

    Parameters
    ----------
    bound : float
        No plan whose completions are among the pairs costs less. [€]
    latest : (n_sessions,) or None
        Completion slots of the best plan found; None: nothing found.
    """

    bound: float
    latest: np.ndarray | None


class CompletionSearch:
    """e[n,t] ≤ limit·y[n,t−1], where y[n,r] tells that session n is not done by the end of slot r.

    There is one y for each pair but the session's last, y falls along them, and each costs the waiting until the next
    pair. The cuts of `_cut` make the linear relaxation as strong as the columns at the given duals.
    """

    def __init__(self, task: CompletionTask, pairs: Pairs, duals: Duals) -> None:
        self._task, self._pairs = task, pairs
        self._model = HighsModel()
        rows = SharedRows(self._model, task)
        self._energy, self._session, self._slot = rows.add_energy(self._model, pairs.latest)
        self._place = np.full(task.shape, -1)
        self._place[self._session, self._slot] = self._energy
        self._add_waiting()
        self._cut(np.broadcast_to(duals.price(task), task.shape))
        self._solver = self._model.solver()
        first = task.waiting_eur(np.arange(task.shape[0]), pairs.earliest).sum()
        self._solver.changeObjectiveOffset(float(task.constant_eur + first))

    def _add_waiting(self) -> None:
        task, pairs, model = self._task, self._pairs, self._model
        self._before = np.flatnonzero(pairs.session[1:] == pairs.session[:-1])
        session, slot = pairs.session[self._before], pairs.slot[self._before]
        next_slot = pairs.slot[self._before + 1]
        cost = task.wait_eur[session] * (next_slot - slot)
        self._waits = model.add_variables(cost, np.ones(len(cost)), integer=True)
        falls = np.flatnonzero(session[1:] == session[:-1])
        row = model.add_rows(-np.inf, 0, len(falls))
        model.put(row, self._waits[falls + 1], 1)
        model.put(row, self._waits[falls], -1)
        # The last pair before each slot that carries energy tells whether the session still waits then.
        key, width = session * task.shape[1] + slot, task.shape[1]
        at = np.searchsorted(key, self._session * width + self._slot) - 1
        tied = np.flatnonzero((at >= 0) & (session[np.maximum(at, 0)] == self._session)) if len(key) else key
        row = model.add_rows(-np.inf, 0, len(tied))
        limit_kwh = np.minimum(task.limit_kwh[self._session, self._slot], task.need_kwh[self._session])
        model.put(row, self._energy[tied], 1)
        model.put(row, self._waits[at[tied]], -limit_kwh[tied])

    def _cut(self, price: np.ndarray) -> None:
        """Σ of the k cheapest slots ≤ what they can hold by the completion, for every k that says something."""
        task, pairs = self._task, self._pairs
        first_wait = np.searchsorted(pairs.session[self._before], np.arange(task.shape[0] + 1))
        for n in np.flatnonzero(np.diff(first_wait)):
            waits = self._waits[first_wait[n] : first_wait[n + 1]]
            start = pairs.start[n]
            done = pairs.slot[start : start + len(waits) + 1]
            ranked = np.argsort(price[n], kind="stable")
            ranked = ranked[self._place[n, ranked] >= 0]
            held = np.cumsum(task.limit_kwh[n, ranked] * (ranked <= done[:, None]), axis=1)
            # Where the need binds for all completions or for none, other rows say the same.
            told = np.flatnonzero((held[0] < task.need_kwh[n] - 1e-9) & (held[-1] > task.need_kwh[n] + 1e-9))
            held = np.minimum(held[:, told], task.need_kwh[n])
            row = self._model.add_rows(-np.inf, held[0], len(told))
            taken = np.arange(len(ranked)) <= told[:, None]
            which, at = np.nonzero(taken)
            self._model.put(row[which], self._place[n, ranked[at]], 1)
            self._model.put(row, waits[:, None], -np.diff(held, axis=0))

    def start_at(self, energy_kwh: np.ndarray, done_slot: np.ndarray) -> None:
        """Begin with a plan; its completions must be among the pairs."""
        variable = np.concatenate([self._energy, self._waits]).astype(np.int32)
        session, slot = self._pairs.session[self._before], self._pairs.slot[self._before]
        value = np.concatenate([energy_kwh[self._session, self._slot], slot < done_slot[session]])
        self._solver.setSolution(len(variable), variable, value.astype(float))

    def run(self, gap_eur: float, seconds: float, *, nodes: int = MOST_NODES) -> Found:
        """Search until the best plan is within `gap_eur` of the bound, or the time or the nodes are used up."""
        options = {"mip_rel_gap": 0.0, "mip_abs_gap": gap_eur, "time_limit": max(seconds, 0.0), "mip_max_nodes": nodes}
        for option, value in options.items():
            self._solver.setOptionValue(option, value)
        self._solver.run()
        info, pairs = self._solver.getInfo(), self._pairs
        if self._solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return Found(bound=np.inf, latest=None)
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return Found(bound=self._bound, latest=None)
        waiting = np.array(self._solver.getSolution().col_value)[self._waits] > 0.5
        steps = np.zeros(self._task.shape[0], dtype=int)
        np.add.at(steps, pairs.session[self._before], waiting)
        return Found(bound=self._bound, latest=pairs.slot[pairs.start + steps])

    @property
    def _bound(self) -> float:
        """What the last run proved; without integers HiGHS tells no bound, and the optimum is one."""
        info = self._solver.getInfo()
        if len(self._waits):
            return info.mip_dual_bound
        return info.objective_function_value if is_solved(self._solver) else -np.inf
