"""Where a driver can start charging: his reservations, then the private stations that he may use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charge_points import ConnectorStatus, Evse
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingSession
from twinev.domain.users import Role, User
from twinev.errors import NotFound
from twinev.services.start_places import start_place, start_places

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = ReservationRules()
DORA = User(id="dora", username="dora", roles=frozenset({Role.DRIVER}))
EMIL = User(id="emil", username="emil", roles=frozenset({Role.DRIVER}))


@pytest.fixture
def stations(database):
    """A and B are online and free."""
    with database.unit_of_work() as work:
        for station_id in ("A", "B"):
            work.stations.set_online(station_id, True, START, "socket")
            work.stations.save_evse(station_id, Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE))
        work.commit()
    return database


def reserve(api, start: datetime, station_id: str = "A") -> str:
    body = {"start": start.isoformat(), "end": (start + 2 * HOUR).isoformat(), "station_id": station_id}
    return api.post("/reservations", role="driver:dora", json=body).raise_for_status().json()["id"]


def allow(api, station_id: str) -> None:
    api.ask("PUT", f"/stations/{station_id}/access/dora").raise_for_status()


def places(database, now: datetime = START, user: User = DORA):
    with database.reading() as work:
        return start_places(user=user, work=work, now=now, rules=RULES)


def test_reservation_is_ready_from_a_little_before_its_start_until_it_lapses(api, stations):
    begins = START + HOUR
    reservation = reserve(api, begins)

    (early,) = places(stations)
    (soon,) = places(stations, begins - RULES.hold_before)

    assert early.reservation.id == reservation
    assert early.ready_from == begins - RULES.hold_before
    assert not early.ready(START)
    assert soon.ready(begins - RULES.hold_before)
    assert soon.latest_departure(begins) == soon.usual_departure(begins) == begins + 2 * HOUR
    assert places(stations, begins + timedelta(minutes=16)) == []


def test_reservations_come_by_their_start_and_private_stations_after_them(api, stations):
    allow(api, "B")
    reserve(api, START + 3 * HOUR)
    reserve(api, START)

    found = places(stations)

    assert [(one.station.id, one.reservation is not None) for one in found] == [("A", True), ("A", True), ("B", False)]
    assert found[0].reservation.window.start == START


def test_private_station_is_ready_for_its_users_alone(api, stations):
    allow(api, "B")

    (place,) = places(stations)

    assert (place.station.id, place.ready(START)) == ("B", True)
    assert place.latest_departure(START) == START + timedelta(hours=24)
    assert places(stations, user=EMIL) == []


def test_own_reservation_at_a_private_station_goes_before_it(api, stations):
    allow(api, "B")
    reserve(api, START, "B")

    (place,) = places(stations)

    assert place.reservation is not None


def test_evse_where_somebody_charges_is_not_ready(api, stations):
    allow(api, "B")
    with stations.unit_of_work() as work:
        other = ChargingSession(
            id="x", site_id="s", station_id="B", evse_id=1, ocpp_transaction_id="1", id_token="card", started_at=START
        )
        work.sessions.save(other)
        work.commit()

    (place,) = places(stations)

    assert place.occupied
    assert not place.ready(START)


def test_order_waits_at_its_place_for_half_an_hour(api, stations, clock):
    allow(api, "B")
    api.post("/sessions", role="driver:dora", json={"station_id": "B", "energy_kwh": 5}).raise_for_status()

    (waiting,) = places(stations)
    (later,) = places(stations, START + timedelta(minutes=31))

    assert waiting.order.ordered_at == clock.now()
    assert later.order is None


def test_blocked_station_is_no_place(api, stations):
    allow(api, "B")
    with stations.unit_of_work() as work:
        work.stations.save(replace(work.stations.get("B"), blocked_at=START))
        work.commit()

    assert places(stations) == []


@pytest.mark.parametrize("user", [DORA, EMIL])
def test_place_of_somebody_else_and_none_at_all_are_alike(api, stations, user):
    reservation = reserve(api, START)
    wanted = {"reservation_id": reservation if user is EMIL else "none", "station_id": None, "evse_id": 1}

    with stations.reading() as work, pytest.raises(NotFound):
        start_place(**wanted, user=user, work=work, now=START, rules=RULES)


def test_place_is_found_by_its_reservation_or_its_station(api, stations):
    allow(api, "B")
    reservation = reserve(api, START)

    with stations.reading() as work:
        known = {"user": DORA, "work": work, "now": START, "rules": RULES}
        reserved = start_place(reservation_id=reservation, station_id=None, evse_id=1, **known)
        private = start_place(reservation_id=None, station_id="B", evse_id=1, **known)

    assert (reserved.station.id, private.station.id) == ("A", "B")
