"""Schedule files, and how a schedule draws itself."""

from __future__ import annotations

import json

import pytest
from hand_made_plan import plan_of

from twinev.errors import BadInput
from twinev.sct import Schedule, Stage
from twinev.sct.frames import session_frame, supply_point_frame


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


def test_schedule_draws_four_panels_with_named_axes(schedule):
    bundle = schedule._repr_mimebundle_()

    chart = bundle["application/vnd.vegalite.v5+json"]
    titles = [panel["layer"][0]["encoding"]["y"]["title"] for panel in chart["concat"]]
    assert titles == ["Power [kW]", "Power [kW]", "Power [kW]", "State of charge [%]"]
    assert all(panel["layer"][0]["encoding"]["x"]["title"] == "Clock time" for panel in chart["concat"])
    assert "optimal plan for 2 sessions" in bundle["text/plain"]


def test_chart_tells_powers_and_site_times(problem, ev):
    asked = problem(first_slot_minutes=6, sessions=[ev(target_soc=0.54)])

    chart = plan_of(asked, [[0.8, 0, 0, 0]])._repr_mimebundle_()["application/vnd.vegalite.v5+json"]

    rows = [row for row in chart["concat"][2]["data"]["values"] if row["session"] == "EV0"]
    assert rows[0] == {"start": "2026-11-22T18:09:00", "session": "EV0", "power_kw": 8.0}
    assert rows[-1]["start"] == "2026-11-22T19:00:00"


def test_schedule_read_without_its_problem_shows_text_only(schedule):
    again = Schedule.from_dict(schedule.to_dict())

    assert list(again._repr_mimebundle_()) == ["text/plain"]


def test_frames_have_one_row_per_session_and_slot(asked, schedule):
    sessions, supply = session_frame(asked, schedule), supply_point_frame(asked, schedule)

    assert len(sessions) == 8
    assert sessions.query("session == 'EV0'")["energy_kwh"].sum() == pytest.approx(5)
    assert supply["imported_kwh"].sum() == pytest.approx(sessions["energy_kwh"].sum())
    assert str(sessions["start"].dt.tz) == "UTC"


def test_frame_of_no_sessions_is_empty(problem):
    asked = problem(sessions=[])

    assert session_frame(asked, plan_of(asked, [])).empty
