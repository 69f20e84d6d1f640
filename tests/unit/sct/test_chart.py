"""The four panels: what they show, for few sessions and for many, and that Vega-Lite understands them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from twinev.errors import BadInput
from twinev.sct.chart import SCHEMA, chart_spec, request_spec
from twinev.sct.draw import draw, draw_svg
from twinev.sct.figure import figure

AXES = {"Power [kW]", "Power, stacked [kW]", "State of charge [%]", "Price [€/kWh]", "Session"}


@pytest.fixture
def car_park(problem, ev, plan):
    """Sessions that arrive in turn; the last one goes short."""

    def make(n_sessions, **changes):
        sessions = [ev(f"EV{n}", arrival_slot=n % 3, departure_slot=3) for n in range(n_sessions)]
        asked = problem(sessions=sessions, supply_point={"max_kw": 8 * n_sessions, "min_kw": 0}, **changes)
        energy = [[0.0] * asked.sessions[n].arrival_slot + [2.0] * (4 - n % 3) for n in range(n_sessions)]
        energy[-1] = [0.0, 0.0, 0.0, 1.0]
        return asked, plan(asked, energy)

    return make


def _layers(node):
    for layer in node.get("layer", [node]):
        if "layer" in layer:
            yield from _layers(layer)
        else:
            yield layer


def _titles(spec):
    return [panel["title"]["text"] for panel in spec["concat"]]


@pytest.mark.parametrize("n_sessions", [1, 3, 10, 11, 60, 450])
def test_chart_has_four_panels_with_units_whatever_the_number_of_sessions(car_park, n_sessions):
    asked, planned = car_park(n_sessions, price_eur_per_kwh=[0.1, 0.2, 0.3, 0.4])

    spec = chart_spec(asked, planned)

    assert len(spec["concat"]) == 4
    for panel in spec["concat"]:
        for layer in _layers(panel):
            assert layer["encoding"]["x"]["axis"]["title"] == "Clock time from 2026-11-22 (UTC+01:00)"
            assert layer["encoding"]["y"]["axis"]["title"] in AXES
    assert "role-mark" in draw_svg(spec)
    assert figure(asked, planned).to_dict()["$schema"].startswith(SCHEMA.removesuffix(".json"))


def test_chart_of_many_sessions_stays_small(car_park):
    few, many = (len(json.dumps(chart_spec(*car_park(n)))) for n in (300, 3000))

    assert many < 3 * few


def test_chart_names_the_verdict_and_the_first_explanations(problem, ev, plan):
    asked = problem(sessions=[ev()])
    planned = plan(asked, [[1, 1, 1, 1]], explanations=tuple(f"Reason {n}" for n in range(9)))

    title = chart_spec(asked, planned)["title"]

    assert title["text"] == "cpo: ⚠ 1.0 kWh short for 1 of 1 session, € 12.00, proven within 0.01 %"
    assert title["subtitle"] == ["Reason 0", "Reason 1", "Reason 2", "Reason 3", "… and 5 more explanations"]


def test_chart_tells_powers_and_site_times(problem, ev, plan):
    asked = problem(first_slot_minutes=6, sessions=[ev(target_soc=0.54)])

    spec = chart_spec(asked, plan(asked, [[0.8, 0, 0, 0]]))

    rows = next(_layers(spec["concat"][2]))["data"]["values"]
    assert rows[0] == {"start": "2026-11-22T18:09:00Z", "session": "EV0", "kw": 8.0, "order": 0}
    assert rows[-1]["start"] == "2026-11-22T19:00:00Z"


def test_price_is_drawn_where_it_is_not_flat(car_park):
    flat, varied = car_park(3, price_eur_per_kwh=[0.2] * 4), car_park(3, price_eur_per_kwh=[0.1, 0.2, 0.2, 0.2])

    assert "€/kWh" not in json.dumps(chart_spec(*flat), ensure_ascii=False)
    assert "Price [€/kWh]" in json.dumps(chart_spec(*varied), ensure_ascii=False)


@pytest.mark.parametrize(
    ("formulation", "limits"), [("cpo", {10}), ("v2g", {10}), ("grid", {10, 4}), ("tradeoff", {10, 4})]
)
def test_limit_follows_the_orders_that_the_formulation_counts(problem, ev, plan, formulation, limits):
    asked = problem(sessions=[ev()], flexibility_kw=[0, 0, -6, -6], supply_point={"max_kw": 10, "min_kw": -50})

    supply = chart_spec(asked, plan(asked, [[2, 2, 1, 0]], formulation=formulation))["concat"][1]

    rows = [row for layer in _layers(supply) for row in layer["data"]["values"] if row["quantity"] == "limit"]
    assert {row["kw"] for row in rows} == limits
    assert supply["title"]["subtitle"] == "export limit 50 kW is off the chart"


def test_excess_over_a_limit_is_shaded(problem, ev, plan):
    asked = problem(sessions=[ev()], demand_kw=[24, 0, 0, 0])

    supply = chart_spec(asked, plan(asked, [[0, 2, 2, 1]], status="infeasible"))["concat"][1]

    rows = [row for layer in _layers(supply) for row in layer["data"]["values"]]
    beyond = [row for row in rows if row["quantity"] == "beyond the limit"]
    assert [(row["start"], row["kw"], row["to_kw"]) for row in beyond] == [("2026-11-22T18:00:00Z", 20.0, 24.0)]


def test_groups_and_phases_have_panels_where_they_have_limits(problem, ev, plan):
    asked = problem(
        sessions=[ev(), ev("EV1", phases=["L1"])],
        groups=[{"id": f"G{n}", "session_ids": ["EV0"], "max_kw": 8 + n} for n in range(6)],
        supply_point={"max_kw": 20, "min_kw": 0, "phase_max_kw": 9},
    )

    spec = chart_spec(asked, plan(asked, [[2, 2, 1, 0], [1.5, 1.5, 1.5, 0.5]]))

    assert _titles(spec)[4:] == ["Groups under a limit of their own", "Power through each phase"]
    assert spec["concat"][4]["title"]["subtitle"] == "broad line: the limit; the 4 tightest of 6"
    first = [row["kw"] for row in next(_layers(spec["concat"][5]))["data"]["values"]]
    assert first[0] == pytest.approx(8 / 3 + 6, abs=1e-4)
    figure(asked, plan(asked, [[2, 2, 1, 0], [2, 2, 1, 0]]))


def test_energy_given_back_is_below_zero(problem, ev, plan):
    asked = problem(sessions=[ev(evse_discharge_power_kw=8)])

    spec = chart_spec(asked, plan(asked, [[-2, 2, 2, 2]], formulation="v2g"))

    site = next(_layers(spec["concat"][0]))["data"]["values"]
    assert next(row["kw"] for row in site if row["quantity"] == "EVs give back") == -8


def test_missed_targets_are_marked(car_park):
    asked, planned = car_park(3)

    marks = [row for layer in _layers(chart_spec(asked, planned)["concat"][3]) for row in layer["data"]["values"]]

    assert {row["session"]: row["missed"] for row in marks if "missed" in row} == {
        "EV0": False,
        "EV1": False,
        "EV2": True,
    }


@pytest.mark.parametrize("n_sessions", [0, 3, 500])
def test_problem_is_drawn_without_a_plan(problem, ev, n_sessions):
    asked = problem(sessions=[ev(f"EV{n}") for n in range(n_sessions)], flexibility_kw=[0, -6, 0, 0])

    assert _titles(request_spec(asked)) == ["Power of the site", "Stays, in order of arrival"]
    assert "<svg" in draw_svg(request_spec(asked))


def test_session_ids_are_text_in_the_picture(problem, ev, plan):
    asked = problem(sessions=[ev("<script>alert('1')</script>"), *(ev(f"'\\{n}") for n in range(14))])

    svg = draw_svg(chart_spec(asked, plan(asked, [[2, 2, 1, 0]] * 15)))

    assert "<script" not in svg


def test_empty_site_is_drawn(problem, plan):
    asked = problem(sessions=[])

    assert "<svg" in draw_svg(chart_spec(asked, plan(asked, [])))


def test_picture_with_another_suffix_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"\.svg, \.png, \.html"):
        draw({}, tmp_path / "chart.jpeg")


def test_importing_the_tool_loads_nothing_slow():
    code = "import sys, twinev.sct; print(sorted({'altair', 'pandas', 'cvxpy', 'IPython', 'rich'} & set(sys.modules)))"

    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert outcome.stdout.strip() == "[]"
