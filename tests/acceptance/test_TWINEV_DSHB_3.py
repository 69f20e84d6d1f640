"""TWINEV_DSHB_3: analysis: anonymous usage metrics, and the audit log.

Module under test: the charge point managers' dashboard: analysis; the audit log.
Elements validated: usage metrics for everybody and for staff, the audit log and its filters.
Features: how sites are used is told so that nobody can be picked out; who changed what is kept.
Preconditions: two sites, each with a station that was cut off for two months and kept what happened meanwhile.
Previous steps: an operator has registered the sites and stations.
Dependencies: the API, the gateway, the database, NATS; stations that speak OCPP 2.0.1 with their keys.
Steps:
    1. Connect both stations; they tell the transactions of a past month: of five cards, and of four.
    2. As anybody: look at the usage of both sites.
    3. As staff: look at the same month with its days.
    4. As an administrator: look for who registered the stations; as others: try to.
Postconditions: the month is counted once; the log holds what was changed.
Acceptance criteria:
    - The month of five people is told, for anybody rounded, for staff as metered; that of four is hidden from both.
    - No answer names a card or a person.
    - The log tells person, program, act, subject and time, and holds no key; only administrators read it.
Suspension criteria: the stations cannot connect.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from itertools import count

import pytest
from ocpp_messages import Message, boot, ended, started
from running_system import RunningSystem
from system_accounts import client_of
from websockets.sync.client import ClientConnection, connect

from twinev.client import Client
from twinev.errors import Forbidden
from twinev.wire.rest.metrics import UsageOut

PROTOCOL = "ocpp2.0.1"
PEOPLE_AT = {"busy-corner": 5, "quiet-corner": 4}
METERED_KWH = 7.2
KEPT_FOR = timedelta(days=75)


@pytest.fixture(scope="module")
def month(running_cases: RunningSystem) -> str:
    """The month (YYYY-MM) whose transactions both stations have told."""
    with client_of(running_cases, "charge_point_operator") as operator:
        # In the middle of a month: all of it is in that one wherever the site is.
        past = (operator.health().now - KEPT_FOR).replace(day=15, hour=8, minute=0, second=0, microsecond=0)
        for site_id, people in PEOPLE_AT.items():
            operator.save_site(
                site_id, name=site_id, supply_max_kw=22, latitude_degrees=53.2, longitude_degrees=6.57
            )  # fmt: skip
            key = operator.add_station(f"{site_id}-1", site_id=site_id).key
            with _connected(running_cases, f"{site_id}-1", key) as socket:
                _tell(socket, people, past)
            told = operator.sessions(site_id=site_id)
            assert len(told) == people
    return f"{past:%Y-%m}"


def _connected(running: RunningSystem, station_id: str, key: str) -> ClientConnection:
    given = base64.b64encode(f"{station_id}:{key}".encode()).decode()
    return connect(
        f"ws://127.0.0.1:{running.environment['TWINEV_OCPP_PORT']}/ocpp/{station_id}",
        subprotocols=[PROTOCOL],
        additional_headers={"Authorization": f"Basic {given}"},
    )


def _tell(socket: ClientConnection, people: int, past: datetime) -> None:
    """What the station kept: one transaction of an hour for each card."""
    numbers = count(1)
    _call(socket, next(numbers), boot(PROTOCOL))
    for person in range(people):
        begins = past + timedelta(hours=2 * person)
        at, until = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (begins, begins + timedelta(hours=1)))
        card, tx, wh = f"DEMO-CARD-{10 + person}", f"kept-{person}", 1000 + 7200 * person
        for name, payload in (
            started(PROTOCOL, token=card, wh=wh, at=at, tx=tx),
            ended(PROTOCOL, wh=wh + round(1000 * METERED_KWH), at=until, tx=tx),
        ):
            _call(socket, next(numbers), (name, payload | {"offline": True}))


def _call(socket: ClientConnection, number: int, message: Message) -> None:
    """Send it, and read until it is answered; what else the station is asked meanwhile it refuses."""
    socket.send(json.dumps([2, str(number), *message]))
    while True:
        kind, message_id, *rest = json.loads(socket.recv(timeout=30))
        if kind == 2:
            socket.send(json.dumps([4, message_id, "NotSupported", "", {}]))
        elif message_id == str(number):
            assert kind == 3, rest
            return


def test_month_of_five_people_is_told_and_of_four_is_hidden(running_cases: RunningSystem, month: str) -> None:
    with Client(running_cases.api_url) as anybody:
        seen = {site: _month_of(anybody, site, month) for site in PEOPLE_AT}
    busy, quiet = seen["busy-corner"], seen["quiet-corner"]
    assert (busy.shown, busy.sessions, busy.energy_kwh) == (True, 5, 40.0)
    assert (quiet.shown, quiet.sessions, quiet.energy_kwh, quiet.peak_kw) == (False, None, None, None)
    assert "CARD" not in busy.model_dump_json() + quiet.model_dump_json()


def test_staff_sees_the_month_as_metered_and_nobody_in_it(running_cases: RunningSystem, month: str) -> None:
    with client_of(running_cases, "charge_point_operator") as operator, client_of(running_cases, "driver") as driver:
        busy, quiet = (operator.staff_metrics(site, month) for site in PEOPLE_AT)
        assert busy.month.energy_kwh == pytest.approx(5 * METERED_KWH)
        assert busy.month.peak_kw == pytest.approx(METERED_KWH, abs=0.01)
        assert [day.period for day in busy.days if day.shown] == [f"{month}-15"]
        assert [quiet.month.shown, *[day.shown for day in quiet.days]] == [False] * (1 + len(quiet.days))
        assert "CARD" not in busy.model_dump_json() + quiet.model_dump_json()
        with pytest.raises(Forbidden):
            driver.staff_metrics("busy-corner", month)


@pytest.mark.usefixtures("month")
def test_audit_log_tells_administrators_who_registered_a_station(running_cases: RunningSystem) -> None:
    operator = running_cases.account("charge_point_operator")["username"]
    with client_of(running_cases, "administrator") as administrator:
        mine = administrator.audit_entries(username=operator, at_most=None)
        registered = [one for one in mine if any("busy-corner-1" in change.record for change in one.changes)]
        assert registered
        for entry in registered:
            assert (entry.app.split()[0], entry.roles) == ("acceptance", ("charge_point_operator",))
            assert entry.action.startswith("POST /api/v1/stations")
            keys = [change.after["key_hmac"] for change in entry.changes if "key_hmac" in change.after]
            assert keys == ["(hidden)"]
            assert entry in administrator.audit_entries(since=entry.at, until=entry.at + timedelta(seconds=1))
        assert "sites/busy-corner" in {one.subject for one in mine}
        assert {one.username for one in mine} == {operator}
    for role in ("driver", "grid_operator", "charge_point_operator"):
        with client_of(running_cases, role) as other, pytest.raises(Forbidden):
            other.audit_entries()


def _month_of(anybody: Client, site_id: str, month: str) -> UsageOut:
    (found,) = [one for one in anybody.metrics(site_id=site_id).items if one.period == month]
    return found
