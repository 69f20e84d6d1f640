"""Sessions of drivers: start from a reservation or at a private station, follow, change, stop; stop by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charge_points import ConnectorStatus, Evse
from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.facts import ChargingNeedsNotified, Sample, StationFact, TransactionStarted, TransactionUpdated
from twinev.domain.plan import StoredPlan
from twinev.services.command_station import CommandStation
from twinev.services.driver_token import driver_token
from twinev.services.record_facts import record_facts
from twinev.services.stop_charging import StopCharging

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DORA, EMIL = "driver:dora", "driver:emil"
WINDOW = {"start": "2026-11-22T18:00:00Z", "end": "2026-11-22T20:00:00Z"}


pytestmark = pytest.mark.usefixtures("stations")


@pytest.fixture
def stations(database):
    """A and B are online and free."""
    with database.unit_of_work() as work:
        for station_id in ("A", "B"):
            work.stations.set_online(station_id, True, START, "socket")
            work.stations.save_evse(station_id, Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE))
        work.commit()
    return database


@pytest.fixture
def stopped(database, commands, clock):
    """The loop that stops sessions; call it to let it look once."""
    sender = CommandStation(commands=commands, unit_of_work=database.unit_of_work, clock=clock)
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    loop = StopCharging(**storage, clock=clock, command_station=sender)
    return lambda: asyncio.run(loop.look())


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


@pytest.fixture
def begin(stations, take, api):
    """The station says that the driver's transaction began; return the session's id."""

    def begun(user_id: str = "dora", station_id: str = "A") -> str:
        with stations.unit_of_work() as work:
            token = driver_token(user_id, work=work)
            work.commit()
        said = TransactionStarted(
            evse_id=1,
            timestamp=START + MINUTE,
            id_token=token,
            ocpp_transaction_id=f"t-{user_id}",
            meter_start_kwh=100.0,
        )
        assert take(said, station_id).status == "Accepted"
        return api.get("/sessions", role=f"driver:{user_id}").json()["items"][0]["id"]

    return begun


def reserve(api, role: str = DORA, **body) -> str:
    made = api.post("/reservations", role=role, json=WINDOW | {"station_id": "A"} | body)
    return made.raise_for_status().json()["id"]


def measured(kwh: float, minute: int, user_id: str = "dora", **others: float) -> TransactionUpdated:
    at = START + minute * MINUTE
    samples = [Sample(timestamp=at, value=100 + kwh, unit="kWh")]
    samples += [Sample(timestamp=at, measurand=name, value=value, unit="Percent") for name, value in others.items()]
    return TransactionUpdated(ocpp_transaction_id=f"t-{user_id}", timestamp=at, samples=tuple(samples))


def start(api, role: str = DORA, **body):
    return api.post("/sessions", role=role, json=body)


# ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_driver_starts_from_his_reservation_and_the_session_takes_his_order(api, commands, begin):
    reservation = reserve(api)

    sent = start(
        api, reservation_id=reservation, battery_kwh=50, soc=0.4, target_soc=0.8, profile="green",
        departure_at="2026-11-22T19:30:00Z",
    )  # fmt: skip
    session = api.get(f"/sessions/{begin()}", role=DORA).json()

    assert sent.status_code == 201
    ((station_id, command),) = commands.sent
    assert (station_id, command.action, command.evse_id) == ("A", "RequestStartTransaction", 1)
    assert session["id_token"] == command.id_token
    assert (session["energy_requested_kwh"], session["profile"]) == (pytest.approx(20.0), "green")
    assert session["departure_at"] == "2026-11-22T19:30:00Z"
    assert api.get(f"/reservations/{reservation}", role=DORA).json()["session_id"] == session["id"]


def test_session_from_a_reservation_departs_with_it_and_follows_the_drivers_preferences(api, begin):
    seen = api.get("/preferences", role=DORA).headers["ETag"]
    api.ask("PATCH", "/preferences", role=DORA, json={"profile": "fast"}, headers={"If-Match": seen})
    reserve(api)

    assert start(api, station_id="A", departure_at="2026-11-23T06:00:00Z").status_code == 201
    session = api.get(f"/sessions/{begin()}", role=DORA).json()

    assert (session["departure_at"], session["profile"]) == ("2026-11-22T20:00:00Z", "fast")


def test_driver_starts_at_a_private_station_without_reservation(api, begin):
    api.ask("PUT", "/stations/B/access/dora")
    vehicle = api.post("/vehicles", role=DORA, json={"name": "Mine", "battery_kwh": 60, "max_ac_kw": 7.4}).json()["id"]

    started = start(api, station_id="B", vehicle_id=vehicle, soc=0.5, target_soc=1.0)
    session = api.get(f"/sessions/{begin('dora', 'B')}", role=DORA).json()

    assert started.status_code == 201
    assert session["energy_requested_kwh"] == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ({"station_id": "A"}, 409, "reserve"),
        ({}, 422, "station_id"),
        ({"station_id": "Z"}, 404, "Z"),
        ({"station_id": "B"}, 404, "B"),
        ({"reservation_id": "nothing"}, 404, "nothing"),
        ({"station_id": "A", "id_token": "card"}, 403, "operator"),
        ({"station_id": "A", "target_soc": 1.4}, 422, "target_soc"),
    ],
)
def test_start_that_cannot_be_says_why(api, commands, body, code, word):
    api.ask("PUT", "/stations/B/access/emil")

    refused = start(api, **body)

    assert refused.status_code == code
    assert word in refused.json()["detail"]
    assert commands.sent == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"target_soc": 0.8, "soc": 0.4}, "battery_kwh"),
        ({"target_soc": 0.8, "battery_kwh": 50}, "soc"),
        ({"target_soc": 0.3, "soc": 0.4, "battery_kwh": 50}, "target_soc"),
        ({"target_soc": 0.8, "soc": 0.4, "battery_kwh": 50, "energy_kwh": 3}, "energy_kwh"),
        ({"departure_at": "2026-11-22T17:00:00Z"}, "departure_at"),
    ],
)
def test_wish_that_contradicts_itself_is_named(api, commands, body, word):
    refused = start(api, reservation_id=reserve(api), **body)

    assert refused.status_code == 422
    assert refused.json()["key"] == word or word in refused.json()["allowed"]
    assert commands.sent == []


def test_driver_accepts_the_terms_and_signs_before_charging_by_the_app(api, commands):
    reservation = reserve(api)
    api.post("/terms/charging/versions", json={"title": "Terms of charging", "text": "Pay."}).raise_for_status()

    without_terms = start(api, reservation_id=reservation)
    api.post("/terms/charging/acceptances", json={"version": 1}, role=DORA).raise_for_status()
    without_contract = start(api, reservation_id=reservation)
    api.post("/contracts", json={}, role=DORA).raise_for_status()
    started = start(api, reservation_id=reservation)

    assert without_terms.status_code == without_contract.status_code == 403
    assert "accept the terms and conditions before charging" in without_terms.json()["detail"]
    assert "sign a contract before charging" in without_contract.json()["detail"]
    assert started.status_code == 201
    assert len(commands.sent) == 1


def test_reservation_of_later_or_of_another_starts_nothing(api, commands):
    mine = reserve(api, start="2026-11-22T19:00:00Z")

    assert start(api, reservation_id=mine).status_code == 409
    assert start(api, EMIL, reservation_id=mine).status_code == 404
    assert commands.sent == []


# ── Following ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_progress_tells_the_state_of_charge_and_the_plan_ahead(api, stations, begin, take):
    start(api, reservation_id=reserve(api), battery_kwh=50, soc=0.4, target_soc=0.6)
    session = begin()
    take(measured(2.5, 20))
    keep_plan(stations, session, [0.5, 2.5, 2.5, 2.5, 0.0])

    progress = api.get(f"/sessions/{session}/progress", role=DORA).json()

    assert (progress["soc"], progress["soc_told"], progress["target_soc"]) == (pytest.approx(0.45), False, 0.6)
    assert (progress["energy_kwh"], progress["energy_requested_kwh"]) == (2.5, pytest.approx(10.0))
    assert [(step["start"], step["end"], step["power_kw"]) for step in progress["plan"]] == [
        ("2026-11-22T18:00:00Z", "2026-11-22T18:45:00Z", 10.0)
    ]
    assert progress["done_at"] == "2026-11-22T18:45:00Z"
    assert progress["stop_at"] == "2026-11-22T20:00:00Z"


def test_progress_tells_the_cost_so_far(api, begin, take):
    prices = [{"type": "ENERGY", "price": "0.40", "vat_percent": "21"}, {"type": "FLAT", "price": "1"}]
    tariff = {"id": "day", "name": "By day", "elements": [{"price_components": prices}]}
    api.post("/tariffs", json=tariff).raise_for_status()
    api.post("/tariffs/assignments", json={"site_id": "s", "tariff_id": "day"}).raise_for_status()
    reserve(api)
    session_id = begin()
    take(measured(2.5, 30))

    cost = api.get(f"/sessions/{session_id}/progress", role=DORA).json()["cost"]

    assert (cost["tariff_id"], cost["currency"]) == ("day", "EUR")
    assert cost["energy"] == {"excl_vat": "1.00", "incl_vat": "1.21"}
    assert cost["total"] == {"excl_vat": "2.00", "incl_vat": "2.21"}
    assert api.get(f"/sessions/{session_id}/progress").json()["cost"] == cost
    assert api.get(f"/sessions/{session_id}/progress", role="grid_operator").json()["cost"] is None


def test_progress_goes_by_what_the_ev_tells_of_its_battery(api, begin, take):
    start(api, reservation_id=reserve(api), battery_kwh=50, soc=0.4, target_soc=0.6)
    session = begin()
    take(measured(2.5, 20, SoC=52.0))

    progress = api.get(f"/sessions/{session}/progress", role=DORA).json()

    assert (progress["soc"], progress["soc_told"]) == (0.52, True)
    assert (progress["plan"], progress["done_at"]) == ([], None)


def test_what_the_ev_tells_does_not_undo_what_its_driver_ordered(api, stations, begin, take):
    start(api, reservation_id=reserve(api), energy_kwh=8, profile="cheap")
    session = begin()
    take(ChargingNeedsNotified(evse_id=1, timestamp=START + 2 * MINUTE, energy_kwh=30, max_kw=7.4, profile="fast"))

    shown = api.get(f"/sessions/{session}", role=DORA).json()

    assert (shown["energy_requested_kwh"], shown["profile"]) == (8, "cheap")
    with stations.reading() as work:
        assert work.sessions.get(session).needs.max_kw == 7.4


def test_driver_changes_what_he_ordered_within_his_reservation(api, begin, take, stopped, commands):
    start(api, reservation_id=reserve(api), battery_kwh=50, soc=0.4, target_soc=0.8)
    session = begin()

    changed = api.ask("PATCH", f"/sessions/{session}", role=DORA, json={"energy_kwh": 5})
    too_late = api.ask("PATCH", f"/sessions/{session}", role=DORA, json={"departure_at": "2026-11-22T21:00:00Z"})
    take(measured(5.0, 30))
    stopped()

    assert (changed.json()["energy_requested_kwh"], too_late.status_code) == (5, 422)
    assert api.get(f"/sessions/{session}/progress", role=DORA).json()["target_soc"] == pytest.approx(0.5)
    assert commands.sent[-1][1].action == "RequestStopTransaction"


# ── Stopping ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_session_is_stopped_at_its_target(api, begin, take, stopped, commands):
    start(api, reservation_id=reserve(api), energy_kwh=5)
    begin()
    take(measured(4.9, 20))
    stopped()
    assert len(commands.sent) == 1

    take(measured(5.0, 25))
    stopped()
    stopped()

    assert [command.action for _, command in commands.sent[1:]] == ["RequestStopTransaction"]
    assert commands.sent[1][1].ocpp_transaction_id == "t-dora"


def test_session_is_stopped_at_the_end_of_its_reservation(api, begin, stopped, commands, clock):
    start(api, reservation_id=reserve(api), energy_kwh=50)
    begin()
    clock.advance(minutes=119, seconds=59)
    stopped()
    assert len(commands.sent) == 1

    clock.advance(seconds=1)
    stopped()
    assert [command.action for _, command in commands.sent[1:]] == ["RequestStopTransaction"]
    clock.advance(minutes=2)
    stopped()

    assert len(commands.sent) == 3, "it goes on: the station is asked again"


def test_session_goes_on_past_its_target_where_the_driver_wants_so(api, begin, take, stopped, commands):
    start(api, reservation_id=reserve(api), energy_kwh=5, stop_at_target=False)
    begin()
    take(measured(6.0, 30))
    stopped()

    assert len(commands.sent) == 1


@pytest.mark.parametrize(("profile", "asked"), [("green", 0), ("cheap", 0), ("default", 0), ("fast", 1)])
def test_ev_that_gives_energy_back_is_stopped_at_its_target_when_it_departs(
    *, api, begin, take, stopped, commands, clock, stations, profile, asked
):
    with stations.unit_of_work() as work:
        work.abilities.save(ChargingAbilities(station_id="A", discharging_evses=frozenset({1}), at=START))
        work.commit()
    start(api, reservation_id=reserve(api), energy_kwh=5, profile=profile, departure_at="2026-11-22T19:30:00Z")
    begin()
    take(ChargingNeedsNotified(evse_id=1, timestamp=START + 2 * MINUTE, max_kw=11, max_discharge_kw=11))
    take(measured(5.0, 25))
    clock.advance(minutes=89)
    stopped()
    assert len(commands.sent) == 1 + asked

    clock.advance(minutes=1)
    stopped()

    assert [command.action for _, command in commands.sent[1:]] == ["RequestStopTransaction"]


def test_ev_that_could_give_energy_back_elsewhere_is_stopped_at_its_target(api, begin, take, stopped, commands):
    start(api, reservation_id=reserve(api), energy_kwh=5, profile="green")
    begin()
    take(ChargingNeedsNotified(evse_id=1, timestamp=START + 2 * MINUTE, max_kw=11, max_discharge_kw=11))
    take(measured(5.0, 25))
    stopped()

    assert commands.sent[-1][1].action == "RequestStopTransaction"


def test_driver_stops_his_own_session(api, begin, commands):
    start(api, reservation_id=reserve(api))
    session = begin()

    assert api.post(f"/sessions/{session}/stop", role=EMIL).status_code == 404
    assert api.post(f"/sessions/{session}/stop", role=DORA).status_code == 201
    assert commands.sent[-1][1].action == "RequestStopTransaction"


# ── Whose it is ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_other_drivers_find_nothing_of_a_session(api, begin):
    start(api, reservation_id=reserve(api))
    session = begin()
    own = f"/sessions/{session}"

    for path in (own, f"{own}/progress", f"{own}/meter-values"):
        assert api.get(path, role=DORA).status_code == 200
        assert api.get(path, role=EMIL).status_code == 404
        assert api.get(path, role="grid_operator").status_code == 200
    assert api.ask("PATCH", own, role=EMIL, json={"energy_kwh": 1}).status_code == 404
    assert api.ask("PATCH", own, role="grid_operator", json={"energy_kwh": 1}).status_code == 403
    assert api.get("/sessions", role=EMIL).json()["items"] == []
    assert len(api.get("/sessions").json()["items"]) == 1


def test_session_of_a_card_is_its_owners(api, take):
    api.ask("PUT", "/id-tokens/RFID-1", json={"status": "Accepted", "user_id": "emil"})
    take(TransactionStarted(evse_id=1, timestamp=START, id_token="rfid-1", ocpp_transaction_id="t"))

    assert len(api.get("/sessions", role=EMIL).json()["items"]) == 1
    assert api.get("/sessions", role=DORA).json()["items"] == []


def keep_plan(database, session: str, energy_kwh: list[float]) -> None:
    """A plan from 17:45 on, in slots of 15 minutes."""
    plan = StoredPlan(
        id="plan",
        site_id="s",
        made_at=START,
        trigger="session.started",
        formulation="cpo",
        scenario={"start": "2026-11-22T17:45:00+00:00", "slot_minutes": 15},
        schedule={"sessions": [{"id": session, "energy_kwh": energy_kwh}]},
    )
    with database.unit_of_work() as work:
        work.plans.add(plan)
        work.commit()


def test_end_is_told_though_the_meter_was_read_a_while_ago(api, stations, begin, take, clock):
    """A plan counts from the reading before it: what has flowed since is in no reading, and in the plan no more."""
    reservation = reserve(api)
    start(api, reservation_id=reservation, battery_kwh=50, soc=0.4, target_soc=0.5).raise_for_status()
    session_id = begin()
    take(measured(2.0, minute=14))
    with stations.unit_of_work() as work:
        work.sessions.save(replace(work.sessions.get(session_id), power_kw=11.0))
        work.commit()
    keep_plan(stations, session_id, [0.0, 2.0, 1.5, 1.5, 0.0])
    clock.advance(minutes=17)

    progress = api.get(f"/sessions/{session_id}/progress", role=DORA).json()

    assert progress["energy_kwh"] == 2.0
    assert "18:40" < progress["done_at"][11:16] <= "18:45"


def test_progress_tells_the_power_that_was_measured(api, begin, take):
    session_id = begin()
    for minute, kwh in ((16, 2.5), (31, 3.0)):
        take(measured(kwh, minute=minute))

    steps = api.get(f"/sessions/{session_id}/progress", role=DORA).json()["measured"]

    assert [(step["start"][11:16], step["end"][11:16]) for step in steps] == [("18:01", "18:16"), ("18:16", "18:31")]
    assert [step["power_kw"] for step in steps] == pytest.approx([10.0, 2.0])


def test_many_readings_are_told_in_few_stretches_with_all_their_energy(api, begin, take):
    session_id = begin()
    for minute in range(2, 302):
        take(measured(0.1 * minute, minute=minute))

    steps = api.get(f"/sessions/{session_id}/progress", role=DORA).json()["measured"]

    assert 60 <= len(steps) <= 121
    hours = [datetime.fromisoformat(step["end"]) - datetime.fromisoformat(step["start"]) for step in steps]
    energy_kwh = sum(
        step["power_kw"] * (length / timedelta(hours=1)) for step, length in zip(steps, hours, strict=True)
    )
    assert energy_kwh == pytest.approx(30.1, abs=0.05)


def test_owner_of_the_card_sees_an_old_session_in_the_same_way_everywhere(api, begin, database):
    session_id = begin("dora")
    with database.unit_of_work() as work:
        work.sessions.save(replace(work.sessions.get(session_id), user_id=None))
        work.commit()

    paths = [f"/sessions/{session_id}{tail}" for tail in ("", "/progress", "/meter-values")]

    assert [api.get(path, role=DORA).status_code for path in paths] == [200] * 3
    assert [api.get(path, role=EMIL).status_code for path in paths] == [404] * 3
    assert api.get(f"/sessions/{session_id}/progress", role=DORA).json()["cost"] is not None


# ── Private stations ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("public", "named", "private"), [(True, (), False), (True, ("dora",), True), (False, (), True)]
)
def test_private_station_is_private_everywhere(api, database, public, named, private):
    with database.unit_of_work() as work:
        work.stations.save(replace(work.stations.get("A"), public=public))
        for user_id in named:
            work.station_access.allow("A", user_id)
        work.commit()
    window = {"start": "2026-11-22T19:00:00Z", "end": "2026-11-22T20:00:00Z", "station_id": "A"}

    shown = [evse["station_id"] for evse in api.get("/availability", role=None).json()["items"]]

    assert ("A" in shown) is not private
    assert api.get("/stations/A/access").json()["private"] is private
    assert api.ask("POST", "/reservations", role=EMIL, json=window).status_code == (404 if private else 201)
    if named:
        assert api.ask("POST", "/reservations", role=DORA, json=window).status_code == 201
