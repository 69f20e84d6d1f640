"""Runs a canonical form on HiGHS."""

from __future__ import annotations

import time

import highspy
import numpy as np

from twinev.sct.solvers.canonical import CanonicalForm, Outcome
from twinev.sct.solvers.watch import Watch

# HiGHS' default tolerances (1e-7) are wider than what `verify` allows after sums over many slots.
FEASIBILITY = 1e-9
FEASIBLE = 2
NO_SOLUTION = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
# From about this many columns on interior point with crossover is faster than the dual simplex.
LARGE_COLUMNS = 150_000
# A program with this many times more columns than rows is solved before it is presolved.
WIDE = 10
# Cheaper a step than steepest edge, which HiGHS prefers, and as few steps on these programs.
DEVEX = 1


def run_highs(form: CanonicalForm, *, gap: float, seconds: float, watch: Watch | None = None) -> Outcome:
    """Solve; ``gap`` is absolute, ``watch`` hears of a search with integers."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for name, value in _options(form, gap, seconds).items():
        solver.setOptionValue(name, value)
    solver.passModel(_model(form))
    if watch is not None and form.binary.size:
        # The one callback that comes often, asks for nothing and needs no log.
        solver.cbMipInterrupt.subscribe(
            lambda event: watch.hear(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)
        )
    started = time.monotonic()
    solver.run()
    outcome = _read(solver, form)
    if outcome.status == "infeasible" and form.binary.size:
        # At such tolerances presolve calls a few problems with integers infeasible that are not: it is asked without.
        solver.clearSolver()
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue("time_limit", max(seconds - (time.monotonic() - started), 0.0))
        solver.run()
        outcome = _read(solver, form)
    return outcome


def _options(form: CanonicalForm, gap: float, seconds: float) -> dict[str, float | str]:
    options: dict[str, float | str] = {
        "time_limit": max(seconds, 0.0),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": gap,
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
        "mip_feasibility_tolerance": FEASIBILITY,
    }
    if form.binary.size:
        return options
    rows, columns = form.matrix.shape
    options["simplex_dual_edge_weight_strategy"] = DEVEX
    if columns > LARGE_COLUMNS:
        options["solver"] = "ipm"
    elif columns > WIDE * rows:
        options["presolve"] = "off"
    return options


def _model(form: CanonicalForm) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = form.matrix.shape
    lp.col_cost_ = form.cost
    lp.col_lower_, lp.col_upper_ = form.column_lower, form.column_upper
    lp.row_lower_, lp.row_upper_ = form.row_lower, form.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = form.matrix.indptr
    lp.a_matrix_.index_ = form.matrix.indices
    lp.a_matrix_.value_ = form.matrix.data
    if form.binary.size:
        kinds = [highspy.HighsVarType.kContinuous] * form.cost.size
        for place in form.binary:
            kinds[place] = highspy.HighsVarType.kInteger
        lp.integrality_ = kinds
    return lp


def _read(solver: highspy.Highs, form: CanonicalForm) -> Outcome:
    status, info = solver.getModelStatus(), solver.getInfo()
    if status in NO_SOLUTION:
        return Outcome(status="infeasible")
    # At a limit HiGHS may hand back numbers that are no solution.
    if info.primal_solution_status != FEASIBLE:
        return Outcome(status="nothing")
    proven = status == highspy.HighsModelStatus.kOptimal
    solution = solver.getSolution()
    x = np.array(solution.col_value)
    if form.binary.size:
        return Outcome(status="optimal" if proven else "incumbent", x=x, bound=info.mip_dual_bound)
    if not proven:
        return Outcome(status="incumbent", x=x)
    return Outcome(status="optimal", x=x, bound=float(form.cost @ x), row_dual=np.array(solution.row_dual))
