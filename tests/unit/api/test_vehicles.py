"""Vehicles of drivers' own and shared ones with their reservations; preferences."""

from __future__ import annotations

import asyncio

import pytest

from twinev.domain.reservation import ReservationRules
from twinev.domain.vehicle_booking import BookingStatus
from twinev.services.command_station import CommandStation
from twinev.services.keep_reservations import KeepReservations

DORA, EMIL = "driver:dora", "driver:emil"
CAR = {"name": "Car", "battery_kwh": 60, "connectors": ["cType2", "cCCS2"], "max_dc_kw": 100}
WINDOW = {"start": "2026-11-22T19:00:00Z", "end": "2026-11-22T21:00:00Z"}


@pytest.fixture
def shared(api) -> str:
    """A shared vehicle's id."""
    return api.post("/vehicles", json=CAR | {"shared": True, "site_id": "s"}).raise_for_status().json()["id"]


@pytest.fixture
def own(api) -> str:
    """A vehicle of Dora's."""
    return api.post("/vehicles", role=DORA, json=CAR).raise_for_status().json()["id"]


def book(api, vehicle: str, role: str = DORA, **body):
    return api.post(f"/vehicles/{vehicle}/reservations", role=role, json=WINDOW | body)


# ── Vehicles ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_driver_sees_his_own_vehicles_and_the_shared(api, own, shared):
    listed = {role: api.get("/vehicles", role=role).json()["items"] for role in (DORA, EMIL)}

    assert {one["id"] for one in listed[DORA]} == {own, shared}
    assert [(one["id"], one["mine"], one["shared"]) for one in listed[EMIL]] == [(shared, False, True)]
    assert api.get(f"/vehicles/{own}", role=DORA).json()["connectors"] == ["cType2", "cCCS2"]


def test_somebody_elses_vehicle_is_not_there(api, own):
    path = f"/vehicles/{own}"
    for role in (EMIL, "charge_point_operator"):
        assert api.get(path, role=role).status_code == 404
        assert api.ask("PATCH", path, role=role, json={"name": "Mine"}).status_code == 404
        assert api.ask("DELETE", path, role=role).status_code == 404
        assert api.get(f"{path}/reservations", role=role).status_code == 404
        assert book(api, own, role).status_code == 404


def test_owner_changes_and_removes_a_vehicle(api, own):
    changed = api.ask("PATCH", f"/vehicles/{own}", role=DORA, json={"battery_kwh": 77, "v2g": True}).json()

    assert (changed["name"], changed["battery_kwh"], changed["v2g"]) == ("Car", 77, True)
    assert api.ask("PATCH", f"/vehicles/{own}", role=DORA, json={"site_id": "s"}).status_code == 422
    assert api.ask("DELETE", f"/vehicles/{own}", role=DORA).status_code == 204
    assert api.get(f"/vehicles/{own}", role=DORA).status_code == 404


def test_only_operators_keep_shared_vehicles(api, shared):
    path = f"/vehicles/{shared}"
    assert api.post("/vehicles", role=DORA, json=CAR | {"shared": True, "site_id": "s"}).status_code == 403
    assert api.ask("PATCH", path, role=DORA, json={"available": False}).status_code == 403
    assert api.ask("DELETE", path, role=DORA).status_code == 403
    assert api.post("/vehicles", json=CAR | {"shared": True}).status_code == 422
    assert api.post("/vehicles", json=CAR | {"shared": True, "site_id": "Z"}).status_code == 404
    assert api.ask("PATCH", path, json={"available": False}).json()["available"] is False
    assert book(api, shared).status_code == 409


# ── Reservations of shared ones ──────────────────────────────────────────────────────────────────────────────────────


def test_shared_vehicle_is_one_drivers_at_a_time(api, shared, clock):
    mine = book(api, shared).json()["id"]
    refused = book(api, shared, EMIL, start="2026-11-22T20:55:00Z", end="2026-11-22T22:00:00Z")
    after = book(api, shared, EMIL, start="2026-11-22T21:00:00Z", end="2026-11-22T22:00:00Z")

    assert (refused.status_code, after.status_code) == (409, 201)
    path = f"/vehicles/{shared}/reservations"
    assert [one["id"] for one in api.get(path, role=DORA).json()["items"]] == [mine]
    assert len(api.get(path).json()["items"]) == 2
    assert api.ask("DELETE", f"/vehicles/{shared}").status_code == 409


def test_vehicle_is_picked_up_and_returned(api, shared, clock):
    mine = book(api, shared).json()["id"]
    path = f"/vehicles/{shared}/reservations/{mine}"
    assert api.post(f"{path}/pick-up", role=DORA).status_code == 409
    clock.advance(minutes=55)

    assert api.post(f"{path}/return", role=DORA).status_code == 409
    assert api.post(f"{path}/pick-up", role=DORA).json()["status"] == "picked_up"
    assert api.ask("DELETE", path, role=DORA).status_code == 409
    clock.advance(minutes=60)
    assert api.post(f"{path}/return", role=DORA).json()["status"] == "returned"

    assert book(api, shared, EMIL, start="2026-11-22T20:00:00Z").status_code == 201


def test_next_driver_waits_until_the_vehicle_is_back(api, shared, clock):
    first = book(api, shared).json()["id"]
    second = book(api, shared, EMIL, start="2026-11-22T21:00:00Z", end="2026-11-22T22:00:00Z").json()["id"]
    clock.advance(minutes=60)
    api.post(f"/vehicles/{shared}/reservations/{first}/pick-up", role=DORA)
    clock.advance(minutes=120)

    early = api.post(f"/vehicles/{shared}/reservations/{second}/pick-up", role=EMIL)
    api.post(f"/vehicles/{shared}/reservations/{first}/return", role=DORA)

    assert early.status_code == 409
    assert "not been returned" in early.json()["detail"]
    assert api.post(f"/vehicles/{shared}/reservations/{second}/pick-up", role=EMIL).status_code == 201


def test_vehicle_that_nobody_comes_for_is_free_again(api, database, commands, shared, clock):
    mine = book(api, shared).json()["id"]
    sender = CommandStation(commands=commands, unit_of_work=database.unit_of_work, clock=clock)
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    keeper = KeepReservations(**storage, clock=clock, command_station=sender, rules=ReservationRules())
    clock.advance(minutes=75)

    asyncio.run(keeper.look())

    with database.reading() as work:
        assert work.vehicle_bookings.get(mine).status is BookingStatus.NO_SHOW
        kinds = [event.kind for event in work.outbox.pending(10)]
    assert kinds == ["vehicle.booked", "vehicle.no_show"]
    assert book(api, shared, EMIL, start="2026-11-22T19:15:00Z").status_code == 201


def test_other_drivers_find_nothing_of_a_vehicle_reservation(api, shared):
    path = f"/vehicles/{shared}/reservations/{book(api, shared).json()['id']}"

    assert api.get(path, role=EMIL).status_code == 404
    assert api.ask("DELETE", path, role=EMIL).status_code == 404
    for verb in ("pick-up", "return"):
        assert api.post(f"{path}/{verb}", role=EMIL).status_code == 404
    assert api.get(path.replace(shared, "nothing"), role=DORA).status_code == 404
    assert [api.ask("DELETE", path, role=DORA).json()["status"] for _ in range(2)] == ["cancelled", "cancelled"]


# ── Preferences ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_preferences_are_each_drivers_own(api, own):
    seen = api.get("/preferences", role=DORA)
    changes = {"profile": "green", "language": "nl", "default_vehicle_id": own, "notify_price": True}

    changed = api.ask("PATCH", "/preferences", role=DORA, json=changes, headers={"If-Match": seen.headers["ETag"]})

    assert changed.status_code == 200
    assert changed.json() == seen.json() | changes
    assert api.get("/preferences", role=DORA).headers["ETag"] == changed.headers["ETag"]
    assert api.get("/preferences", role=EMIL).json() == seen.json()


def test_preferences_changed_on_another_device_are_not_overwritten(api):
    seen = api.get("/preferences", role=DORA).headers["ETag"]

    def patch(**headers: str) -> int:
        return api.ask("PATCH", "/preferences", role=DORA, json={"language": "nl"}, headers=headers).status_code

    assert [patch(**{"If-Match": seen}) for _ in range(2)] == [200, 412]
    assert patch() == 428


@pytest.mark.parametrize("change", [{"min_target_soc": 1.1}, {"language": "?"}, {"profile": "lazy"}, {"x": 1}])
def test_preference_that_cannot_be_is_refused(api, change):
    refused = api.ask("PATCH", "/preferences", role=DORA, json=change, headers={"If-Match": "*"})

    assert refused.status_code == 422


def test_default_vehicle_is_one_that_the_driver_may_see(api, own):
    refused = api.ask("PATCH", "/preferences", role=EMIL, json={"default_vehicle_id": own}, headers={"If-Match": "*"})

    assert refused.status_code == 404
