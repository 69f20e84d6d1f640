"""Reservations in both databases: nothing is booked twice, however many try at once; orders, access, preferences."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from sqlalchemy import text

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.api.problems import problem_of
from twinev.domain.charge_order import BatteryState, ChargeOrder
from twinev.domain.charge_points import ConnectorStatus, Evse
from twinev.domain.preferences import Preferences
from twinev.domain.reservation import Reservation, ReservationRules, ReservationStatus
from twinev.domain.session import ChargingSession
from twinev.domain.time_window import STEP, TimeWindow
from twinev.domain.users import Role, User
from twinev.domain.vehicle_booking import BookingStatus, Vehicle, VehicleBooking
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.errors import Conflict, NotFound
from twinev.services.book_vehicle import book_vehicle
from twinev.services.find_evse import Wish
from twinev.services.reserve import reserve

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVENING = TimeWindow(start=START + HOUR, end=START + 2 * HOUR)
TRIES = 50


def driver(number: int) -> User:
    return User(id=f"driver-{number}", username=f"driver-{number}", roles=frozenset({Role.DRIVER}))


def reservation(number: int, window: TimeWindow = EVENING, **changes) -> Reservation:
    made = Reservation(
        id=f"r{number}",
        number=number,
        user_id=f"u{number}",
        site_id="s",
        station_id="A",
        evse_id=1,
        connector_type="cType2",
        window=window,
        grace_minutes=15,
        made_at=START + timedelta(seconds=number),
    )
    return replace(made, **changes)


def all_at_once(work: Callable[[int], object], times: int = TRIES) -> list[object]:
    """Run ``work(n)`` in as many threads, which begin together; return what each returned or raised."""
    together = threading.Barrier(times)

    def one(number: int) -> object:
        together.wait(timeout=60)
        try:
            return work(number)
        except Conflict as refused:
            return refused

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


@pytest.fixture
def free(fleet: Database) -> Database:
    """Station A is online, its EVSE 1 alone in order."""
    with fleet.unit_of_work() as work:
        work.stations.set_online("A", True, START, "socket")
        work.stations.save_evse("A", Evse(id=1, max_kw=11, status=ConnectorStatus.AVAILABLE))
        work.commit()
    return fleet


@pytest.fixture
def shared(fleet: Database) -> Vehicle:
    vehicle = Vehicle(id="v", name="Shared", battery_kwh=50, site_id="s")
    with fleet.unit_of_work() as work:
        work.vehicles.save(vehicle)
        work.commit()
    return vehicle


# ── Nothing twice ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_fifty_drivers_at_once_one_gets_the_evse(free, clock):
    given = {"unit_of_work": free.unit_of_work, "clock": clock, "rules": ReservationRules()}
    wish = Wish(window=EVENING, station_id="A", evse_id=1)

    results = all_at_once(lambda number: reserve(wish, user=driver(number), **given))

    won = [result for result in results if isinstance(result, Reservation)]
    refused = [problem_of(result).status for result in results if isinstance(result, Conflict)]
    assert len(won) == 1
    assert refused == [409] * (TRIES - 1)
    with free.reading() as work:
        assert [kept.id for kept in work.reservations.list(limit=100)] == [won[0].id]


def test_of_fifty_rows_at_once_the_database_itself_takes_one(fleet):
    """Without anything else that could hold them apart: no counter, no lock, no look beforehand."""

    def book(number: int) -> bool:
        with fleet.unit_of_work() as work:
            booked = work.reservations.book(reservation(number))
            work.commit()
        return booked

    assert sorted(all_at_once(book)) == [False] * (TRIES - 1) + [True]


def test_windows_that_are_taken_at_once_never_overlap(fleet):
    dice = random.Random(7)
    starts = [START + STEP * dice.randrange(60) for _ in range(TRIES)]
    windows = [TimeWindow(start=start, end=start + STEP * dice.randrange(1, 12)) for start in starts]

    def book(number: int) -> TimeWindow | None:
        with fleet.unit_of_work() as work:
            booked = work.reservations.book(reservation(number, windows[number]))
            work.commit()
        return windows[number] if booked else None

    taken = [window for window in all_at_once(book) if window is not None]

    assert len(taken) > 1
    assert not any(one.overlaps(other.start, other.end) for one, other in combinations(taken, 2))
    # Whoever was refused had a reason.
    assert all(any(w.overlaps(t.start, t.end) for t in taken) for w in windows)


def test_of_fifty_drivers_at_once_one_gets_the_vehicle(fleet, shared, clock):
    given = {"unit_of_work": fleet.unit_of_work, "clock": clock, "rules": ReservationRules()}

    results = all_at_once(lambda number: book_vehicle("v", EVENING, user=driver(number), **given))

    assert sum(isinstance(result, VehicleBooking) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == TRIES - 1


def test_one_driver_at_once_gets_no_more_than_he_may_have(free, clock):
    given = {"unit_of_work": free.unit_of_work, "clock": clock, "rules": ReservationRules(max_active=3)}

    def one(number: int) -> Reservation:
        window = TimeWindow(start=START + number * HOUR, end=START + (number + 1) * HOUR)
        return reserve(Wish(window=window, station_id="A", evse_id=1), user=driver(0), **given)

    results = all_at_once(one, times=12)

    assert sum(isinstance(result, Reservation) for result in results) == 3


# ── What is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reservation_comes_back_as_it_was_kept(fleet):
    first, second = reservation(1), reservation(2, evse_id=2, user_id="u1")
    used = replace(
        first, status=ReservationStatus.USED, told_at=START, station_answer="Accepted", ended_at=START, session_id="x"
    )
    with fleet.unit_of_work() as work:
        assert work.reservations.book(first)
        assert work.reservations.book(second)
        work.reservations.save(used)
        work.commit()

    with fleet.reading() as work:
        found = work.reservations
        assert found.get("r1") == found.of_number("A", 1) == found.of_session("x") == used
        assert found.active() == found.active(station_id="A") == found.active(user_id="u1") == [second]
        assert found.of_number("B", 1) is found.of_number("A", -1) is found.of_number("A", 2**80) is None
        assert found.list(limit=5) == [second, used]
        assert found.list(limit=5, before="r2") == found.list(limit=5, status=ReservationStatus.USED) == [used]
        assert found.list(limit=5, user_id="u2") == found.list(limit=5, station_id="B") == []
        assert found.count("u1", ReservationStatus.USED, since=START) == 1
        assert found.taken(EVENING.steps, ["A", "B"]) == {("A", 1), ("A", 2)}
        assert found.taken(EVENING.steps, ["B"]) == set()
        with pytest.raises(NotFound):
            found.get("nothing")


def test_released_evse_can_be_taken_again_by_the_same_transaction(fleet):
    with fleet.unit_of_work() as work:
        assert work.reservations.book(reservation(1))
        assert not work.reservations.book(reservation(2))
        work.reservations.release("r1")
        assert work.reservations.book(reservation(3))
        work.commit()

    with fleet.reading() as work:
        assert {kept.id for kept in work.reservations.list(limit=5)} == {"r1", "r3"}


def test_numbers_go_up_by_one(fleet):
    with fleet.unit_of_work() as work:
        assert [work.reservations.next_number() for _ in range(3)] == [1, 2, 3]


def test_order_waits_for_its_session_and_is_found_by_it(fleet):
    needs = ChargingNeeds(energy_kwh=20, departure_at=START + HOUR, max_kw=7.4, profile=DriverProfile.GREEN)
    battery = BatteryState(battery_kwh=50, soc=0.4, target_soc=0.8)
    order = ChargeOrder(
        id="o", user_id="u", station_id="A", evse_id=1, id_token="t", ordered_at=START, needs=needs, battery=battery,
        stop_at=START + HOUR,
    )  # fmt: skip
    session = ChargingSession(
        id="x", site_id="s", station_id="A", evse_id=1, ocpp_transaction_id="1", id_token="t", user_id="u",
        started_at=START,
    )  # fmt: skip
    with fleet.unit_of_work() as work:
        work.charge_orders.save(order)
        assert work.charge_orders.waiting("A", 1, "t", since=START) == order
        assert work.charge_orders.waiting("A", 1, "t", since=START + STEP) is None
        assert work.charge_orders.waiting("A", 2, "t", since=START) is None
        work.sessions.save(session)
        begun = replace(order, session_id="x", stop_asked_at=START)
        work.charge_orders.save(begun)
        assert work.charge_orders.waiting("A", 1, "t", since=START) is None
        assert work.charge_orders.of_session("x") == begun
        assert list(work.charge_orders.running()) == [begun]
        work.sessions.save(replace(session, ended_at=START + HOUR))
        assert list(work.charge_orders.running()) == []
        assert work.sessions.list(limit=5, user_id="u")[0].user_id == "u"
        assert work.sessions.list(limit=5, user_id="other") == []


def test_private_station_has_its_users(fleet):
    with fleet.unit_of_work() as work:
        for user_id in ("u", "v", "u"):
            work.station_access.allow("A", user_id)
        assert work.station_access.users("A") == {"u", "v"}
        assert work.station_access.stations() == {"A": frozenset({"u", "v"})}
        work.station_access.withdraw("A", "u")
        assert work.station_access.users("A") == {"v"}
        assert work.station_access.users("B") == frozenset()


def test_vehicle_and_its_bookings_come_back_as_they_were_kept(fleet, shared):
    own = Vehicle(id="o", name="Own", battery_kwh=77, owner_id="u", connectors=("cCCS2",), v2g=True)
    booking = VehicleBooking(
        id="b", vehicle_id="v", user_id="u", site_id="s", window=EVENING, grace_minutes=15, made_at=START
    )
    with fleet.unit_of_work() as work:
        work.vehicles.save(own)
        assert work.vehicles.list(owner_id="u") == [own, shared]
        assert work.vehicles.list(owner_id="other") == [shared]
        assert work.vehicle_bookings.book(booking)
        assert not work.vehicle_bookings.book(replace(booking, id="c"))
        assert work.vehicle_bookings.open(user_id="u") == work.vehicle_bookings.open(vehicle_id="v") == [booking]
        back = replace(booking, status=BookingStatus.RETURNED, picked_up_at=START, ended_at=START)
        work.vehicle_bookings.save(back)
        work.vehicle_bookings.release("b")
        assert work.vehicle_bookings.get("b") == back
        assert work.vehicle_bookings.list("v", limit=5) == [back]
        assert work.vehicle_bookings.list("v", limit=5, user_id="other") == []
        assert work.vehicle_bookings.book(replace(booking, id="d", user_id="w"))
        work.vehicles.remove("v")
        with pytest.raises(NotFound):
            work.vehicles.get("v")


def test_preferences_are_replaced_only_from_the_version_that_is_there(fleet):
    chosen = Preferences(user_id="u", profile=DriverProfile.CHEAP, version=1)
    with fleet.unit_of_work() as work:
        assert work.preferences.of("u") == Preferences(user_id="u")
        assert work.preferences.save(chosen, was=0)
        assert not work.preferences.save(chosen, was=0)
        assert work.preferences.of("u") == chosen
        assert not work.preferences.save(replace(chosen, version=3), was=2)
        assert work.preferences.save(replace(chosen, language="nl", version=2), was=1)
        assert work.preferences.of("u").language == "nl"


def test_sessions_from_before_belong_to_whose_card_it_was(empty_url):
    upgrade(empty_url, revision="0008")
    engine = open_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO id_tokens (id_token, status, user_id) VALUES ('card', 'Accepted', 'u')"))
        _insert_session(connection, "theirs", "CARD")
        _insert_session(connection, "nobodys", "stranger")
    engine.dispose()

    upgrade(empty_url)

    engine = open_engine(empty_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, user_id FROM charging_sessions ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("nobodys", None), ("theirs", "u")]


def _insert_session(connection, session_id: str, id_token: str) -> None:
    site = "('s', 'S', 0, 0, 1, 0, 'NL', 'UTC', 15, 96, {no}, 1, 1)"
    no = "false" if connection.dialect.name == "postgresql" else "0"
    columns = (
        "id, name, latitude_degrees, longitude_degrees, supply_max_kw, supply_min_kw, price_zone, time_zone, "
        "slot_minutes, horizon_slots, accepts_unknown_tokens, default_energy_kwh, default_stay_minutes"
    )
    connection.execute(text(f"INSERT INTO sites ({columns}) VALUES {site.format(no=no)} ON CONFLICT DO NOTHING"))
    station = f"('A', 's', 'A', 0, 0, 0, {no})"
    columns = "id, site_id, name, latitude_degrees, longitude_degrees, security_profile, online"
    connection.execute(text(f"INSERT INTO stations ({columns}) VALUES {station} ON CONFLICT DO NOTHING"))
    columns = (
        "id, site_id, station_id, evse_id, ocpp_transaction_id, id_token, started_at, profile, energy_kwh, power_kw"
    )
    row = f"('{session_id}', 's', 'A', 1, '{session_id}', '{id_token}', '2026-11-22 18:00:00', 'default', 0, 0)"
    connection.execute(text(f"INSERT INTO charging_sessions ({columns}) VALUES {row}"))
