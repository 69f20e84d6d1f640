"""Scenario files: what is read, what is refused, and the hash that names them."""

from __future__ import annotations

import json
import math

import pytest

from twinev.errors import ScenarioError
from twinev.sct import Problem


def test_scenario_survives_writing_and_reading(problem, ev):
    group = {"id": "feeder", "session_ids": ["EV0"], "max_kw": 5}
    asked = problem(groups=[group], tie_break="latest", sessions=[ev(max_kw=[1, 2, 3, 4], profile="cheap")])

    again = Problem.from_dict(json.loads(json.dumps(asked.to_dict())))

    assert again == asked
    assert again.sha256 == asked.sha256
    assert again.groups[0].max_kw == (5, 5, 5, 5)


def test_omitted_lists_are_zeros_and_hash_alike(problem):
    assert problem().sha256 == problem(demand_kw=[0, 0.0, 0, 0], groups=[], tie_break="earliest").sha256


def test_hash_tells_scenarios_apart(problem):
    assert problem().sha256 != problem(demand_kw=[0, 0, 0, 1]).sha256


def test_number_of_slots_is_the_length_of_the_lists(scenario):
    data = scenario(price_eur_per_kwh=[1, 2, 3, 4])
    del data["slots"]

    assert Problem.from_dict(data).slots == 4


def test_first_slot_can_have_begun(problem):
    asked = problem(first_slot_minutes=6)

    assert asked.horizon.slot_hours == (0.1, 0.25, 0.25, 0.25)
    assert asked.horizon.slot_end(0).isoformat() == "2026-11-22T17:15:00+00:00"
    assert asked.to_dict()["first_slot_minutes"] == 6
    assert "first_slot_minutes" not in problem().to_dict()


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("demand_kw", {"demand_kw": [0, 0, 0]}),
        ("demand_kw[1]", {"demand_kw": [0, math.nan, 0, 0]}),
        ("demand_kw[0]", {"demand_kw": [-1, 0, 0, 0]}),
        ("production_kw[0]", {"production_kw": [-1, 0, 0, 0]}),
        ("price_eur_per_kwh[3]", {"price_eur_per_kwh": [0, 0, 0, "dear"]}),
        ("price_eur_per_kwh[3]", {"price_eur_per_kwh": [0, 0, 0, True]}),
        ("price_eur_per_kwh", {"price_eur_per_kwh": "0000"}),
        ("renewable_share[2]", {"renewable_share": [0, 0, 1.5, 0]}),
        ("supply_point.min_kw", {"supply_point": {"max_kw": 1, "min_kw": 1}}),
        ("supply_point.max_kw", {"supply_point": {"max_kw": -1, "min_kw": 0}}),
        ("supply_point.phase_max_kw", {"supply_point": {"max_kw": 1, "min_kw": 0, "phase_max_kw": [3, 3]}}),
        ("supply_point.phase_max_kw[1]", {"supply_point": {"max_kw": 1, "min_kw": 0, "phase_max_kw": [3, -3, 3]}}),
        ("supply_point.phase_max_kw", {"supply_point": {"max_kw": 1, "min_kw": 0, "phase_max_kw": -3}}),
        ("supply_point.min_kw", {"supply_point": {"max_kw": 1}}),
        ("slot_minutes", {"slot_minutes": 0}),
        ("slots", {"slots": 0}),
        ("slots", {"slots": 10**9}),
        ("first_slot_minutes", {"first_slot_minutes": 16}),
        ("start", {"start": "2026-11-22T18:00:00"}),
        ("start", {"start": "tomorrow"}),
        ("tie_break", {"tie_break": "random"}),
        ("colour", {"colour": "green"}),
        ("export_price_eur_per_kwh", {"export_price_eur_per_kwh": [0, 0, 0]}),
        ("demand_charge_eur_per_kw", {"demand_charge_eur_per_kw": -1}),
        ("price_eur_per_kwh[0]", {"price_eur_per_kwh": [10**400, 0, 0, 0]}),
        ("slots", {"slots": None}),
        ("opportunity_cost_eur_per_slot", {"opportunity_cost_eur_per_slot": -1}),
        ("sessions", {"sessions": {"id": "EV0"}}),
    ],
)
def test_scenario_with_a_fault_is_refused_by_its_key(scenario, key, changes):
    with pytest.raises(ScenarioError) as refused:
        Problem.from_dict(scenario(**changes))

    assert refused.value.key == key
    assert refused.value.allowed


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("soc_kwh", {"soc_kwh": 21}),
        ("soc_kwh", {"soc_kwh": -1}),
        ("capacity_kwh", {"capacity_kwh": -1}),
        ("evse_power_kw", {"evse_power_kw": math.inf}),
        ("evse_discharge_power_kw", {"evse_discharge_power_kw": -7}),
        ("target_soc", {"target_soc": 1.01}),
        ("target_slot", {"target_slot": 4}),
        ("target_slot", {"target_slot": 1.5}),
        ("target_slot", {"target_slot": 2, "departure_slot": 1}),
        ("departure_slot", {"departure_slot": 4}),
        ("departure_slot", {"arrival_slot": 3, "departure_slot": 2, "target_slot": 2}),
        ("arrival_slot", {"arrival_slot": 4}),
        ("previous_slots", {"previous_slots": -1}),
        ("profile", {"profile": "reckless"}),
        ("max_kw", {"max_kw": [1, 1, 1]}),
        ("max_kw[2]", {"max_kw": [1, 1, -1, 1]}),
        ("priority", {"priority": 1.5}),
        ("charge_efficiency", {"charge_efficiency": 0}),
        ("discharge_efficiency", {"discharge_efficiency": 1.1}),
        ("min_soc_kwh", {"min_soc_kwh": 21}),
        ("min_power_kw", {"min_power_kw": -1}),
        ("wear_eur_per_kwh", {"wear_eur_per_kwh": -1}),
        ("phases", {"phases": []}),
        ("phases", {"phases": ["L1", "L1"]}),
        ("phases[1]", {"phases": ["L1", "L4"]}),
        ("colour", {"colour": "green"}),
        ("id", {"id": ""}),
    ],
)
def test_session_with_a_fault_is_refused_by_its_place(scenario, ev, key, changes):
    with pytest.raises(ScenarioError) as refused:
        Problem.from_dict(scenario(sessions=[ev(), {**ev("EV1"), **changes}]))

    assert refused.value.key == f"sessions[1].{key}"


def test_missing_key_is_named(scenario):
    with pytest.raises(ScenarioError, match=r"sessions\[0\]\.capacity_kwh: .*missing"):
        Problem.from_dict(scenario(sessions=[{"id": "EV0"}]))


def test_two_sessions_of_one_id_are_refused(scenario, ev):
    with pytest.raises(ScenarioError, match=r"sessions\[1\]\.id"):
        Problem.from_dict(scenario(sessions=[ev(), ev()]))


@pytest.mark.parametrize("members", [["EV7"], ["EV0", "EV0"]])
def test_group_of_unknown_or_repeated_sessions_is_refused(scenario, members):
    group = {"id": "feeder", "session_ids": members, "max_kw": 5}

    with pytest.raises(ScenarioError, match=r"groups\[0\]\.session_ids"):
        Problem.from_dict(scenario(groups=[group]))


def test_group_below_zero_is_refused(scenario):
    group = {"id": "feeder", "session_ids": [], "max_kw": [1, 1, -1, 1]}

    with pytest.raises(ScenarioError, match=r"groups\[0\]\.max_kw\[2\]"):
        Problem.from_dict(scenario(groups=[group]))


@pytest.mark.parametrize("text", ["", "no JSON", "[" * 100_000, "[]"])
def test_file_that_is_no_scenario_is_refused(tmp_path, text):
    path = tmp_path / "scenario.json"
    path.write_text(text)

    with pytest.raises(ScenarioError):
        Problem.from_json(path)


def test_clock_times_are_those_of_the_site(problem):
    asked = problem()

    assert asked.clock_time(asked.horizon.slot_end(3)) == "19:00"
