"""A CVXPY problem as the matrices that a solver reads, and the way back from a solver's numbers to the variables.

CVXPY could hand the problem to the solvers by itself. It is done here because only so the time that CVXPY took to make
the matrices comes off the solver's limit, a search can be watched, SCIP's model is built without a loop over a
dictionary of all coefficients, and what is proven is read off the solver's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import cvxpy as cp
import cvxpy.settings as names
import numpy as np
from scipy import sparse


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a solver came back with.

    Parameters
    ----------
    status : str
        ``optimal``, ``incumbent`` (a solution, not proven), ``infeasible`` or ``nothing``.
    x : (n_columns,) or None
        The solution.
    bound : float
        What is proven of the objective, its constant left out; −∞ where nothing is.
    row_dual : (n_rows,) or None
        Dual values of the rows, where the solver gives exact ones.
    """

    status: str
    x: np.ndarray | None = None
    bound: float = -np.inf
    row_dual: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class CanonicalForm:
    """min cost·x + offset, row_lower ≤ matrix·x ≤ row_upper, column_lower ≤ x ≤ column_upper, some of x binary."""

    cost: np.ndarray
    matrix: sparse.csc_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    column_lower: np.ndarray
    column_upper: np.ndarray
    binary: np.ndarray
    offset: float
    _problem: cp.Problem
    _chain: Any
    _inverse: Any

    @classmethod
    def of(cls, problem: cp.Problem) -> CanonicalForm:
        """Let CVXPY make the matrices."""
        data, chain, inverse = problem.get_problem_data(cp.HIGHS)
        matrix = sparse.csc_array(data[names.A])
        equal = data[names.DIMS].zero
        upper = np.asarray(data[names.B], dtype=float)
        lower = np.where(np.arange(upper.size) < equal, upper, -np.inf)
        binary = np.asarray(data[names.BOOL_IDX], dtype=int)
        column_lower = _bounds(data[names.LOWER_BOUNDS], matrix.shape[1], -np.inf)
        column_upper = _bounds(data[names.UPPER_BOUNDS], matrix.shape[1], np.inf)
        column_lower[binary] = np.maximum(column_lower[binary], 0)
        column_upper[binary] = np.minimum(column_upper[binary], 1)
        return cls(
            cost=np.asarray(data[names.C], dtype=float),
            matrix=matrix,
            row_lower=lower,
            row_upper=upper,
            column_lower=column_lower,
            column_upper=column_upper,
            binary=binary,
            offset=float(inverse[-1][names.OFFSET]),
            _problem=problem,
            _chain=chain,
            _inverse=inverse,
        )

    def give_back(self, outcome: Outcome) -> float:
        """Set the problem's variables (and its constraints' dual values) from a solution; return the objective."""
        info = SimpleNamespace(
            objective_function_value=float(self.cost @ outcome.x),
            ipm_iteration_count=0,
            crossover_iteration_count=0,
            pdlp_iteration_count=0,
            qp_iteration_count=0,
            simplex_iteration_count=0,
        )
        duals = np.zeros(self.row_upper.size) if outcome.row_dual is None else outcome.row_dual
        results = {
            "model_status": "kOptimal",
            "run_time": 0.0,
            "info": info,
            "solution": SimpleNamespace(col_value=outcome.x, row_dual=duals),
        }
        self._problem.unpack_results(results, self._chain, self._inverse)
        return float(self._problem.value)


def _bounds(given: np.ndarray | None, size: int, otherwise: float) -> np.ndarray:
    return np.full(size, otherwise) if given is None else np.array(given, dtype=float)
