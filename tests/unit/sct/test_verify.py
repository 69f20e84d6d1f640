"""The verifier finds every kind of broken plan, and knows none of the code that makes them."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from twinev.sct import optimise, verify
from twinev.sct import verify as verify_function


def set_slot(values, slot, value):
    return (*values[:slot], value, *values[slot + 1 :])


def with_session(schedule, **changes):
    return replace(schedule, sessions=(replace(schedule.sessions[0], **changes), *schedule.sessions[1:]))


def with_energy(schedule, slot, kwh):
    """Change one energy, and the state of charge, import and shortfall with it, so that only a limit can complain."""
    session = schedule.sessions[0]
    added = kwh - session.energy_kwh[slot]
    soc_kwh = tuple(soc + added * (t >= slot) for t, soc in enumerate(session.soc_kwh))
    supply = schedule.supply_point
    imported = set_slot(supply.imported_kwh, slot, supply.imported_kwh[slot] + added)
    changed = with_session(schedule, energy_kwh=set_slot(session.energy_kwh, slot, kwh), soc_kwh=soc_kwh)
    return replace(changed, supply_point=replace(supply, imported_kwh=imported))


def with_supply(schedule, **changes):
    return replace(schedule, supply_point=replace(schedule.supply_point, **changes))


MUTATIONS = {
    "the schedule answers this scenario": lambda s: replace(s, scenario_sha256="0" * 64),
    "the formulation is known": lambda s: replace(s, formulation="astrology"),
    "the tie-break is the scenario's": lambda s: replace(s, tie_break="latest"),
    "one plan per session, in order": lambda s: replace(s, sessions=s.sessions[::-1]),
    "one value per slot": lambda s: with_session(s, energy_kwh=s.sessions[0].energy_kwh[:-1]),
    "EVSE power": lambda s: with_energy(s, 0, 2.001),
    "EVSE discharge power": lambda s: with_energy(s, 2, -0.001),
    "battery not above its capacity": lambda s: with_energy(with_energy(s, 0, 9), 1, 9),
    "battery not below empty": lambda s: with_energy(s, 0, -11),
    "state of charge follows from the energy": lambda s: with_session(s, soc_kwh=set_slot(s.sessions[0].soc_kwh, 1, 9)),
    "target met or shortfall told, Eq. (19)": lambda s: with_session(s, shortfall_kwh=0.5),
    "reached_slot is the first with the target": lambda s: with_session(s, reached_slot=3),
    "group limit": lambda s: with_energy(s, 1, 2),
    "energy balance, Eq. (4)": lambda s: with_supply(s, imported_kwh=set_slot(s.supply_point.imported_kwh, 0, 5)),
    "import is not negative": lambda s: with_supply(
        s,
        imported_kwh=set_slot(s.supply_point.imported_kwh, 0, -1),
        exported_kwh=set_slot(s.supply_point.exported_kwh, 0, -1 - s.supply_point.imported_kwh[0]),
    ),
    "never import and export at once": lambda s: with_supply(
        s,
        imported_kwh=set_slot(s.supply_point.imported_kwh, 0, s.supply_point.imported_kwh[0] + 1),
        exported_kwh=set_slot(s.supply_point.exported_kwh, 0, 1),
    ),
    "excess over the supply limits is told": lambda s: with_energy(s, 3, 2),
    "status": lambda s: replace(s, status="infeasible"),
    "objective, Eq. (1)": lambda s: replace(s, objective=s.objective - 0.01),
    "the bound is not above the objective": lambda s: replace(s, bound=s.objective + 0.01),
    "gap": lambda s: replace(s, gap=0.5),
    "bound and gap come together": lambda s: replace(s, gap=None),
}


@pytest.fixture
def asked(problem, ev):
    group = {"id": "feeder", "session_ids": ["EV0", "EV1"], "max_kw": [20, 7, 20, 20]}
    return problem(
        sessions=[ev(target_slot=2), ev("EV1")],
        groups=[group],
        price_eur_per_kwh=[0.1, 0.2, 0.3, 0.4],
        demand_kw=[0, 0, 0, 19],
    )


@pytest.fixture
def schedule(asked):
    return optimise(asked)


def test_plan_as_made_holds(asked, schedule):
    assert verify(asked, schedule)
    assert str(verify(asked, schedule)) == "every rule holds"


@pytest.mark.parametrize("rule", MUTATIONS)
def test_broken_plan_is_caught_by_its_rule(asked, schedule, rule):
    verification = verify(asked, MUTATIONS[rule](schedule))

    assert not verification.holds
    assert rule in [broken.rule for broken in verification.broken]
    assert all(broken.where and broken.allowed for broken in verification.broken)


def test_energy_outside_the_stay_is_caught(problem, ev):
    asked = problem(sessions=[ev(arrival_slot=1, departure_slot=2, target_slot=2, target_soc=0.6)])

    verification = verify(asked, with_energy(optimise(asked), 0, 0.1))

    assert "EVSE power" in [broken.rule for broken in verification.broken]


def test_energy_above_the_sessions_own_cap_is_caught(problem, ev):
    asked = problem(sessions=[ev(max_kw=[8, 8, 8, 2])])

    verification = verify(asked, with_energy(optimise(asked), 3, 1.0))

    assert "EVSE power" in [broken.rule for broken in verification.broken]


def test_excess_that_is_hidden_is_caught(problem):
    asked = problem(demand_kw=[24, 0, 0, 0])
    honest = optimise(asked)

    hidden = with_supply(replace(honest, status="optimal"), limit_excess_kwh=(0, 0, 0, 0))

    assert verify(asked, honest).holds
    assert not verify(asked, hidden).holds


def test_same_plan_can_hold_in_one_formulation_and_not_in_the_other(problem, ev):
    asked = problem(flexibility_kw=[-20, 0, 0, 0], sessions=[ev(target_slot=3)])
    as_cpo = optimise(asked, formulation="cpo")

    assert verify(asked, as_cpo).holds
    assert not verify(asked, replace(as_cpo, formulation="grid")).holds


def test_tolerance_is_a_millionth_of_a_kwh(asked, schedule):
    energy_kwh = schedule.sessions[0].energy_kwh[0]

    assert verify(asked, with_energy(schedule, 0, energy_kwh + 5e-7)).holds
    assert not verify(asked, with_energy(schedule, 0, 2 + 2e-6)).holds


def test_verifier_imports_no_code_that_makes_plans():
    module = sys.modules[verify_function.__module__]
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported <= {"__future__", "dataclasses", "twinev.sct.problem", "twinev.sct.schedule"}


def test_importing_and_verifying_load_neither_cvxpy_nor_pandas(tmp_path, asked, schedule):
    schedule.to_json(tmp_path / "schedule.json")
    (tmp_path / "scenario.json").write_text(__import__("json").dumps(asked.to_dict()))
    program = (
        "import sys; from twinev.sct import Problem, Schedule, verify\n"
        "problem = Problem.from_json('scenario.json')\n"
        "assert verify(problem, Schedule.from_json('schedule.json')).holds\n"
        "assert not {'cvxpy', 'pandas', 'altair', 'scipy'} & set(sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
