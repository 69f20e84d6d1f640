"""The verifier finds every claim that is not true of a plan, and knows none of the code that makes plans."""

from __future__ import annotations

import ast
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hand_made_plan import plan_of, rules, set_slot, with_session, with_supply

from twinev.sct import Problem, Stage, verify
from twinev.sct import verify as verify_function

RIGHT = [2, 2, 1, 0]

CLAIMS = {
    "the schedule answers this scenario": ("scenario_sha256", lambda s: replace(s, scenario_sha256="0" * 64)),
    "the formulation is known": ("formulation", lambda s: replace(s, formulation="astrology")),
    "the tie-break is the scenario's": ("tie_break", lambda s: replace(s, tie_break="latest")),
    "one plan per session, in order": ("sessions[0]", lambda s: replace(s, sessions=s.sessions[::-1])),
    "one value per slot": ("session EV0, energy_kwh", lambda s: with_session(s, energy_kwh=(2, 2, 1))),
    "state of charge follows from the energy": (
        "session EV0, slot 1",
        lambda s: with_session(s, soc_kwh=set_slot(s.sessions[0].soc_kwh, 1, 9)),
    ),
    "target met or shortfall told, Eq. (19)": ("session EV0", lambda s: with_session(s, shortfall_kwh=0.5)),
    "no shortfall without need": (
        "session EV1",
        lambda s: replace(s, sessions=(s.sessions[0], replace(s.sessions[1], shortfall_kwh=8e-7))),
    ),
    "reached_slot is the first with the target": ("session EV0", lambda s: with_session(s, reached_slot=3)),
    "energy balance, Eq. (4)": (
        "supply point, slot 3",
        lambda s: with_supply(s, imported_kwh=set_slot(s.supply_point.imported_kwh, 3, 5)),
    ),
    "import is not negative": (
        "supply point, slot 3",
        lambda s: with_supply(s, imported_kwh=(*s.supply_point.imported_kwh[:3], -1), exported_kwh=(0, 0, 0, -1)),
    ),
    "export is not negative": (
        "supply point, slot 0",
        lambda s: with_supply(s, imported_kwh=(2, *s.supply_point.imported_kwh[1:]), exported_kwh=(-1, 0, 0, 0)),
    ),
    "never import and export at once": (
        "supply point, slot 3",
        lambda s: with_supply(s, imported_kwh=(*s.supply_point.imported_kwh[:3], 1), exported_kwh=(0, 0, 0, 1)),
    ),
    "excess over the limits is told": ("slot 2", lambda s: with_supply(s, limit_excess_kwh=(0, 0, 2e-6, 0))),
    "status": ("status", lambda s: replace(s, status="infeasible")),
    "objective, Eq. (1)": ("objective", lambda s: replace(s, objective=s.objective + 0.01)),
    "the bound is not above the objective": ("bound", lambda s: replace(s, bound=s.objective + 0.01)),
    "gap": ("gap", lambda s: replace(s, gap=0.5)),
    "bound and gap come together": ("gap", lambda s: replace(s, gap=None)),
    "no bound above its stage": (
        "stages[1] fair share",
        lambda s: replace(s, stages=(STAGE, replace(STAGE, name="fair share", bound=1.1))),
    ),
    "a stage reaches a number": ("stages[0] cost", lambda s: replace(s, stages=(replace(STAGE, value=math.nan),))),
}
STAGE = Stage(name="cost", value=1.0, bound=1.0)


@pytest.fixture
def asked(problem, ev):
    return problem(sessions=[ev(), ev("EV1", target_soc=0.4)], price_eur_per_kwh=[0.1, 0.2, 0.3, 0.4])


@pytest.fixture
def schedule(asked):
    return plan_of(asked, [RIGHT, [1, 1, 0, 0]], stages=(STAGE,))


def test_plan_that_is_right_holds(asked, schedule):
    assert verify(asked, schedule)
    assert str(verify(asked, schedule)) == "every rule holds"
    assert schedule.objective == pytest.approx(0.3 + 0.6 + 0.3)


@pytest.mark.parametrize("rule", CLAIMS)
def test_claim_that_is_not_true_is_caught_by_its_rule(asked, schedule, rule):
    where, break_it = CLAIMS[rule]

    verification = verify(asked, break_it(schedule))

    broken = {found.rule: found for found in verification.broken}
    assert not verification.holds
    assert rule in broken
    assert where in broken[rule].where
    assert broken[rule].found
    assert broken[rule].allowed


@pytest.mark.parametrize("value", [-1, 4, 10**9])
def test_reached_slot_outside_the_horizon_is_caught(problem, ev, value):
    asked = problem(sessions=[ev(target_soc=1.0)])

    verification = verify(asked, with_session(plan_of(asked, [[2, 2, 0, 0]]), reached_slot=value))

    assert rules(verification) == ["reached_slot is the first with the target"]
    assert verification.broken[0].allowed == "none"


def test_plan_that_is_missing_or_too_many_is_named(asked, schedule):
    missing = verify(asked, replace(schedule, sessions=schedule.sessions[:1])).broken[0]
    too_many = verify(asked, replace(schedule, sessions=schedule.sessions * 2)).broken[0]

    assert str(missing) == "one plan per session, in order, sessions[1]: no plan; allowed: EV1"
    assert str(too_many) == "one plan per session, in order, sessions[2]: EV0; allowed: no further plan"


@pytest.mark.parametrize("name", ["imported_kwh", "exported_kwh", "limit_excess_kwh"])
def test_series_of_the_supply_point_that_is_too_short_is_named(asked, schedule, name):
    (broken,) = verify(asked, with_supply(schedule, **{name: (0.0,)})).broken

    assert str(broken) == f"one value per slot, supply_point.{name}: 1; allowed: 4"


def test_stage_whose_bound_was_not_proven_holds(asked, schedule):
    assert verify(asked, replace(schedule, stages=(replace(STAGE, bound=None), replace(STAGE, bound=-5))))


def test_every_place_of_a_rule_is_counted_in_one_line(asked):
    verification = verify(asked, plan_of(asked, [[3, 2, 0, 0], [2.5, 2.5, 0, 0]]))

    (broken,) = verification.broken
    assert str(broken) == "EVSE power, session EV0, slot 0 (and 2 more): 3 kWh; allowed: at most 2 kWh"


@pytest.mark.parametrize("name", ["energy_kwh", "soc_kwh"])
def test_plan_that_is_no_number_is_caught(asked, schedule, name):
    values = set_slot(getattr(schedule.sessions[0], name), 1, math.nan)

    assert not verify(asked, with_session(schedule, **{name: values})).holds


def test_negative_shortfall_is_caught(problem):
    asked = problem()

    assert rules(verify(asked, with_session(plan_of(asked, [RIGHT]), shortfall_kwh=-5e-7))) == [
        "no shortfall without need"
    ]


@pytest.mark.parametrize("formulation", ["cpo", "v2g", "grid", "tradeoff"])
def test_site_without_sessions_is_verified(problem, formulation):
    supply_point = {"max_kw": 20, "min_kw": 0, "phase_max_kw": 5}
    asked = problem(sessions=[], demand_kw=[12, 18, 0, 0], supply_point=supply_point)
    plan = plan_of(asked, [], formulation)

    assert plan.supply_point.limit_excess_kwh == (0, pytest.approx(0.75), 0, 0)
    assert verify(asked, plan).holds


def test_large_site_is_verified(scenario, ev):
    slots, many = 96, 1000
    group = {"id": "all", "session_ids": [f"EV{n}" for n in range(many)], "max_kw": 1e5}
    supply_point = {"max_kw": 1e5, "min_kw": 0, "phase_max_kw": 1e5}
    sessions = [ev(f"EV{n}", max_kw=8, target_slot=95, evse_discharge_power_kw=8) for n in range(many)]
    asked = Problem.from_dict(scenario(slots=slots, sessions=sessions, groups=[group], supply_point=supply_point))
    plan = plan_of(asked, [[2, 2, 1] + [0] * (slots - 3)] * many, "tradeoff")

    assert verify(asked, plan).holds


def test_verifier_imports_no_code_that_makes_plans():
    package = Path(sys.modules[verify_function.__module__].__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in package.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}

    ours = {name for name in imported if name.startswith("twinev") and not name.startswith("twinev.sct.verify.")}
    assert len(trees) > 1
    assert ours == {"twinev.sct.problem", "twinev.sct.schedule"}
    assert imported - ours <= {"__future__", "collections.abc", "dataclasses", "itertools", "numpy"} | {
        f"twinev.sct.verify.{path.stem}" for path in package.glob("*.py")
    }


def test_importing_and_verifying_load_neither_cvxpy_nor_pandas(tmp_path, asked, schedule):
    schedule.to_json(tmp_path / "schedule.json")
    (tmp_path / "scenario.json").write_text(json.dumps(asked.to_dict()))
    program = (
        "import sys; from twinev.sct import Problem, Schedule, verify\n"
        "problem = Problem.from_json('scenario.json')\n"
        "assert verify(problem, Schedule.from_json('schedule.json')).holds\n"
        "assert not {'cvxpy', 'pandas', 'altair', 'scipy'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
