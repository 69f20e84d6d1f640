"""A file that cannot be used is refused by its first fault, told in the schema's words; size costs little."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hand_made_plan import plan_of

from twinev.domain.vehicles import DriverProfile
from twinev.errors import BadInput, ScenarioError
from twinev.sct import Problem, Schedule
from twinev.sct.schemas import read_schema
from twinev.sct.schemas.words import allowed_words


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"slot_minutes": 0}, "slot_minutes: 0 is not usable; allowed: a number from 0.1 to 1440"),
        ({"slots": 1.5}, "slots: 1.5 is not usable; allowed: a whole number, 1 to 100000"),
        ({"demand_kw": [0, -1, 0, 0]}, "demand_kw[1]: -1 is not usable; allowed: a number of at least 0"),
        ({"flexibility_kw": [0, "x", 0, 0]}, "flexibility_kw[1]: 'x' is not usable; allowed: a finite number"),
        ({"flexibility_kw": 1}, "flexibility_kw: 1 is not usable; allowed: a list"),
        ({"tie_break": "random"}, "tie_break: 'random' is not usable; allowed: earliest, latest"),
        ({"sessions": [1]}, "sessions[0]: 1 is not usable; allowed: a JSON object"),
        ({"start": 5}, "start: 5 is not usable; allowed: a date and time with a UTC offset, such as"),
        ({"sessions": [{"id": " "}]}, "sessions[0].id: ' ' is not usable; allowed: text of 1 to 255 characters"),
        (
            {"supply_point": {"max_kw": 1}},
            "supply_point.min_kw: nothing (the key is missing) is not usable; allowed: the",
        ),
        (
            {"supply_point": {"kw": 1}},
            "supply_point.kw: 1 is not usable; allowed: only the keys max_kw, min_kw, phase_max_kw",
        ),
        (
            {"supply_point": {"max_kw": 1, "min_kw": 0, "phase_max_kw": [1]}},
            "supply_point.phase_max_kw: [1] is not usable; allowed: a number of at least 0, or a list of 3, or null",
        ),
    ],
)
def test_fault_is_told_in_the_schemas_words(scenario, changes, told):
    with pytest.raises(ScenarioError) as refused:
        Problem.from_dict(scenario(**changes))

    assert str(refused.value).startswith(told)


def test_phases_are_told_by_name(scenario, ev):
    with pytest.raises(ScenarioError, match="a list of 1 to 3 of L1, L2, L3, each once"):
        Problem.from_dict(scenario(sessions=[ev(phases=["L1", "L1"])]))


def test_first_fault_of_the_file_is_told(scenario, ev):
    faulty = {"tie_break": "x", **scenario(sessions=[ev(target_soc=2)]), "colour": "green"}

    told = []
    for repaired in ({}, {"tie_break": "latest"}, {"tie_break": "latest", "sessions": [ev()]}):
        with pytest.raises(ScenarioError) as refused:
            Problem.from_dict({**faulty, **repaired})
        told.append(refused.value.key)

    assert told == ["tie_break", "sessions[0].target_soc", "colour"]


def test_fault_is_told_as_its_file_tells_faults(problem):
    plan = plan_of(problem(), [[2, 2, 1, 0]]).to_dict()

    with pytest.raises(
        BadInput, match="status: 'perfect' is not usable; allowed: optimal, feasible, infeasible"
    ) as told:
        Schedule.from_dict({**plan, "status": "perfect"})

    assert type(told.value) is BadInput


@pytest.mark.parametrize("data", [None, 5, "scenario", [], [{}]])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(ScenarioError, match=r"scenario: .*a JSON object"):
        Problem.from_dict(data)


def test_every_part_of_the_schemas_has_words():
    def parts(schema):
        for part in (*schema.get("properties", {}).values(), schema.get("items", {})):
            if part:
                yield part
                yield from parts(part)

    assert all(allowed_words(part) for name in ("scenario", "schedule") for part in parts(read_schema(name)))


def test_values_that_json_would_write_are_accepted(scenario, ev):
    start = datetime(2026, 11, 22, 17, tzinfo=UTC)
    sessions = ({**ev(), "soc_kwh": np.float64(10), "profile": DriverProfile.CHEAP},)
    asked = Problem.from_dict(scenario(start=start, price_eur_per_kwh=tuple(np.arange(4.0)), sessions=sessions))

    assert asked.price_eur_per_kwh == (0, 1, 2, 3)
    assert asked.horizon.start == start
    assert type(asked.sessions[0].soc_kwh) is float


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("demand_kw[1]", [0, np.int64(3), 0, 0]),
        ("demand_kw", {0, 1}),
        ("demand_kw", np.zeros(4)),
        ("demand_kw[0]", [[[[0]]]]),
        ("demand_kw[2]", [0, 0, float("nan"), 0]),
        ("demand_kw[3]", [0, 0, 0, 10**400]),
        ("tie_break", "\ud800"),
    ],
)
def test_values_that_json_has_not_are_refused_by_their_place(scenario, key, value):
    with pytest.raises(ScenarioError) as refused:
        Problem.from_dict(scenario(**{key.partition("[")[0]: value}))

    assert refused.value.key == key


def test_key_that_is_no_text_is_refused(scenario):
    with pytest.raises(ScenarioError, match=r"^5: "):
        Problem.from_dict({**scenario(), 5: 5})


def test_value_that_holds_itself_is_refused(scenario):
    endless = []
    endless.append(endless)

    with pytest.raises(ScenarioError, match="demand_kw"):
        Problem.from_dict(scenario(demand_kw=endless))


def test_large_list_of_faults_is_refused_by_its_first(scenario):
    with pytest.raises(ScenarioError, match=r"demand_kw\[0\]"):
        Problem.from_dict(scenario(demand_kw=["dear"] * 500_000))
