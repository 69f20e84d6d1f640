"""Plans made again and compared, by the real solver."""

import asyncio
from dataclasses import replace

import pytest

from twinev.domain.plan import StoredPlan
from twinev.sct import Problem, optimise
from twinev.services.compare_plans import compare_plans
from twinev.services.reproduce_plan import reproduce_plan

SCENARIO = {
    "slot_minutes": 15,
    "start": "2026-11-22T18:00:00+01:00",
    "slots": 8,
    "price_eur_per_kwh": [0.4, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1],
    "supply_point": {"max_kw": 10, "min_kw": -10},
    "sessions": [
        {"id": "EV0", "capacity_kwh": 60, "soc_kwh": 50, "evse_power_kw": 7.7, "target_soc": 0.9, "target_slot": 7},
        {"id": "EV1", "capacity_kwh": 60, "soc_kwh": 50, "evse_power_kw": 7.7, "target_soc": 0.9, "target_slot": 5},
    ],
}


class SolveHere:
    """The planner without another process."""

    async def plan(self, problem, *, formulation, profile, solver, gap, time_limit_seconds):
        return optimise(problem, formulation, profile, solver, gap, time_limit_seconds)


def stored(changes: dict | None = None, *, plan_id: str = "p", formulation: str = "cpo") -> StoredPlan:
    problem = Problem.from_dict(SCENARIO | (changes or {}))
    schedule = optimise(problem, formulation)
    return StoredPlan(
        id=plan_id, site_id=None, made_at=problem.horizon.start, trigger="api", formulation=formulation,
        scenario=problem.to_dict(), schedule=schedule.to_dict(), solver="auto", gap=1e-4, time_limit_seconds=60.0,
    )  # fmt: skip


def kept(database, plan: StoredPlan) -> StoredPlan:
    with database.unit_of_work() as work:
        work.plans.add(plan)
        work.commit()
    return plan


@pytest.mark.parametrize("formulation", ["cpo", "v2g", "grid", "tradeoff"])
def test_plan_comes_out_the_same_from_what_is_stored(database, formulation):
    plan = kept(database, stored(formulation=formulation))
    with database.reading() as work:
        plan = work.plans.get(plan.id)

    again = asyncio.run(reproduce_plan(plan, planner=SolveHere()))

    assert (again.same, again.differs, again.repeatable) == (True, (), True)
    assert again.schedule["sessions"] == plan.schedule["sessions"]


def test_schedule_that_was_changed_is_told_by_its_key():
    plan = stored()
    plan = replace(plan, schedule=plan.schedule | {"objective": 99.0, "solve_seconds": 0.0})

    again = asyncio.run(reproduce_plan(plan, planner=SolveHere()))

    assert (again.same, again.differs) == (False, ("objective",))


def test_plan_is_made_again_over_rest(api, planner):
    plan_id = api.post("/plans", json=SCENARIO).json()["id"]

    answer = api.post(f"/plans/{plan_id}/reproductions")

    assert (answer.status_code, answer.json()["same"]) == (200, True)
    assert planner.asked[0] == planner.asked[1]


def test_plan_without_what_was_asked_cannot_be_made_again(api, database):
    kept(database, replace(stored(), solver=None))

    assert api.post("/plans/p/reproductions").status_code == 409


@pytest.mark.parametrize(("role", "status"), [("driver", 403), ("grid_operator", 404), (None, 401)])
def test_only_staff_check_plans(api, role, status):
    assert api.post("/plans/none/reproductions", role=role).status_code == status
    assert api.get("/plans/compare", params={"a": "x", "b": "y"}, role=role).status_code == status


def test_comparison_shows_what_a_limit_costs():
    tight = {"supply_point": {"max_kw": 3, "min_kw": 0}}
    found = compare_plans(stored(), stored(tight))

    assert found.same_scenario is False
    assert found.a.cost_eur == pytest.approx(stored().schedule["objective"])
    assert (found.a.shortfall_kwh, found.b.shortfall_kwh) == (0.0, pytest.approx(8 - 6))
    assert found.b.peak_kw == pytest.approx(3)
    assert found.b.cost_eur > 0
    assert sum(pair.b.short_kwh for pair in found.sessions) == pytest.approx(found.b.shortfall_kwh)


def test_comparison_over_rest_names_sessions_of_one_plan_alone(api, database):
    kept(database, stored(plan_id="a"))
    kept(database, stored({"sessions": SCENARIO["sessions"][1:]}, plan_id="b"))

    found = api.get("/plans/compare", params={"a": "a", "b": "b"}).json()

    assert [(pair["id"], pair["b"] is None) for pair in found["sessions"]] == [("EV0", True), ("EV1", False)]
    assert found["sessions"][0]["energy_difference_kwh"] is None
    assert found["sessions"][1]["energy_difference_kwh"] == pytest.approx(0, abs=1e-6)
    assert found["a"]["charged_kwh"] == pytest.approx(8)
    assert found["b"]["charged_kwh"] == pytest.approx(4)
