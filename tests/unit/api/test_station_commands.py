"""Commands that a person sends to a station: who may, what the station is told, and what stays on record."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import get_args

import pytest

from twinev.domain import operating_commands as domain
from twinev.domain.commands import CommandReply
from twinev.domain.users import Role
from twinev.services.hide_secrets import HIDDEN
from twinev.wire.commands import CommandIn, command_of

RESET = {"action": "Reset", "kind": "OnIdle"}
SOON = "2026-11-22T20:00:00+01:00"
SECRET_CHANGE = {
    "action": "SetVariables",
    "values": [{"variable": {"component": "VpnCtrlr", "variable": "VpnPassword"}, "value": "s3cret"}],
}


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.DRIVER, 403),
        (Role.GRID_OPERATOR, 403),
        (Role.CHARGE_POINT_OPERATOR, 201),
        (Role.ADMINISTRATOR, 201),
        (None, 401),
    ],
)
def test_only_who_runs_the_stations_sends_commands(api, commands, role, status) -> None:
    assert api.post("/stations/A/commands", json=RESET, role=role).status_code == status
    assert len(commands.sent) == (status == 201)


def test_command_reaches_the_station_and_stays_on_record(api, commands) -> None:
    answer = api.post("/stations/A/commands", json=RESET, headers={"User-Agent": "night-shift/2"})

    assert commands.sent == [("A", domain.Reset(kind="OnIdle"))]
    (kept,) = api.get("/commands", params={"station_id": "A"}).json()["items"]
    assert kept == answer.json()
    assert (kept["issued_by"], kept["app"]) == ("charge_point_operator", "night-shift/2")
    assert (kept["outcome"], kept["status"], kept["round_trip_ms"]) == ("accepted", "Accepted", 1.5)
    assert kept["payload"] == {"action": "Reset", "kind": "OnIdle", "evse_id": None}


def test_answer_of_the_station_is_shown_with_its_reason(api, commands) -> None:
    async def answered(station_id, command, *, timeout_seconds):
        told = {"getVariableResult": [{"attributeStatus": "UnknownVariable", "variable": {"name": "Colour"}}]}
        return CommandReply(
            command_id="c", outcome="not_supported", status="UnknownVariable", detail="why", response=told
        )

    commands.send = answered

    kept = api.post("/stations/A/commands", json={"action": "GetVariables"}).json()

    assert (kept["outcome"], kept["detail"]) == ("not_supported", "why")
    assert kept["response"]["getVariableResult"][0]["attributeStatus"] == "UnknownVariable"


def test_command_that_is_sent_again_under_its_key_reaches_the_station_once(api, commands) -> None:
    headers = {"Idempotency-Key": "k1"}

    answers = [api.post("/stations/A/commands", json=RESET, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(commands.sent) == 1


def test_unknown_station_is_told_nothing(api, commands) -> None:
    assert api.post("/stations/nowhere/commands", json=RESET).status_code == 404
    assert commands.sent == []


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"action": "Explode"}, "Explode"),
        ({"kind": "OnIdle"}, "action"),
        (RESET | {"evse_id": 0}, "Reset.evse_id"),
        (RESET | {"evse": 1}, "Reset.evse"),
        ({"action": "ReserveNow", "id_token": "AB12", "expires_at": "2026-11-22T20:00:00"}, "ReserveNow.expires_at"),
        ({"action": "DataTransfer", "vendor_id": ""}, "DataTransfer.vendor_id"),
        ({"action": "SetChargingProfile"}, "SetChargingProfile"),
    ],
)
def test_command_that_makes_no_sense_is_refused_with_the_place(api, commands, body: dict, key: str) -> None:
    answer = api.post("/stations/A/commands", json=body)

    assert answer.status_code == 422
    assert key in answer.text
    assert commands.sent == []


def test_secret_and_login_in_an_address_are_sent_and_not_kept(api, commands) -> None:
    upload = {"action": "GetLog", "remote_location": "ftp://jo:s3cret@files.example:21/logs"}
    firmware = {"action": "UpdateFirmware", "location": "https://jo:s3cret@files.example/1.2", "retrieve_at": SOON}

    answers = [api.post("/stations/A/commands", json=body) for body in (SECRET_CHANGE, upload, firmware)]

    change, get_log, update = (command for _, command in commands.sent)
    assert change.values[0].value == "s3cret"
    assert get_log.remote_location == upload["remote_location"]
    assert update.location == firmware["location"]
    assert all("s3cret" not in answer.text for answer in answers)
    assert "s3cret" not in api.get("/commands").text
    assert answers[1].json()["payload"]["remote_location"] == f"ftp://jo:{HIDDEN}@files.example:21/logs"


def test_address_that_is_none_is_no_error_and_its_login_not_kept(api, commands) -> None:
    body = {"action": "GetLog", "remote_location": "ftp://jo:s3cret@[files"}

    answer = api.post("/stations/A/commands", json=body)

    assert answer.status_code == 201
    assert "s3cret" not in answer.text


def test_secret_that_a_refusal_quotes_is_not_kept(api, commands) -> None:
    async def refused(station_id, command, *, timeout_seconds):
        return CommandReply(command_id="c", outcome="call_error", detail="'s3cret' is shorter than 16 characters")

    commands.send = refused

    answer = api.post("/stations/A/commands", json=SECRET_CHANGE)

    assert answer.json()["detail"] == f"'{HIDDEN}' is shorter than 16 characters"


def test_secrets_that_a_station_tells_are_not_kept(api, commands) -> None:
    async def answered(station_id, command, *, timeout_seconds):
        told = [{"attributeValue": "s3cret", "variable": {"name": name}} for name in ("AuthorizationKey", "Colour")]
        return CommandReply(command_id="c", outcome="accepted", response={"getVariableResult": told})

    commands.send = answered

    kept = api.post("/stations/A/commands", json={"action": "GetVariables"}).json()["response"]["getVariableResult"]

    assert [result["attributeValue"] for result in kept] == [HIDDEN, "s3cret"]


def test_requests_get_numbers_that_tell_them_apart(api, commands) -> None:
    bodies = [
        {"action": "GetLog", "remote_location": "https://files.example/"},
        {"action": "GetBaseReport"},
        {"action": "ReserveNow", "id_token": "AB12", "expires_at": SOON},
    ]
    for body in bodies:
        api.post("/stations/A/commands", json=body)

    log, report, reserve = (command for _, command in commands.sent)
    assert len({log.request_id, report.request_id, reserve.reservation_id}) == 3
    assert all(0 < number < 2**31 for number in (log.request_id, report.request_id, reserve.reservation_id))
    assert reserve.expires_at == datetime(2026, 11, 22, 19, tzinfo=UTC)


def test_reservation_keeps_the_number_that_it_was_given(api, commands) -> None:
    body = {"action": "ReserveNow", "id_token": "AB12", "expires_at": SOON, "reservation_id": 7}

    api.post("/stations/A/commands", json=body)

    assert commands.sent[0][1].reservation_id == 7


BODIES = {kind.model_fields["action"].default: kind for kind in get_args(get_args(CommandIn)[0])}


def test_every_command_of_the_domain_can_be_sent() -> None:
    # A key is told to a station by its rotation alone, which keeps the old one until the new one is in use.
    all_but_keys = {kind.__name__ for kind in get_args(domain.OperatingCommand)} - {"SetBasicAuthPassword"}
    assert set(BODIES) == all_but_keys


@pytest.mark.parametrize("variable", ["BasicAuthPassword", "AuthorizationKey", "authorizationkey"])
def test_key_of_a_station_is_no_setting_to_be_written(api, commands, variable: str) -> None:
    values = [{"variable": {"variable": variable}, "value": "0123456789abcdef0123456789abcdef"}]

    answer = api.post("/stations/A/commands", json={"action": "SetVariables", "values": values})

    assert answer.status_code == 422
    assert "key-rotations" in answer.text
    assert commands.sent == []


@pytest.mark.parametrize("action", sorted(BODIES))
def test_body_says_what_the_command_says(action: str) -> None:
    of_command = {field.name for field in fields(getattr(domain, action))} - {"request_id"}

    assert set(BODIES[action].model_fields) == of_command


def test_nested_bodies_become_the_domain_s_own() -> None:
    body = BODIES["SendLocalList"].model_validate(
        {"version": 3, "update_kind": "Differential", "entries": [{"id_token": "gone", "status": None}]}
    )

    command = command_of(body, request_id=1)

    assert command.entries == (domain.LocalListEntry(id_token="gone", status=None),)
