"""Runs one CVXPY problem on HiGHS or SCIP and says plainly what came back."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass

import cvxpy as cp

SOLVERS = ("auto", "scip", "highs")
# Every problem here is bounded, so what is infeasible or unbounded is infeasible.
NO_SOLUTION = (cp.INFEASIBLE, "infeasible_or_unbounded")
PRINTED = {cp.HIGHS: "HiGHS", cp.SCIP: "SCIP", cp.CLARABEL: "Clarabel"}
SQUARES_PRECISION = 1e-10
# What follows a search with integers (fixing the signs, the tie-break) is quick, but needs some of the time too.
SEARCH_SHARE = 0.9
# Both solvers' default tolerances (1e-7, 1e-6) are wider than what `verify` allows after sums over many slots.
FEASIBILITY = 1e-9
# CVXPY's own word for a solution found at a limit; `Answer` tells the same in its status.
LIMIT_WARNING = "Solution may be inaccurate"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``optimal``, ``incumbent`` (a solution, not proven), ``infeasible`` or ``nothing``; ``bound`` is proven."""

    status: str
    value: float = math.nan
    bound: float = -math.inf

    @property
    def found(self) -> bool:
        """Whether the problem's variables hold a solution."""
        return self.status in ("optimal", "incumbent")


@dataclass(kw_only=True)
class Solver:
    """What solves every step of one plan: the chosen solver, the gap, and the time that is left.

    Parameters
    ----------
    choice : str
        ``auto`` takes HiGHS for a problem without integers and SCIP for one with them.
    gap : float
        Relative gap at which a problem with integers counts as solved.
    deadline_s : float
        When to stop, on the clock of `time.monotonic`. [s]
    """

    choice: str
    gap: float
    deadline_s: float

    def __post_init__(self) -> None:
        self.used: list[str] = []

    @property
    def seconds_left(self) -> float:
        return self.deadline_s - time.monotonic()

    def minimise(self, objective: cp.Expression, constraints: list[cp.Constraint], *, exact: bool = False) -> Answer:
        """Minimise ``objective``; the answer is in the variables' ``value``.

        Parameters
        ----------
        exact : bool
            Ask for exact dual values, which only HiGHS gives; the problem must have no integers.
        """
        if self.seconds_left <= 0:
            return Answer(status="nothing")
        problem = cp.Problem(cp.Minimize(objective), constraints)
        name = cp.HIGHS if exact else self._solver_for(problem)
        self._use(name)
        options = self._scip_options() if name == cp.SCIP else self._highs_options()
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=LIMIT_WARNING)
                problem.solve(solver=name, **options)
        except cp.SolverError:
            return Answer(status="nothing")
        return _read_scip(problem) if name == cp.SCIP else _read_highs(problem)

    def minimise_squares(self, squares: cp.Expression, constraints: list[cp.Constraint]) -> Answer:
        """Minimise a sum of squares, on Clarabel, to its full precision."""
        if self.seconds_left <= 0:
            return Answer(status="nothing")
        problem = cp.Problem(cp.Minimize(squares), constraints)
        self._use(cp.CLARABEL)
        settings = dict.fromkeys(("tol_feas", "tol_gap_abs", "tol_gap_rel"), SQUARES_PRECISION)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=LIMIT_WARNING)
                problem.solve(solver=cp.CLARABEL, time_limit=self.seconds_left, **settings)
        except cp.SolverError:
            return Answer(status="nothing")
        found = problem.status == cp.OPTIMAL
        return Answer(status="optimal", value=float(problem.value)) if found else Answer(status="nothing")

    def _use(self, name: str) -> None:
        if PRINTED[name] not in self.used:
            self.used.append(PRINTED[name])

    def _solver_for(self, problem: cp.Problem) -> str:
        if self.choice == "auto":
            return cp.SCIP if problem.is_mixed_integer() else cp.HIGHS
        return cp.SCIP if self.choice == "scip" else cp.HIGHS

    def _scip_options(self) -> dict:
        settings = {
            "limits/time": SEARCH_SHARE * self.seconds_left,
            "limits/gap": self.gap / 2,
            "numerics/feastol": FEASIBILITY,
            "numerics/dualfeastol": FEASIBILITY,
        }
        return {"scip_params": settings}

    def _highs_options(self) -> dict:
        return {
            "time_limit": SEARCH_SHARE * self.seconds_left,
            "mip_rel_gap": self.gap / 2,
            "mip_abs_gap": 0.0,
            "primal_feasibility_tolerance": FEASIBILITY,
            "dual_feasibility_tolerance": FEASIBILITY,
            "mip_feasibility_tolerance": FEASIBILITY,
        }


def _read_scip(problem: cp.Problem) -> Answer:
    if problem.status in NO_SOLUTION:
        return Answer(status="infeasible")
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
        return Answer(status="nothing")
    model = problem.solver_stats.extra_stats["model"]
    value = float(problem.objective.value)
    # SCIP does not know the objective's constant term: take it from the same solution's two values.
    bound = value - max(model.getPrimalbound() - model.getDualbound(), 0.0)
    proven = model.getStatus() in ("optimal", "gaplimit")
    return Answer(status="optimal" if proven else "incumbent", value=value, bound=bound)


def _read_highs(problem: cp.Problem) -> Answer:
    if problem.status in NO_SOLUTION:
        return Answer(status="infeasible")
    info = problem.solver_stats.extra_stats if problem.status in (cp.OPTIMAL, cp.USER_LIMIT) else None
    # At a limit HiGHS may hand back numbers that are no solution.
    feasible = info is not None and info.primal_solution_status == 2
    if not feasible:
        return Answer(status="nothing")
    value = float(problem.objective.value)
    proven = problem.status == cp.OPTIMAL
    bound = value if proven else -math.inf
    if problem.is_mixed_integer():
        bound = value - max(info.objective_function_value - info.mip_dual_bound, 0.0)
    return Answer(status="optimal" if proven else "incumbent", value=value, bound=bound)
