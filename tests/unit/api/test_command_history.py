"""The list of commands: searched, paged, and a command that is sent once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from charged_sessions import START

from twinev.domain import commands as charging
from twinev.domain import operating_commands as operating
from twinev.domain.charging_profile import SchedulePeriod
from twinev.domain.commands import CommandReply, CompositeSchedule
from twinev.domain.plan import PLANNING, SentCommand
from twinev.domain.users import Role

RESET = {"action": "Reset", "kind": "OnIdle"}
PAST = SentCommand(
    id="past", station_id="A", action="Reset", payload={"action": "Reset", "kind": "OnIdle", "evse_id": None},
    issued_by="olga", sent_at=START, answered_at=START, outcome="offline", app="dashboard twinev-client/1",
)  # fmt: skip


@pytest.fixture
def keep(database):
    """Puts commands on record as they were."""

    def put(*commands: SentCommand) -> None:
        with database.unit_of_work() as work:
            for command in commands:
                work.commands.save(command)
            work.commit()

    return put


def ids(answer) -> list[str]:
    return [command["id"] for command in answer.raise_for_status().json()["items"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["planned", "hanging", "done", "past"]),
        ({"find": "OLGA reset"}, ["done", "past"]),
        ({"find": "dashboard"}, ["past"]),
        ({"find": "100%"}, []),
        ({"state": "failed"}, ["past"]),
        ({"state": "accepted"}, ["planned", "done"]),
        ({"state": "under_way"}, ["hanging"]),
        ({"from_people": True}, ["hanging", "done", "past"]),
        ({"from_people": False}, ["planned"]),
        ({"since": (START + timedelta(minutes=2)).isoformat()}, ["planned", "hanging"]),
        ({"until": (START + timedelta(minutes=2)).isoformat()}, ["done", "past"]),
        ({"action": "ClearCache"}, ["hanging"]),
        ({"station_id": "B"}, ["planned"]),
    ],
)
def test_commands_are_found_by_what_was_asked(api, keep, asked, found) -> None:
    later = {minutes: START + timedelta(minutes=minutes) for minutes in (1, 2, 3)}
    keep(
        PAST,
        replace(PAST, id="done", sent_at=later[1], outcome="accepted", app=None),
        replace(PAST, id="hanging", sent_at=later[2], outcome=None, action="ClearCache", issued_by="piet", app=None),
        replace(PAST, id="planned", sent_at=later[3], outcome="accepted", action="SetChargingProfile",
                issued_by=PLANNING, app=None, station_id="B"),
    )  # fmt: skip

    assert ids(api.get("/commands", params=asked)) == found


def test_search_goes_on_over_the_pages(api, keep) -> None:
    keep(*(replace(PAST, id=f"c{number}", sent_at=START + timedelta(seconds=number)) for number in range(5)))

    first = api.get("/commands", params={"find": "olga", "limit": 3})
    cursor = first.json()["next_cursor"]

    assert ids(first) == ["c4", "c3", "c2"]
    assert ids(api.get("/commands", params={"find": "olga", "limit": 3, "cursor": cursor})) == ["c1", "c0"]


def test_command_that_is_sent_again_names_the_first_one(api, commands, keep) -> None:
    keep(PAST)

    answer = api.post("/commands/past/retries", headers={"User-Agent": "screen/1"})

    again = answer.json()
    assert answer.status_code == 201
    assert commands.sent == [("A", operating.Reset(kind="OnIdle"))]
    assert (again["retry_of"], again["issued_by"], again["app"]) == ("past", "charge_point_operator", "screen/1")
    assert api.get(f"/commands/{again['id']}").json() == again


def test_retry_is_done_once_under_its_key(api, commands, keep) -> None:
    keep(PAST)

    answers = [api.post("/commands/past/retries", headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(commands.sent) == 1


def test_request_that_is_sent_again_has_a_number_of_its_own(api, commands, keep) -> None:
    payload = {"action": "GetLog", "request_id": 7, "remote_location": "ftp://logs/", "log_kind": "DiagnosticsLog",
               "oldest_at": None, "latest_at": "2026-11-22T18:00:00+00:00", "retries": None,
               "retry_interval_seconds": None}  # fmt: skip
    keep(replace(PAST, action="GetLog", payload=payload))

    api.post("/commands/past/retries").raise_for_status()

    (_, sent) = commands.sent[0]
    assert sent == operating.GetLog(request_id=sent.request_id, remote_location="ftp://logs/", latest_at=START)
    assert sent.request_id != 7


def test_start_is_sent_again_only_where_nobody_charges(api, commands, keep, database) -> None:
    payload = {"action": "RequestStartTransaction", "evse_id": 1, "id_token": "card", "remote_start_id": 3,
               "profile": None}  # fmt: skip
    keep(replace(PAST, action="RequestStartTransaction", payload=payload))

    api.post("/commands/past/retries").raise_for_status()

    (_, sent) = commands.sent[0]
    assert isinstance(sent, charging.RequestStartTransaction)
    assert (sent.evse_id, sent.id_token) == (1, "card")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"action": "SetChargingProfile"}, "not sent again by hand"),
        ({"action": "ReserveNow"}, "not sent again by hand"),
        ({"outcome": None}, "under way"),
        ({"action": "SetVariables", "payload": {"values": [{"value": "(hidden)"}]}}, "password"),
    ],
)
def test_command_that_must_not_be_sent_again_is_refused_with_the_reason(api, commands, keep, changed, reason) -> None:
    keep(replace(PAST, **changed))

    assert api.get("/commands/past").json()["retryable"] is False
    answer = api.post("/commands/past/retries")

    assert answer.status_code == 409
    assert reason in answer.text
    assert commands.sent == []


def test_retry_of_nothing_is_not_found(api) -> None:
    assert api.post("/commands/nothing/retries").status_code == 404


def test_composite_schedule_is_what_the_station_answers(api, commands) -> None:
    async def answered(station_id, command, *, timeout_seconds):
        periods = (SchedulePeriod(start_seconds=0, limit_kw=6.0), SchedulePeriod(start_seconds=900, limit_kw=3.0))
        told = CompositeSchedule(evse_id=1, start=START, duration_seconds=1800, periods=periods)
        return CommandReply(command_id="c", outcome="accepted", status="Accepted", composite=told)

    commands.send = answered

    told = api.post("/stations/A/composite-schedules", json={"evse_id": 1}).json()

    assert [step["limit_kw"] for step in told["steps"]] == [6.0, 3.0]
    assert told["ends_at"] == "2026-11-22T18:30:00Z"
    assert told["command"]["issued_by"] == "charge_point_operator"
    shown = api.get("/stations/A/limits").json()["evses"][0]
    assert [step["limit_kw"] for step in shown["reported"]] == [6.0, 3.0]


def test_station_that_tells_no_schedule_has_no_steps(api, commands) -> None:
    commands.outcome = "not_supported"

    told = api.post("/stations/A/composite-schedules", json={"evse_id": 1}).json()

    assert (told["steps"], told["command"]["outcome"]) == ([], "not_supported")


@pytest.mark.parametrize(("body", "status"), [({"evse_id": 9}, 422), ({"evse_id": 0}, 422), ({}, 422)])
def test_schedule_of_no_evse_is_refused(api, commands, body, status) -> None:
    assert api.post("/stations/A/composite-schedules", json=body).status_code == status
    assert commands.sent == []


def test_grid_operator_sends_nothing_again(api, commands, keep) -> None:
    keep(PAST)

    assert api.post("/commands/past/retries", role=Role.GRID_OPERATOR).status_code == 403
    assert commands.sent == []
