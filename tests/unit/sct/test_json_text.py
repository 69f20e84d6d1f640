"""JSON text: a key that stands twice is refused by its place, and so is what is not JSON."""

from __future__ import annotations

import json

import pytest
from hand_made_plan import plan_of

from twinev.errors import BadInput, ScenarioError
from twinev.sct import Problem, Schedule
from twinev.sct.json_text import read_json


def read(text):
    return read_json(text, "here", "scenario", ScenarioError)


def test_text_is_read():
    assert read('{"a": [1, {"b": null}], "c": {"b": 2}}') == {"a": [1, {"b": None}], "c": {"b": 2}}
    assert read(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('{"a": 1, "a": 2}', "a", 2),
        ('{"a": 1, "b": 1, "a": 1, "b": 2}', "a", 1),
        ('{"a": [{"b": 1}, {"b": 1, "b": 2}]}', "a[1].b", 2),
        ('[{"b": {"c": 1, "c": {"d": 3}}}]', "[0].b.c", {"d": 3}),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', "a", 3),
    ],
)
def test_key_that_stands_twice_is_refused_by_its_place(text, key, value):
    with pytest.raises(ScenarioError, match="each key once") as refused:
        read(text)

    assert (refused.value.key, refused.value.value) == (key, value)


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe", "[" * 100_000, b"\x80"])
def test_what_is_not_json_is_refused_by_its_name(text):
    with pytest.raises(ScenarioError, match=r"^here: .*a scenario as JSON, in UTF-8"):
        read(text)


def test_scenario_file_with_a_key_twice_is_refused(tmp_path, scenario):
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario()).replace('"soc_kwh"', '"soc_kwh": 1, "soc_kwh"'), encoding="utf-8")

    with pytest.raises(ScenarioError, match=r"sessions\[0\]\.soc_kwh: 10 .*each key once"):
        Problem.from_json(path)


def test_schedule_file_with_a_key_twice_is_refused(tmp_path, problem):
    path = tmp_path / "schedule.json"
    plan_of(problem(), [[2, 2, 1, 0]]).to_json(path)
    path.write_text(path.read_text(encoding="utf-8").replace('"gap"', '"gap": 0, "gap"'), encoding="utf-8")

    with pytest.raises(BadInput, match=r"gap: .*each key once"):
        Schedule.from_json(path)
