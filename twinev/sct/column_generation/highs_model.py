"""A linear or mixed-integer model, collected as arrays and handed to HiGHS."""

from __future__ import annotations

import highspy
import numpy as np
from scipy import sparse

# HiGHS' own tolerance (1e-7) is wider than what `verify` allows after sums over many slots.
FEASIBILITY = 1e-9


class HighsModel:
    """Collects variables ≥ 0, rows and entries; `solver` hands them over at once."""

    def __init__(self) -> None:
        self._cost, self._upper, self._integer = [], [], []
        self._row_lower, self._row_upper = [], []
        self._row, self._variable, self._value = [], [], []
        self.n_variables = self.n_rows = 0

    def add_variables(self, cost: np.ndarray, upper: np.ndarray, *, integer: bool = False) -> np.ndarray:
        """Add variables between 0 and `upper`; their places."""
        self._cost.append(np.asarray(cost, dtype=float))
        self._upper.append(np.asarray(upper, dtype=float))
        self._integer.append(np.full(len(cost), integer))
        self.n_variables += len(cost)
        return np.arange(self.n_variables - len(cost), self.n_variables)

    def add_rows(self, lower: np.ndarray | float, upper: np.ndarray | float, size: int) -> np.ndarray:
        """Add rows; their places."""
        self._row_lower.append(np.broadcast_to(np.asarray(lower, dtype=float), size))
        self._row_upper.append(np.broadcast_to(np.asarray(upper, dtype=float), size))
        self.n_rows += size
        return np.arange(self.n_rows - size, self.n_rows)

    def put(self, row: np.ndarray, variable: np.ndarray, value: np.ndarray | float) -> None:
        """Add entries; each place at most once."""
        row, variable, value = np.broadcast_arrays(row, variable, np.asarray(value, dtype=float))
        self._row.append(row.ravel())
        self._variable.append(variable.ravel())
        self._value.append(value.ravel())

    def solver(self, tolerance: float = 1e-7) -> highspy.Highs:
        """HiGHS with this model, silent."""
        entries = np.concatenate(self._value), (np.concatenate(self._row), np.concatenate(self._variable))
        matrix = sparse.csc_matrix(entries, shape=(self.n_rows, self.n_variables))
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.n_variables, self.n_rows
        model.col_cost_, model.col_lower_ = np.concatenate(self._cost), np.zeros(self.n_variables)
        model.col_upper_ = np.concatenate(self._upper)
        model.row_lower_, model.row_upper_ = np.concatenate(self._row_lower), np.concatenate(self._row_upper)
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        integer = np.concatenate(self._integer)
        if integer.any():
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[int(whole)] for whole in integer]
        solver = highspy.Highs()
        for option, value in (("output_flag", False), ("primal_feasibility_tolerance", tolerance)):
            solver.setOptionValue(option, value)
        solver.passModel(model)
        return solver


def is_solved(solver: highspy.Highs) -> bool:
    """Whether the last run ended with an optimum."""
    return solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
