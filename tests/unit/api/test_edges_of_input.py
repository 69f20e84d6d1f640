"""What clients write by mistake or on purpose at the edges of text and time is told as bad input."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus

import pytest

EDGES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "1969-07-20T20:17:40Z"]
ADMINISTRATOR = {"role": "administrator"}


@pytest.mark.parametrize("moment", EDGES)
@pytest.mark.parametrize(
    "address",
    [
        "/audit?since=",
        "/sessions?until=",
        "/commands?since=",
        "/stations/A/meter-values?end=2026-01-01T00:00:00Z&start=",
    ],
)
def test_time_at_the_edge_of_the_calendar_is_bad_input(api, address, moment):
    answer = api.get(address + moment.replace("+", "%2B"), **ADMINISTRATOR)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "2000" in answer.json()["detail"]


@pytest.mark.parametrize("text", [r'"\ud800"', r'"whole \udc00 half"', r'{"a": "\ud800"}'])
@pytest.mark.parametrize("path", ["/vehicles", "/plans", "/stations", "/reservations"])
def test_half_a_character_is_bad_input(api, path, text):
    body = f'{{"name": {text}, "scenario": {text}, "formulation": {text}}}'

    answer = api.post(path, content=body.encode(), headers={"Content-Type": "application/json"}, **ADMINISTRATOR)

    assert answer.status_code in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.FORBIDDEN)
    json.loads(answer.content)


def test_half_a_character_in_a_key_is_bad_input(api):
    body = b'{"\\ud800": 1}'

    answer = api.post("/plans", content=body, headers={"Content-Type": "application/json"}, **ADMINISTRATOR)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["key"] == "?"


def test_half_a_character_that_nothing_looks_into_is_bad_input(api):
    body = b'{"battery_kwh": 50, "name": "x\\ud800", "max_kw": 11, "connector_types": ["cType2"]}'

    answer = api.post("/vehicles", content=body, headers={"Content-Type": "application/json"}, role="driver")

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("name", ["\0", "a\0", "\0b"])
def test_cursor_that_holds_nul_is_bad_input(api, name):
    cursor = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")

    answer = api.get(f"/stations?cursor={cursor}")

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["key"] == "cursor"
