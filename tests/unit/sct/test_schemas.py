"""The published schemas: what they say of every key, and that documentation and code agree with them."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from pathlib import Path

import jsonschema_rs
import pytest
from hand_made_plan import plan_of

from twinev.domain.vehicles import DriverProfile
from twinev.errors import ScenarioError
from twinev.sct import (
    Problem,
    Schedule,
    SessionGroup,
    SessionRequest,
    SessionSchedule,
    Stage,
    SupplyPoint,
    SupplyPointSchedule,
    verify,
)
from twinev.sct.problem import TIE_BREAKS
from twinev.sct.schedule import STATUSES
from twinev.sct.schemas import check, read_schema
from twinev.sct.session_request import PHASES
from twinev.sct.verify.facts import COUNTED

ROOT = Path(__file__).parents[3]
FILES = ("scenario", "schedule")
SCENARIO, SCHEDULE = (read_schema(name)["properties"] for name in FILES)
SESSION, GROUP = SCENARIO["sessions"]["items"], SCENARIO["groups"]["items"]


def objects(schema):
    """The schema and every object within it."""
    found = [schema] if "properties" in schema else []
    for part in (*schema.get("properties", {}).values(), schema.get("items", {})):
        found += objects(part) if part else []
    return found


def keys(name):
    """Every key of a file with its part of the schema; some stand in two objects."""
    return [pair for found in objects(read_schema(name)) for pair in found["properties"].items()]


@pytest.mark.parametrize("name", FILES)
def test_schema_is_one_of_the_draft_it_names(name):
    schema = read_schema(name)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(schema)


@pytest.mark.parametrize("name", FILES)
def test_schema_says_of_every_key_what_it_is_with_its_unit(name):
    untold = [key for key, part in keys(name) if not part.get("title") or not part.get("description")]
    without_unit = [key for key, part in keys(name) if not re.search(r"\[.+\]$", part["description"])]

    assert untold == []
    assert without_unit == ["supply_point"]


@pytest.mark.parametrize("name", FILES)
def test_schema_knows_no_key_but_its_own(name):
    assert all(found["additionalProperties"] is False for found in objects(read_schema(name)))


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_in_the_documentation(name):
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    of_file = text.partition(f"\n## The {name}\n")[2].partition("\n## ")[0]
    sections = dict(section.split("\n", 1) for section in of_file.split("\n### ")[1:])
    tables = {title: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) for title, section in sections.items()}

    assert tables == {found["title"]: list(found["properties"]) for found in objects(read_schema(name))}


@pytest.mark.parametrize("path", sorted((ROOT / "data" / "scenarios").glob("*.json")), ids=lambda path: path.name)
def test_published_scenario_is_accepted(path):
    assert check(json.loads(path.read_text(encoding="utf-8")), "scenario", ScenarioError)
    assert Problem.from_json(path).slots > 0


def test_examples_of_the_documentation_are_accepted():
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    scenario, schedule = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    problem = Problem.from_dict(scenario)

    plan = Schedule.from_dict(schedule, problem)

    assert verify(problem, plan).holds


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (SCENARIO["supply_point"], SupplyPoint),
        (SESSION, SessionRequest),
        (GROUP, SessionGroup),
        (SCHEDULE["sessions"]["items"], SessionSchedule),
        (SCHEDULE["supply_point"], SupplyPointSchedule),
        (SCHEDULE["stages"]["items"], Stage),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_schema_has_the_fields_of_its_type_with_their_defaults(schema, kind):
    ours = {field.name: field for field in fields(kind)}

    assert set(schema["properties"]) == set(ours)
    assert set(schema["required"]) == {name for name, field in ours.items() if field.default is MISSING}
    for name in set(ours) - set(schema["required"]):
        default = ours[name].default
        assert schema["properties"][name]["default"] == (list(default) if isinstance(default, tuple) else default)


def test_schema_has_the_words_that_the_code_knows():
    assert tuple(SCENARIO["tie_break"]["enum"]) == tuple(SCHEDULE["tie_break"]["enum"]) == TIE_BREAKS
    assert tuple(SCHEDULE["status"]["enum"]) == STATUSES
    assert tuple(SCHEDULE["formulation"]["enum"]) == tuple(COUNTED)
    assert tuple(SESSION["properties"]["phases"]["items"]["enum"]) == PHASES
    assert set(SESSION["properties"]["profile"]["enum"]) == set(SCHEDULE["profile"]["enum"]) == {*DriverProfile, None}


def test_what_the_code_writes_is_accepted(problem, ev):
    full = ev(
        max_kw=8,
        max_discharge_kw=4,
        profile="cheap",
        min_power_kw=1.4,
        charge_efficiency=0.9,
        discharge_efficiency=0.9,
        min_soc_kwh=1,
        wear_eur_per_kwh=0.1,
        priority=2,
        phases=["L2"],
        arrival_slot=1,
        departure_slot=3,
        previous_slots=2,
    )
    asked = problem(
        sessions=[ev("EV1"), full],
        groups=[{"id": "feeder", "session_ids": ["EV0"], "max_kw": 5}],
        supply_point={"max_kw": 20, "min_kw": 0, "phase_max_kw": 7},
        export_price_eur_per_kwh=[0.1] * 4,
        demand_charge_eur_per_kw=3,
        opportunity_cost_eur_per_slot=0.5,
        tie_break="latest",
        first_slot_minutes=6,
    )
    plan = plan_of(asked, [[0, 0, 0, 0], [0, 1, 0, 0]], stages=(Stage(name="cost", value=1.0, bound=None),))

    assert set(asked.to_dict()) | {"slots"} == set(SCENARIO)
    assert set(SESSION["properties"]) == set(asked.to_dict()["sessions"][1]) | {"evse_discharge_power_kw"}
    assert Problem.from_dict(asked.to_dict()) == asked
    assert Schedule.from_dict(plan.to_dict()) == plan
