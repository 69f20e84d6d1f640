"""Minimises one CVXPY objective on HiGHS, SCIP or Clarabel, and says plainly what came back."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp

from twinev.sct.canonical import CanonicalForm
from twinev.sct.highs import run_highs
from twinev.sct.progress import Progress, ProgressListener
from twinev.sct.scip import run_scip
from twinev.sct.tie_break import LEAST_EUR

SOLVERS = ("auto", "scip", "highs")
SQUARES_PRECISION = 1e-10
# What follows a search with integers (fixing the signs, the tie-break) is quick, but needs some of the time too.
SEARCH_SHARE = 0.9
LARGE = 1e19
# About what CVXPY takes to make the matrices, per scalar variable: what cannot be done in time is not begun.
COMPILING_SECONDS = 3e-6
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
        ``auto`` takes HiGHS; ``scip`` takes SCIP wherever no exact dual values are needed.
    gap : float
        Relative gap at which a problem with integers counts as solved.
    deadline_s : float
        When to stop, on the clock of `time.monotonic`. [s]
    started_s : float
        When the plan's making began, on the same clock. [s]
    listener : callable, optional
        Is told the progress.
    """

    choice: str
    gap: float
    deadline_s: float
    started_s: float = 0.0
    listener: ProgressListener | None = None

    def __post_init__(self) -> None:
        self.used: list[str] = []
        self.stage = ""

    @property
    def seconds_left(self) -> float:
        return self.deadline_s - time.monotonic()

    def begin(self, stage: str) -> None:
        """Name what is minimised from now on."""
        self.stage = stage
        self.tell()

    def tell(self, incumbent: float | None = None, bound: float | None = None) -> None:
        """Tell the listener how far this stage is."""
        if self.listener is None:
            return
        known = incumbent is not None and bound is not None
        gap = (incumbent - bound) / max(abs(incumbent), LEAST_EUR) if known else None
        seconds = time.monotonic() - self.started_s
        self.listener(Progress(stage=self.stage, seconds=seconds, incumbent=incumbent, bound=bound, gap=gap))

    def minimise(
        self,
        objective: cp.Expression,
        constraints: list[cp.Constraint],
        *,
        exact: bool = False,
        scale: float = 1.0,
        gap: float | None = None,
    ) -> Answer:
        """Minimise ``objective``; the answer is in the variables' ``value``.

        Parameters
        ----------
        exact : bool
            Ask for exact dual values, which only HiGHS gives; the problem must have no integers.
        scale : float
            By what the objective was multiplied; the progress is told without it.
        gap : float, optional
            In place of the plan's.
        """
        if self.seconds_left <= 0:
            return Answer(status="nothing")
        problem = cp.Problem(cp.Minimize(objective), constraints)
        if COMPILING_SECONDS * sum(variable.size for variable in problem.variables()) > self.seconds_left:
            return Answer(status="nothing")
        form = CanonicalForm.of(problem)
        highs = exact or self.choice != "scip"
        self._use("HiGHS" if highs else "SCIP")
        seconds = (SEARCH_SHARE if form.binary.size else 1.0) * self.seconds_left
        if seconds <= 0:
            return Answer(status="nothing")
        run = run_highs if highs else run_scip
        outcome = run(
            form, gap=self.gap / 2 if gap is None else gap, seconds=seconds, watch=self._watch(scale, form.offset)
        )
        if outcome.x is None:
            return Answer(status=outcome.status)
        value = form.give_back(outcome)
        return Answer(status=outcome.status, value=value, bound=min(outcome.bound + form.offset, value))

    def minimise_squares(self, squares: cp.Expression, constraints: list[cp.Constraint]) -> Answer:
        """Minimise a sum of squares, on Clarabel, to its full precision."""
        if self.seconds_left <= 0:
            return Answer(status="nothing")
        problem = cp.Problem(cp.Minimize(squares), constraints)
        self._use("Clarabel")
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
        if name not in self.used:
            self.used.append(name)

    def _watch(self, scale: float, offset: float) -> Callable[[float, float], None] | None:
        if self.listener is None:
            return None

        def unscaled(value: float) -> float | None:
            # The solvers' infinities are large numbers.
            return (value + offset) / scale if abs(value) < LARGE else None

        return lambda incumbent, bound: self.tell(unscaled(incumbent), unscaled(bound))
