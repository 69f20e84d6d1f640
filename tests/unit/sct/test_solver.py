"""The two solvers say the same of the same matrices, and keep to the time that is left."""

from __future__ import annotations

import time

import cvxpy as cp
import numpy as np
import pytest

from twinev.sct.solver import Answer, Solver
from twinev.sct.switch import Switch

BOTH = pytest.mark.parametrize("choice", ["highs", "scip"])


def make_solver(choice="auto", *, seconds=60.0, gap=1e-6, listener=None):
    return Solver(choice=choice, gap=gap, deadline_s=time.monotonic() + seconds, listener=listener)


def knapsack(n_items=40):
    """Some hundred nodes deep: two weights per item, both just too many."""
    rng = np.random.default_rng(3)
    values, weights = rng.uniform(5, 20, n_items), rng.uniform(5, 20, (2, n_items))
    taken = cp.Variable(n_items, boolean=True)
    return taken, -values @ taken + 7.0, [weights @ taken <= weights.sum(axis=1) / 3]


@BOTH
def test_linear_problem_is_solved_with_its_constant(choice):
    x = cp.Variable(2, bounds=[0, 4])

    answer = make_solver(choice).minimise(x[0] + 2 * x[1] + 10, [x[0] + x[1] >= 5])

    assert (answer.status, answer.value, answer.bound) == ("optimal", pytest.approx(16), pytest.approx(16))
    assert x.value == pytest.approx([4, 1])


@BOTH
def test_contradiction_is_infeasible(choice):
    x = cp.Variable(bounds=[0, 1])

    assert make_solver(choice).minimise(x, [x >= 2]) == Answer(status="infeasible")


def test_both_find_the_same_optimum_of_a_search_and_prove_it():
    answers = []
    for choice in ("highs", "scip"):
        taken, objective, constraints = knapsack()
        answers.append(make_solver(choice, gap=1e-9).minimise(objective, constraints))
        assert np.isin(np.round(taken.value, 6), (0, 1)).all()

    highs, scip = answers
    assert highs.value == pytest.approx(scip.value, abs=1e-6)
    assert all(answer.bound == pytest.approx(answer.value, abs=1e-6) for answer in answers)


@BOTH
def test_search_tells_its_incumbent_and_bound_in_the_objectives_own_terms(choice):
    told = []
    solver = make_solver(choice, listener=told.append)
    solver.begin("knapsack")
    _, objective, constraints = knapsack()

    answer = solver.minimise(3 * objective, constraints, scale=3)

    known = [progress for progress in told if progress.incumbent is not None and progress.bound is not None]
    assert {progress.stage for progress in told} == {"knapsack"}
    assert all(progress.bound <= answer.value / 3 + 1e-6 <= progress.incumbent + 2e-6 for progress in known)
    assert known


def test_no_time_left_begins_nothing():
    x = cp.Variable(nonneg=True)

    assert make_solver(seconds=0).minimise(x, []) == Answer(status="nothing")
    assert x.value is None


def test_problem_too_large_to_be_compiled_in_time_is_not_begun(monkeypatch):
    monkeypatch.setattr(cp.Problem, "get_problem_data", lambda *_, **__: pytest.fail("begun"))
    x = cp.Variable((2000, 1000), nonneg=True)
    solver = make_solver(seconds=0.5)

    answer = solver.minimise(cp.sum(x), [cp.sum(x, axis=0) >= 1])

    assert answer == Answer(status="nothing")


def test_switch_is_relaxed_exact_or_fixed_in_one_model():
    switch = Switch.make((2,), suggest=lambda: np.array([True, False]))
    aim, limits = -cp.sum(switch.relaxed), [cp.sum(switch.relaxed) <= 1.5]

    relaxed = make_solver().minimise(aim, limits)
    exact = make_solver().minimise(aim, [*limits, switch.exact()])
    fixed = make_solver().minimise(aim, [*limits, switch.fixed(np.array([False, False]))])

    assert (relaxed.value, exact.value, fixed.value) == pytest.approx((-1.5, -1, 0))
