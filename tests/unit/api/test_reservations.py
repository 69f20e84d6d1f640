"""Reservations: what may be reserved, for whom, what stands in the way, and what becomes of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location
from twinev.domain.facts import (
    AuthorizeQuestion,
    StationFact,
    StationReported,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingSession
from twinev.services.answer_stations import AnswerStations
from twinev.services.command_station import CommandStation
from twinev.services.driver_token import driver_token
from twinev.services.keep_reservations import KeepReservations
from twinev.services.record_facts import record_facts

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DORA, EMIL = "driver:dora", "driver:emil"
WINDOW = {"start": "2026-11-22T19:00:00Z", "end": "2026-11-22T20:00:00Z"}


pytestmark = pytest.mark.usefixtures("stations")


@pytest.fixture
def stations(database):
    """A has two EVSEs, one of them with another plug; B has one. All are there and free."""
    with database.unit_of_work() as work:
        for station_id, plugs in (("A", ("cType2", "cCCS2")), ("B", ("cType2",))):
            evses = tuple(
                Evse(id=n, max_kw=11, connector_type=plug, status=ConnectorStatus.AVAILABLE)
                for n, plug in enumerate(plugs, 1)
            )
            place = Location(latitude_degrees=52.1, longitude_degrees=5.1)
            work.stations.save(
                ChargingStation(id=station_id, site_id="s", name=station_id, location=place, evses=evses)
            )
            for evse in evses:
                work.stations.save_evse(station_id, evse)
            work.stations.set_online(station_id, True, START, "socket")
        work.commit()
    return database


@pytest.fixture
def kept(database, commands, clock):
    """The loop that sees to reservations; call it to let it look once."""
    sender = CommandStation(commands=commands, unit_of_work=database.unit_of_work, clock=clock)
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    keeper = KeepReservations(**storage, clock=clock, command_station=sender, rules=ReservationRules())
    return lambda: asyncio.run(keeper.look())


@pytest.fixture
def take(database):
    def taken(said, station_id: str = "A"):
        fact = StationFact(
            station_id=station_id, protocol="ocpp2.0.1", action="X", key=repr(said), received_at=START, fact=said,
            reply_to="inbox",
        )  # fmt: skip
        with database.unit_of_work() as work:
            (decision,) = record_facts([fact], work=work)
            work.commit()
        return decision

    return taken


def token_of(database, user_id: str) -> str:
    with database.unit_of_work() as work:
        token = driver_token(user_id, work=work)
        work.commit()
    return token


def reserve(api, role: str = DORA, **body):
    return api.post("/reservations", role=role, json=WINDOW | body)


def events_of(database) -> list[str]:
    with database.reading() as work:
        return [event.kind for event in work.outbox.pending(100)]


# ── Making one ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reservation_takes_the_first_evse_with_the_plug(api, stations):
    made = reserve(api, connector_type="cCCS2")

    assert made.status_code == 201
    body = made.json()
    assert (body["station_id"], body["evse_id"], body["status"]) == ("A", 2, "active")
    assert body["expires_at"] == "2026-11-22T19:15:00Z"
    assert events_of(stations) == ["reservation.made"]


def test_reservation_is_widened_to_whole_five_minutes(api):
    body = reserve(api, start="2026-11-22T19:02:30Z", end="2026-11-22T19:58:00Z").json()

    assert (body["start"], body["end"]) == ("2026-11-22T19:00:00Z", "2026-11-22T20:00:00Z")


def test_next_driver_gets_the_next_evse_until_none_is_left(api):
    places = [reserve(api, f"driver:{n}", connector_type="cType2").json() for n in range(2)]
    refused = reserve(api, "driver:2", connector_type="cType2")

    assert [(place["station_id"], place["evse_id"]) for place in places] == [("A", 1), ("B", 1)]
    assert refused.status_code == 409
    assert "EVSE 1 of station A is reserved for part of it" in refused.json()["detail"]


def test_windows_that_touch_do_not_meet(api):
    assert reserve(api, station_id="B").status_code == 201
    after = {"start": "2026-11-22T20:00:00Z", "end": "2026-11-22T21:00:00Z"}
    assert reserve(api, EMIL, station_id="B", **after).status_code == 201


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ({"end": "2026-11-22T19:00:00Z"}, 422, "end"),
        ({"end": "2026-11-22T19:05:00Z"}, 422, "end"),
        ({"end": "2026-11-23T09:00:00Z"}, 422, "end"),
        ({"start": "2026-11-22T15:00:00Z", "end": "2026-11-22T17:00:00Z"}, 422, "end"),
        ({"start": "2026-11-22T16:00:00Z"}, 422, "start"),
        ({"start": "2026-12-22T19:00:00Z", "end": "2026-12-22T20:00:00Z"}, 422, "end"),
        ({"start": "2026-11-22T19:00:00"}, 422, "start"),
        ({"end": "9999-12-31T23:59:59Z"}, 422, "end"),
        ({"start": "0001-01-01T00:00:00+14:00"}, 422, "start"),
        ({"connector_type": "cTesla"}, 422, "connector_type"),
        ({"evse_id": 1}, 422, "evse_id"),
        ({"station_id": "A", "evse_id": 9}, 422, "evse_id"),
        ({"station_id": "Z"}, 404, "Z"),
        ({"site_id": "Z"}, 404, "Z"),
    ],
)
def test_reservation_that_cannot_be_says_why(api, stations, body, code, word):
    refused = reserve(api, **body)

    assert refused.status_code == code
    assert word in refused.json()["detail"]
    assert events_of(stations) == []


def test_driver_may_have_so_many_and_one_at_a_time(api):
    assert reserve(api, station_id="A").status_code == 201
    assert reserve(api, station_id="B").status_code == 409
    for hour in (20, 21):
        window = {"start": f"2026-11-22T{hour}:00:00Z", "end": f"2026-11-22T{hour + 1}:00:00Z"}
        assert reserve(api, **window).status_code == 201
    fourth = reserve(api, start="2026-11-22T22:00:00Z", end="2026-11-22T23:00:00Z")

    assert fourth.status_code == 409
    assert "3 reservations" in fourth.json()["detail"]
    assert api.get("/reservations/allowance", role=DORA).json()["active"] == 3


def test_repeated_request_makes_one_reservation(api):
    key = {"Idempotency-Key": "k"}
    first, again = (api.post("/reservations", role=DORA, json=WINDOW, headers=key) for _ in range(2))

    assert first.json() == again.json()
    assert len(api.get("/reservations", role=DORA).json()["items"]) == 1


def test_evse_where_an_ev_charges_is_occupied_until_its_departure(api, stations):
    with stations.unit_of_work() as work:
        running = ChargingSession(
            id="x", site_id="s", station_id="B", evse_id=1, ocpp_transaction_id="1", id_token="card", started_at=START
        )
        departure = replace(running.needs, departure_at=START + 90 * MINUTE)
        work.sessions.save(replace(running, needs=departure))
        work.commit()

    refused = reserve(api, station_id="B")
    later = reserve(api, station_id="B", start="2026-11-22T19:30:00Z")

    assert refused.status_code == 409
    assert "occupied until about 2026-11-22T19:30" in refused.json()["detail"]
    assert later.status_code == 201


@pytest.mark.parametrize("how", ["faulted", "offline"])
def test_evse_out_of_order_is_refused_soon_but_not_for_later(api, stations, how):
    with stations.unit_of_work() as work:
        if how == "faulted":
            work.stations.set_status("B", 1, ConnectorStatus.FAULTED, START)
        else:
            work.stations.set_online("B", False, START, "socket")
        work.commit()

    assert "out of order" in reserve(api, station_id="B").json()["detail"]
    tomorrow = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T20:00:00Z"}
    assert reserve(api, station_id="B", **tomorrow).status_code == 201


def test_station_taken_out_of_use_is_not_reserved_however_late(api, stations):
    tomorrow = {"start": "2026-11-23T19:00:00Z", "end": "2026-11-23T20:00:00Z"}
    with stations.unit_of_work() as work:
        for station_id, change in (("A", {"blocked_at": START, "block_reason": "works"}), ("B", {"removed_at": START})):
            work.stations.save(replace(work.stations.get(station_id), **change))
        work.commit()

    blocked, removed = (reserve(api, station_id=station_id, **tomorrow) for station_id in ("A", "B"))

    assert blocked.status_code == 409
    assert "taken out of use" in blocked.json()["detail"]
    assert removed.status_code == 404
    assert reserve(api, **tomorrow).status_code == 409, "and nothing else is there"


# ── Whose it is ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_driver_sees_his_own_and_operators_all(api):
    mine = reserve(api).json()["id"]

    assert api.get(f"/reservations/{mine}", role=DORA).status_code == 200
    assert api.get(f"/reservations/{mine}", role=EMIL).status_code == 404
    assert api.ask("DELETE", f"/reservations/{mine}", role=EMIL).status_code == 404
    assert api.get("/reservations", role=EMIL).json()["items"] == []
    assert api.get("/reservations?user_id=dora", role=EMIL).json()["items"] == []
    assert [item["user_id"] for item in api.get("/reservations").json()["items"]] == ["dora"]
    assert api.get("/reservations?user_id=emil").json()["items"] == []


def test_private_station_is_not_there_for_others(api):
    assert api.ask("PUT", "/stations/B/access/dora").json()["private"]

    assert reserve(api, EMIL, station_id="B").status_code == 404
    assert reserve(api, EMIL, connector_type="cType2").json()["station_id"] == "A"
    assert reserve(api, DORA, station_id="B").status_code == 201
    assert not api.ask("DELETE", "/stations/B/access/dora").json()["private"]


def test_cancelled_reservation_frees_its_evse(api, stations, commands):
    mine = reserve(api, station_id="B").json()["id"]

    first, again = (api.ask("DELETE", f"/reservations/{mine}", role=DORA) for _ in range(2))

    assert (first.json()["status"], again.status_code) == ("cancelled", 200)
    assert reserve(api, EMIL, station_id="B").status_code == 201
    assert commands.sent == []
    assert events_of(stations) == ["reservation.made", "reservation.cancelled", "reservation.made"]


# ── At the station ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_station_is_told_shortly_before_and_once(api, stations, commands, clock, kept):
    reservation = reserve(api, station_id="B").json()["id"]
    kept()
    assert commands.sent == []

    clock.advance(minutes=50)
    kept()
    kept()

    ((station_id, command),) = commands.sent
    assert (station_id, command.action, command.evse_id) == ("B", "ReserveNow", 1)
    assert command.expires_at == START + 75 * MINUTE
    assert command.id_token == token_of(stations, "dora")
    assert api.get(f"/reservations/{reservation}", role=DORA).json()["station_answer"] == "Accepted"
    api.ask("DELETE", f"/reservations/{reservation}", role=DORA)
    assert commands.sent[-1][1].action == "CancelReservation"
    assert commands.sent[-1][1].reservation_id == command.reservation_id


@pytest.mark.parametrize("answer", [("offline", 2), ("not_supported", 1)])
def test_station_that_was_away_is_told_again_and_one_that_cannot_is_not(api, commands, clock, kept, answer):
    reservation = reserve(api, station_id="B").json()["id"]
    commands.outcome, tries = answer
    clock.advance(minutes=55)
    kept()
    kept()
    clock.advance(minutes=1)
    kept()

    assert len(commands.sent) == tries
    assert api.get(f"/reservations/{reservation}", role=DORA).json()["station_answer"] == commands.outcome


def test_station_says_that_it_gave_a_reservation_up(api, clock, commands, kept, take):
    reservation = reserve(api, station_id="B").json()["id"]
    clock.advance(minutes=55)
    kept()
    number = commands.sent[0][1].reservation_id

    content = {"reservationId": number, "reservationUpdateStatus": "Removed"}
    take(StationReported(report="ReservationStatusUpdate", timestamp=START, content=content), "B")

    assert api.get(f"/reservations/{reservation}", role=DORA).json()["station_answer"] == "Removed"


def test_driver_who_does_not_come_is_counted_and_his_evse_freed(api, stations, clock, kept):
    reservation = reserve(api, station_id="B").json()["id"]
    clock.advance(minutes=74, seconds=59)
    kept()
    assert api.get(f"/reservations/{reservation}", role=DORA).json()["status"] == "active"

    clock.advance(seconds=1)
    kept()

    assert api.get(f"/reservations/{reservation}", role=DORA).json()["status"] == "no_show"
    assert api.get("/reservations/allowance", role=DORA).json()["no_shows"] == 1
    assert reserve(api, EMIL, station_id="B", start="2026-11-22T19:15:00Z").status_code == 201
    assert events_of(stations)[-2:] == ["reservation.no_show", "reservation.made"]


def test_driver_who_could_not_have_charged_is_not_counted(api, stations, clock, kept):
    reservation = reserve(api, station_id="B").json()["id"]
    with stations.unit_of_work() as work:
        work.stations.set_status("B", 1, ConnectorStatus.FAULTED, START)
        work.commit()
    clock.advance(minutes=75)
    kept()

    assert api.get(f"/reservations/{reservation}", role=DORA).json()["status"] == "expired"
    assert api.get("/reservations/allowance", role=DORA).json()["no_shows"] == 0


# ── At the plug ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reserved_evse_refuses_others_within_the_window(api, stations, take):
    reserve(api, station_id="A", evse_id=1)
    mine = token_of(stations, "dora")

    def started(minute: int, token: str, evse_id: int = 1):
        said = TransactionStarted(
            evse_id=evse_id, timestamp=START + minute * MINUTE, id_token=token, ocpp_transaction_id=f"{minute}/{token}"
        )
        return take(said).status

    assert started(49, "card") == "Accepted"
    assert started(50, "card") == "NotAtThisTime"
    assert started(61, "card", 2) == "Accepted"
    assert started(62, mine) == "Accepted"


def test_authorise_is_refused_where_every_evse_is_held_for_others(api, stations, clock):
    answers = AnswerStations(
        unit_of_work=stations.unit_of_work, reading=stations.reading, clock=clock, secret_key="s" * 32
    )

    def asked(station_id: str, token: str) -> str:
        return answers.authorize(AuthorizeQuestion(station_id=station_id, id_token=token)).status

    reserve(api, station_id="A", evse_id=1)
    reserve(api, EMIL, station_id="B")
    clock.advance(minutes=55)

    assert asked("A", "card") == "Accepted"
    assert asked("B", "card") == "NotAtThisTime"
    assert asked("B", token_of(stations, "emil")) == "Accepted"
    assert asked("B", "stolen") == "Blocked"
    api.ask("PUT", "/stations/A/access/emil")
    assert asked("A", "card") == "NotAtThisLocation"


def test_session_uses_the_reservation_and_its_end_frees_the_evse(api, stations, take):
    reservation = reserve(api, station_id="B").json()["id"]
    begun = TransactionStarted(
        evse_id=1, timestamp=START + HOUR, id_token=token_of(stations, "dora"), ocpp_transaction_id="t"
    )
    take(begun, "B")
    used = api.get(f"/reservations/{reservation}", role=DORA).json()
    (session,) = api.get("/sessions", role=DORA).json()["items"]
    assert (used["status"], used["session_id"]) == ("used", session["id"])
    assert api.ask("DELETE", f"/reservations/{reservation}", role=DORA).status_code == 409
    rest = {"start": "2026-11-22T19:30:00Z", "end": "2026-11-22T20:00:00Z"}
    assert reserve(api, EMIL, station_id="B", **rest).status_code == 409

    take(TransactionEnded(ocpp_transaction_id="t", timestamp=START + HOUR + 10 * MINUTE), "B")

    assert reserve(api, EMIL, station_id="B", **rest).status_code == 201


def test_start_that_the_station_tells_late_is_no_no_show(api, stations, clock, kept, take):
    reservation = reserve(api, station_id="B").json()["id"]
    token = token_of(stations, "dora")
    clock.advance(minutes=80)
    kept()
    assert api.get(f"/reservations/{reservation}", role=DORA).json()["status"] == "no_show"

    take(TransactionStarted(evse_id=1, timestamp=START + 62 * MINUTE, id_token=token, ocpp_transaction_id="t"), "B")

    assert api.get(f"/reservations/{reservation}", role=DORA).json()["status"] == "used"


def test_who_charges_already_may_still_end_it_with_his_card(api, stations, clock, take):
    begun = START + 45 * MINUTE
    reserve(api, station_id="B", start="2026-11-22T19:00:00Z")
    take(TransactionStarted(evse_id=1, timestamp=begun, id_token="card", ocpp_transaction_id="t"), "B")
    clock.advance(minutes=55)
    answers = AnswerStations(
        unit_of_work=stations.unit_of_work, reading=stations.reading, clock=clock, secret_key="s" * 32
    )

    shown = answers.authorize(AuthorizeQuestion(station_id="B", id_token="CARD")).status
    updated = TransactionUpdated(ocpp_transaction_id="t", timestamp=begun + 10 * MINUTE, id_token="card")

    assert (shown, take(updated, "B").status) == ("Accepted", "Accepted")


def test_card_that_is_shown_after_the_plug_is_refused_at_a_reserved_evse(api, take):
    reserve(api, station_id="B")
    take(TransactionStarted(evse_id=1, timestamp=START + HOUR, ocpp_transaction_id="t"), "B")

    shown = TransactionUpdated(ocpp_transaction_id="t", timestamp=START + HOUR + MINUTE, id_token="card")

    assert take(shown, "B").status == "NotAtThisTime"


def test_drivers_own_card_is_of_one_group_with_what_the_station_keeps(api, commands, clock, kept, take):
    api.ask("PUT", "/id-tokens/RFID-1", json={"status": "Accepted", "user_id": "dora"})
    reserve(api, station_id="B")
    clock.advance(minutes=55)
    kept()
    command = commands.sent[0][1]

    decision = take(TransactionStarted(evse_id=1, timestamp=START + HOUR, id_token="RFID-1"), "B")

    assert command.group_id_token == command.id_token == decision.group_id_token
    assert decision.status == "Accepted"
    assert api.get("/reservations", role=DORA).json()["items"][0]["status"] == "used"


def test_session_whose_end_came_before_its_begin_holds_nothing(api, stations, take):
    reserve(api, station_id="B")
    begin, end = START + HOUR, START + HOUR + 10 * MINUTE
    token = token_of(stations, "dora")
    take(TransactionUpdated(evse_id=1, ocpp_transaction_id="t", timestamp=begin + MINUTE), "B")
    take(TransactionEnded(ocpp_transaction_id="t", timestamp=end), "B")
    take(TransactionStarted(evse_id=1, timestamp=begin, id_token=token, ocpp_transaction_id="t"), "B")

    assert api.get("/reservations", role=DORA).json()["items"][0]["status"] == "used"
    rest = {"start": "2026-11-22T19:30:00Z", "end": "2026-11-22T20:00:00Z"}
    assert reserve(api, EMIL, station_id="B", **rest).status_code == 201
