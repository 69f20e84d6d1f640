"""Operators describe, block and remove stations and sites; two who edit at once do not overwrite each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from twinev.api.one_turn import add_routes
from twinev.api.routers import station_use
from twinev.domain.commands import CloseConnection
from twinev.domain.facts import ConnectQuestion
from twinev.domain.session import ChargingSession
from twinev.services.answer_stations import AnswerStations
from twinev.services.take_out_of_use import TakeOutOfUse

SECRET = "a secret key of the tests"
CCS = {"id": 1, "type": "cCCS2", "max_kw": 150}
TYPE_2 = {"id": 2, "type": "sType2", "max_kw": 22, "phases": 3}
FAST = {"id": 1, "max_kw": 150, "connectors": [CCS, TYPE_2]}


@pytest.fixture
def operating(api, database, commands, clock):
    """The API with the routes that wiring adds."""
    api.app.state.take_out_of_use = TakeOutOfUse(commands=commands, unit_of_work=database.unit_of_work, clock=clock)
    add_routes(api.app, station_use.router)
    return api


@pytest.fixture
def charging(database, clock):
    with database.unit_of_work() as work:
        work.sessions.save(
            ChargingSession(
                id="charging",
                site_id="s",
                station_id="A",
                evse_id=1,
                ocpp_transaction_id="7",
                id_token="card",
                started_at=clock.now(),
            )
        )
        work.commit()


@pytest.fixture
def kinds(database):
    def told() -> list[str]:
        with database.reading() as work:
            return [event.kind for event in work.outbox.pending(100)]

    return told


def set_online(database, clock, *, online: bool = True) -> None:
    with database.unit_of_work() as work:
        work.stations.set_online("A", online, clock.now())
        work.commit()


def edit(api, path: str, body: dict, *, version: str | None = None):
    version = version or api.get(path).headers["ETag"]
    return api.ask("PATCH", path, json=body, headers={"If-Match": version})


def connect(database, clock, station_id: str = "A", password: str | None = None) -> str:
    answers = AnswerStations(
        unit_of_work=database.unit_of_work, reading=database.reading, clock=clock, secret_key=SECRET
    )
    question = ConnectQuestion(station_id=station_id, security_profile=1, username=station_id, password=password)
    return answers.connect(question).verdict


# ── Describing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_station_is_described_anew(operating, kinds):
    answer = edit(operating, "/stations/A", {"name": "Fast", "public": False, "evses": [FAST, {"id": 2, "max_kw": 22}]})

    station = operating.get("/stations/A").json()
    assert answer.json() == station
    assert (station["name"], station["public"]) == ("Fast", False)
    assert [evse["max_kw"] for evse in station["evses"]] == [150, 22]
    assert station["evses"][0]["connectors"] == [
        {"id": 1, "type": "cCCS2", "format": "CABLE", "max_kw": 150, "phases": 3},
        {"id": 2, "type": "sType2", "format": "SOCKET", "max_kw": 22, "phases": 3},
    ]
    assert station["evses"][0]["connector_type"] == "cCCS2"
    assert "station.changed" in kinds()


def test_station_keeps_what_is_left_out(operating):
    before = operating.get("/stations/A").json()

    after = edit(operating, "/stations/A", {"latitude_degrees": 52.5}).json()

    assert after.pop("version") != before.pop("version")
    assert after == before | {"latitude_degrees": 52.5}


def test_station_keeps_what_its_evses_told(operating, database, clock):
    with database.unit_of_work() as work:
        work.stations.set_status("A", 1, "Occupied", clock.now())
        work.commit()

    after = edit(operating, "/stations/A", {"evses": [FAST]}).json()

    assert after["evses"][0]["status"] == "Occupied"


@pytest.mark.parametrize("path", ["/stations/A", "/sites/s"])
def test_edit_from_an_old_version_is_refused(operating, path):
    version = operating.get(path).headers["ETag"]
    assert edit(operating, path, {"name": "First"}, version=version).status_code == 200

    second = edit(operating, path, {"name": "Second"}, version=version)

    assert second.status_code == 412
    assert "was changed in between" in second.json()["detail"]
    assert operating.get(path).json()["name"] == "First"


@pytest.mark.parametrize("path", ["/stations/A", "/sites/s"])
def test_edit_without_a_version_is_refused(operating, path):
    assert operating.ask("PATCH", path, json={"name": "New"}).status_code == 428


@pytest.mark.parametrize("path", ["/stations/A", "/sites/s"])
def test_edit_answers_the_version_for_the_next_one(operating, path):
    first = edit(operating, path, {"name": "First"})

    assert first.headers["ETag"] == first.json()["version"]
    assert edit(operating, path, {"name": "Second"}, version=first.headers["ETag"]).status_code == 200


def test_version_does_not_change_with_what_a_station_tells(operating, database, clock):
    before = operating.get("/stations/A").headers["ETag"]
    with database.unit_of_work() as work:
        work.stations.set_online("A", True, clock.now())
        work.stations.set_status("A", 1, "Occupied", clock.now())
        work.commit()

    assert operating.get("/stations/A").headers["ETag"] == before


def test_put_of_a_site_that_is_there_needs_its_version(operating):
    body = {"name": "S", "latitude_degrees": 1, "longitude_degrees": 1, "supply_max_kw": 9}

    assert operating.ask("PUT", "/sites/s", json=body).status_code == 428
    assert operating.ask("PUT", "/sites/new", json=body).status_code == 200
    assert operating.ask("PUT", "/sites/other", json=body, headers={"If-Match": "*"}).status_code == 412


def test_site_has_an_address_and_opening_hours(operating, clock):
    hours = {"regular": [{"weekday": 1, "begin": "08:00", "end": "20:00"}], "openings": [], "closings": []}
    address = {"street": "Croeselaan 1", "city": "Utrecht", "country": "NLD", "postal_code": "3521 BJ"}

    site = edit(operating, "/sites/s", {"address": address, "opening_hours": hours}).json()

    assert site["address"] == address
    assert site["opening_hours"] == hours
    assert site["open_now"] is False  # it is a Sunday
    assert edit(operating, "/sites/s", {"opening_hours": None}).json()["open_now"] is True


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("/stations/A", {"site_id": "nowhere"}, "site_id"),
        ("/stations/A", {"evses": []}, "evses"),
        ("/stations/A", {"evses": [{"id": 1, "max_kw": 0}]}, "evses.0.max_kw"),
        ("/stations/A", {"evses": [{"id": 1, "max_kw": 1}, {"id": 1, "max_kw": 2}]}, "evses"),
        ("/stations/A", {"evses": [{"id": 1, "max_kw": 9, "connectors": [CCS, CCS]}]}, "evse.connectors"),
        (
            "/stations/A",
            {"evses": [{"id": 1, "max_kw": 9, "connectors": [{"id": 1, "type": "hose"}]}]},
            "evses.0.connectors.0.type",
        ),
        ("/sites/s", {"time_zone": "Mars/Base"}, "time_zone"),
        ("/sites/s", {"address": {"street": "S", "city": "C", "country": "Holland"}}, "address.country"),
        (
            "/sites/s",
            {"opening_hours": {"regular": [{"weekday": 1, "begin": "20:00", "end": "08:00"}]}},
            "opening_hours.end",
        ),
    ],
)
def test_edit_that_makes_no_sense_is_named_by_its_key(operating, path, body, key):
    answer = edit(operating, path, body)

    assert answer.status_code == 422
    assert answer.json()["key"] == key


def test_evse_where_an_ev_charges_cannot_go(operating, charging):
    answer = edit(operating, "/stations/A", {"evses": [{"id": 2, "max_kw": 22}]})

    assert answer.status_code == 409
    assert "session charging" in answer.json()["detail"]


def test_station_is_made_with_its_evses_and_place(operating):
    body = {"id": "NEW", "site_id": "s", "evses": [FAST], "latitude_degrees": 52.2, "longitude_degrees": 5.2}

    created = operating.post("/stations", json=body)

    station = operating.get("/stations/NEW").json()
    assert created.status_code == 201
    assert station["latitude_degrees"] == 52.2
    assert [connector["type"] for connector in station["evses"][0]["connectors"]] == ["cCCS2", "sType2"]


def test_station_made_twice_with_one_key_is_made_once_and_its_password_told_once(operating, database):
    def create():
        return operating.post("/stations", json={"id": "NEW", "site_id": "s"}, headers={"Idempotency-Key": "k"})

    first, second = create(), create()

    assert (first.status_code, second.status_code) == (201, 201)
    assert len(first.json()["key"]) == 32
    assert second.json() == {"id": "NEW", "key": None}
    with database.reading() as work:
        assert first.json()["key"] not in str(work.idempotency.answer("charge_point_operator", "k"))


# ── Out of use and into it again ─────────────────────────────────────────────────────────────────────────────────────


def test_blocked_station_is_refused_and_its_socket_closed(operating, database, clock, commands):
    key = operating.post("/stations/A/keys").json()["key"]
    assert connect(database, clock, password=key) == "accepted"

    blocked = operating.post("/stations/A/block", json={"reason": "cable damaged"}).json()

    assert (blocked["blocked_at"], blocked["block_reason"]) == ("2026-11-22T18:00:00Z", "cable damaged")
    assert connect(database, clock, password=key) == "blocked"
    assert connect(database, clock, password="wrong") == "unauthorised"
    assert commands.sent == [("A", CloseConnection(reason="cable damaged"))]
    operating.post("/stations/A/unblock")
    assert connect(database, clock, password=key) == "accepted"


def test_removed_station_is_unknown_and_its_history_stays(operating, database, clock, charging):
    assert operating.ask("DELETE", "/stations/A").status_code == 204

    assert operating.get("/stations/A").status_code == 404
    assert [station["id"] for station in operating.get("/stations").json()["items"]] == ["B"]
    assert connect(database, clock) == "unknown"
    session = operating.get("/sessions/charging").json()
    assert (session["station_id"], session["stop_reason"]) == ("A", "Other")
    assert operating.post("/stations", json={"id": "A", "site_id": "s"}).status_code == 409
    for path in ("block", "unblock", "keys"):
        body = {"reason": "r"} if path == "block" else None
        assert operating.post(f"/stations/A/{path}", json=body).status_code == 404
    assert operating.ask("PATCH", "/stations/A", json={}, headers={"If-Match": "*"}).status_code == 404


def test_removed_station_is_not_enrolled_again(operating, database, clock):
    operating.ask("DELETE", "/stations/A")
    answers = AnswerStations(
        unit_of_work=database.unit_of_work,
        reading=database.reading,
        clock=clock,
        secret_key=SECRET,
        open_enrolment=True,
    )

    assert answers.connect(ConnectQuestion(station_id="A", security_profile=0)).verdict == "unknown"


def test_station_where_an_ev_charges_is_not_removed(operating, database, clock, charging):
    set_online(database, clock)

    answer = operating.ask("DELETE", "/stations/A")

    assert answer.status_code == 409
    assert operating.get("/stations/A").status_code == 200


def test_issued_key_replaces_all_older_ones(operating, database, clock):
    first, second = (operating.post("/stations/A/keys").json()["key"] for _ in range(2))

    assert connect(database, clock, password=first) == "unauthorised"
    assert connect(database, clock, password=second) == "accepted"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/stations/A", {"name": "New"}),
        ("PATCH", "/sites/s", {"name": "New"}),
        ("POST", "/stations/A/block", {"reason": "r"}),
        ("POST", "/stations/A/unblock", None),
        ("POST", "/stations/A/keys", None),
        ("DELETE", "/stations/A", None),
    ],
)
def test_only_operators_take_stations_out_of_use(operating, method, path, body):
    for role in ("driver", "grid_operator"):
        assert operating.ask(method, path, json=body, role=role, headers={"If-Match": "*"}).status_code == 403


# ── Availability ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_availability_is_for_everybody_and_says_little(operating):
    (first, _) = operating.get("/availability", role=None).json()["items"]

    assert set(first) == {
        "station_id", "evse_id", "name", "site_id", "site_name", "address", "latitude_degrees", "longitude_degrees",
        "max_kw", "connectors", "availability", "open_now",
    }  # fmt: skip
    assert first["availability"] == "Unknown"


def test_availability_leaves_out_private_and_removed_stations(operating):
    edit(operating, "/stations/A", {"public": False})
    operating.ask("DELETE", "/stations/B")

    assert operating.get("/availability", role=None).json()["items"] == []


def test_station_for_some_drivers_is_not_among_what_everybody_sees(operating, database):
    for station_id in ("A", "B"):
        assert operating.ask("PUT", f"/stations/{station_id}/access/dora").status_code == 200
    operating.ask("DELETE", "/stations/B/access/dora")

    (seen,) = operating.get("/availability", role=None).json()["items"]

    assert seen["station_id"] == "B"
    operating.post("/stations/A/block", json={"reason": "r"})
    operating.post("/stations/B/block", json={"reason": "r"})
    with database.reading() as work:
        told = [event.data for event in work.outbox.pending(1000) if event.kind == "station.availability"]
    assert [(data["station_id"], data["public"]) for data in told] == [("A", False), ("B", True)]


def test_availability_is_what_the_station_says_unless_it_is_blocked(operating, database, clock):
    def now() -> str:
        return operating.get("/availability?site_id=s", role=None).json()["items"][0]["availability"]

    set_online(database, clock)
    with database.unit_of_work() as work:
        work.stations.set_status("A", 1, "Available", clock.now())
        work.commit()
    assert now() == "Available"
    operating.post("/stations/A/block", json={"reason": "r"})
    assert now() == "Unavailable"


def test_availability_is_found_by_connector_and_state(operating):
    edit(operating, "/stations/A", {"evses": [FAST]})

    def found(query: str) -> list[str]:
        items = operating.get(f"/availability?{query}", role=None).json()["items"]
        return [evse["station_id"] for evse in items]

    assert found("connector_type=cCCS2") == ["A"]
    assert found("connector_type=cType2") == ["B"]
    assert found("available=true") == []
    assert found("available=false") == ["A", "B"]


def test_availability_pages_go_on_where_they_stopped(operating):
    edit(operating, "/stations/A", {"evses": [{"id": number, "max_kw": 11} for number in range(1, 13)]})

    seen, cursor = [], None
    while True:
        query = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        page = operating.get("/availability", role=None, params=query).json()
        seen += [(evse["station_id"], evse["evse_id"]) for evse in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [*(("A", number) for number in range(1, 13)), ("B", 1)]


def test_availability_is_told_when_it_changes_and_only_then(operating, database, clock, kinds):
    for _ in range(2):
        operating.post("/stations/A/block", json={"reason": "r"})

    assert kinds().count("station.availability") == 1
    operating.post("/stations/A/unblock")
    assert kinds().count("station.availability") == 2


def test_session_of_another_instant_does_not_move_its_beginning(operating, database, clock, charging):
    with database.unit_of_work() as work:
        later = replace(work.sessions.get("charging"), started_at=clock.now() + timedelta(hours=1))
        work.sessions.save(later)
        work.commit()

    operating.ask("DELETE", "/stations/A")

    with database.reading() as work:
        ended = work.sessions.get("charging")
    assert ended.ended_at == ended.started_at


# ── Removing what one has read ───────────────────────────────────────────────────────────────────────────────────────


def test_station_that_was_changed_since_it_was_read_is_not_removed(operating):
    read = operating.get("/stations/A").headers["ETag"]
    edit(operating, "/stations/A", {"name": "Renamed"})

    answer = operating.ask("DELETE", "/stations/A", headers={"If-Match": read})

    assert answer.status_code == 412
    assert operating.get("/stations/A").json()["name"] == "Renamed"


def test_station_is_removed_by_the_version_that_it_has(operating):
    read = operating.get("/stations/A").headers["ETag"]

    assert operating.ask("DELETE", "/stations/A", headers={"If-Match": read}).status_code == 204
    assert operating.get("/stations/A").status_code == 404
