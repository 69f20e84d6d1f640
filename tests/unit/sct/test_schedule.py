"""Schedule files."""

from __future__ import annotations

import json

import pytest
from hand_made_plan import plan_of

from twinev.errors import BadInput
from twinev.sct import Schedule, Stage


@pytest.fixture
def asked(problem, ev):
    return problem(sessions=[ev(), ev("EV1", target_soc=1.0)], price_eur_per_kwh=[0.1, 0.2, 0.3, 0.4])


@pytest.fixture
def schedule(asked):
    stage = Stage(name="shortfall", value=2.0, bound=None)
    return plan_of(asked, [[2, 2, 1, 0], [2, 2, 2, 2]], stages=(stage,), explanations=("EV1 is short.",))


def test_schedule_survives_its_file(tmp_path, schedule):
    schedule.to_json(tmp_path / "schedule.json")
    again = Schedule.from_json(tmp_path / "schedule.json")

    assert again == schedule
    assert again.to_dict() == schedule.to_dict()


def test_schedule_file_has_the_published_keys(asked, schedule):
    data = json.loads(json.dumps(schedule.to_dict()))

    assert list(data) == [
        "format",
        "scenario_sha256",
        "formulation",
        "profile",
        "tie_break",
        "status",
        "objective",
        "bound",
        "gap",
        "solver",
        "method",
        "solve_seconds",
        "sessions",
        "supply_point",
        "stages",
        "explanations",
    ]
    assert list(data["sessions"][0]) == ["id", "energy_kwh", "soc_kwh", "reached_slot", "shortfall_kwh"]
    assert list(data["supply_point"]) == ["imported_kwh", "exported_kwh", "limit_excess_kwh"]
    assert data["scenario_sha256"] == asked.sha256


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("status", "perfect"),
        ("objective", "cheap"),
        ("gap", float("inf")),
        ("bound", float("nan")),
        ("objective", 10**400),
        ("scenario_sha256", "abc"),
        ("formulation", "astrology"),
        ("explanations", [""]),
        ("stages", [{"name": "cost", "value": 1, "bound": float("nan")}]),
        ("sessions", [{"id": "EV0"}]),
        ("profile", "reckless"),
        ("colour", "green"),
    ],
)
def test_schedule_with_a_fault_is_refused_by_its_key(schedule, key, value):
    data = {**schedule.to_dict(), key: value}

    with pytest.raises(BadInput) as refused:
        Schedule.from_dict(data)

    assert refused.value.key.startswith(key)


def test_session_is_found_by_its_id(schedule):
    assert schedule.session("EV1").shortfall_kwh == pytest.approx(2)
    with pytest.raises(BadInput, match="EV0, EV1"):
        schedule.session("EV2")
