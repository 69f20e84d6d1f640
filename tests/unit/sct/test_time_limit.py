"""A plan always comes back: which rung it is from when the solver does not get to the end."""

from __future__ import annotations

import numpy as np
import pytest

from twinev.sct import Problem, optimise, verify
from twinev.sct.inputs import read_inputs
from twinev.sct.lexicographic import Found
from twinev.sct.rule_based import plan_by_rule
from twinev.sct.solver import Answer, Solver


def crowded_site(n_sessions=12, n_slots=24):
    """Negative prices and a surplus in every slot, and batteries with little room: where to gather it is a knapsack."""
    rng = np.random.default_rng(1)
    sessions = [
        {
            "id": f"EV{n}",
            "capacity_kwh": 60,
            "soc_kwh": float(rng.uniform(48, 58)),
            "evse_power_kw": float(rng.choice([3.7, 7.4, 11])),
            "target_soc": 0.5,
            "target_slot": n_slots - 1,
        }
        for n in range(n_sessions)
    ]
    return Problem.from_dict(
        {
            "slot_minutes": 15,
            "start": "2026-11-22T18:00:00+01:00",
            "supply_point": {"max_kw": 400, "min_kw": -600},
            "production_kw": [float(kw) for kw in rng.uniform(2 * n_sessions, 5 * n_sessions, n_slots)],
            "price_eur_per_kwh": [float(price) for price in rng.uniform(-0.3, -0.01, n_slots)],
            "sessions": sessions,
        }
    )


class InterruptedSolver(Solver):
    """Stops as a real one does at its limit: from the ``allowed``-th solve on nothing comes back."""

    allowed = 0

    def minimise(self, objective, constraints, **options):
        if self.allowed == 0:
            return Answer(status="nothing")
        self.allowed -= 1
        return super().minimise(objective, constraints, **options)


def interrupt_after(monkeypatch, solves):
    monkeypatch.setattr(InterruptedSolver, "allowed", solves)
    monkeypatch.setattr("twinev.sct.staging.Solver", InterruptedSolver)


def test_no_time_at_all_gives_the_rule_based_plan(problem):
    asked = problem(price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2])

    schedule = optimise(asked, time_limit=0)

    assert schedule.status == "feasible"
    assert schedule.method.startswith("rule-based")
    assert schedule.solver == "none"
    assert (schedule.bound, schedule.gap) == (None, None)
    assert schedule.sessions[0].energy_kwh == pytest.approx((2, 2, 1, 0))
    assert "in time" in schedule.explanations[0]


def test_interruption_after_the_relaxation_gives_its_plan_at_its_true_cost(monkeypatch):
    asked = crowded_site()
    interrupt_after(monkeypatch, 2)

    schedule = optimise(asked)

    assert schedule.method.startswith("relaxation")
    assert schedule.status == "feasible"
    assert schedule.bound < schedule.objective
    assert schedule.gap > 1e-4
    assert verify(asked, schedule).holds


def test_real_time_limit_gives_the_incumbent_with_its_gap():
    asked = crowded_site(n_sessions=30, n_slots=48)

    schedule = optimise(asked, time_limit=3, gap=1e-9)

    assert schedule.method.startswith("incumbent")
    assert schedule.status == "feasible"
    assert schedule.bound < schedule.objective
    assert schedule.gap > 0
    assert verify(asked, schedule).holds


def test_interruption_within_the_stages_keeps_the_last_plan(monkeypatch, problem, ev):
    sessions = [ev("cheap", profile="cheap"), ev("usual", profile="default")]
    interrupt_after(monkeypatch, 1)

    schedule = optimise(problem(sessions=sessions, price_eur_per_kwh=[0.4, 0.1, 0.3, 0.2]))

    assert schedule.method.startswith("incumbent")
    assert schedule.shortfall_kwh == 0
    assert schedule.sessions[0].energy_kwh == pytest.approx((0, 2, 1, 2))


@pytest.mark.parametrize("solves", range(5))
def test_interruption_while_sharing_a_shortfall_still_gives_a_plan(monkeypatch, problem, ev, solves):
    asked = problem(sessions=[ev(), ev("EV1")], supply_point={"max_kw": 4, "min_kw": 0})
    interrupt_after(monkeypatch, solves)

    schedule = optimise(asked)

    assert verify(asked, schedule).holds
    assert schedule.shortfall_kwh >= 6 - 1e-6


def test_plan_that_fails_verification_is_replaced_by_the_rule_based_one(monkeypatch, problem):
    overfull = Found(energy_kwh=np.full((1, 4), 4.0), rung="optimum", stages=())
    monkeypatch.setattr("twinev.sct.staging.LexicographicSolve.run", lambda self: overfull)
    monkeypatch.setattr("twinev.sct.optimiser.tidy_energy", lambda energy_kwh, inputs: energy_kwh)

    schedule = optimise(problem())

    assert schedule.method.startswith("rule-based")


def test_rule_serves_the_most_urgent_first(problem, ev):
    sessions = [ev(target_soc=0.6), ev("EV1", target_slot=2)]
    asked = problem(sessions=sessions, supply_point={"max_kw": 8, "min_kw": 0})

    energy_kwh = plan_by_rule(read_inputs(asked, "cpo"))

    assert energy_kwh[1] == pytest.approx(np.array([2, 2, 1, 0]))
    assert energy_kwh[0] == pytest.approx(np.array([0, 0, 1, 1]))


def test_rule_keeps_groups_and_absorbs_a_surplus(problem, ev):
    group = {"id": "feeder", "session_ids": ["EV0", "EV1"], "max_kw": 6}
    asked = problem(sessions=[ev(soc_kwh=15), ev("EV1", soc_kwh=15)], groups=[group], production_kw=[6, 0, 0, 0])

    energy_kwh = plan_by_rule(read_inputs(asked, "cpo"))

    assert energy_kwh[:, 0].sum() == pytest.approx(1.5)
    assert energy_kwh[:, 1:].sum() == 0
