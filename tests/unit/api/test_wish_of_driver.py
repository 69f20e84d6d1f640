"""What a driver does not say when he looks for a charge point is taken from his preferences and his vehicle."""

from __future__ import annotations

from typing import Any

import pytest

from twinev.domain.charge_points import Evse, Location
from twinev.domain.preferences import Preferences
from twinev.domain.users import Role, User
from twinev.domain.vehicle_booking import Vehicle
from twinev.services.recommend import DriverWish
from twinev.services.wish_of_driver import wish_of_driver

DORA = User(id="dora", username="dora", roles=frozenset({Role.DRIVER}))
SAID = {"place": Location(latitude_degrees=52.0, longitude_degrees=5.0)}
CAR = Vehicle(
    id="car", name="Car", battery_kwh=60, owner_id="dora", connectors=("cType2", "cCCS2"), max_ac_kw=11, max_dc_kw=120,
    consumption_kwh_per_km=0.21,
)  # fmt: skip


@pytest.fixture
def choose(database):
    def save(vehicle: Vehicle | None = None, **chosen: Any) -> None:
        with database.unit_of_work() as work:
            if vehicle is not None:
                work.vehicles.save(vehicle)
                chosen["default_vehicle_id"] = vehicle.id
            assert work.preferences.save(Preferences(user_id="dora", version=1, **chosen), was=0)
            work.commit()

    return save


@pytest.fixture
def wish(database):
    def complete(user: User | None = DORA, **said: Any) -> DriverWish:
        with database.reading() as work:
            return wish_of_driver(SAID | said, user=user, work=work)

    return complete


def test_preferred_distance_and_vehicle_complete_the_wish(choose, wish):
    choose(CAR, max_distance_km=3.0)

    assert wish() == DriverWish(
        **SAID,
        max_distance_km=3.0,
        connectors=("cType2", "cCCS2"),
        ev_max_kw=11,
        ev_max_dc_kw=120,
        consumption_kwh_per_km=0.21,
    )


@pytest.mark.parametrize(
    ("plug", "evse_kw", "most_kw"), [("cType2", 22, 11), ("cCCS2", 150, 120), ("cCCS2", 50, 50), ("cType2", 7.4, 7.4)]
)
def test_vehicle_takes_another_power_of_alternating_and_of_direct_current(choose, wish, plug, evse_kw, most_kw):
    choose(CAR)

    assert wish().most_kw(Evse(id=1, max_kw=evse_kw, connector_type=plug)) == most_kw


def test_what_is_said_counts_before_what_was_chosen(choose, wish):
    choose(CAR, max_distance_km=3.0)
    said = {"max_distance_km": 40.0, "connector_type": "sType2", "ev_max_kw": 7.4, "consumption_kwh_per_km": 0.3}

    assert wish(**said) == DriverWish(**SAID, **said)


@pytest.mark.parametrize("user", [None, DORA], ids=["stranger", "who chose nothing"])
def test_nothing_is_guessed_of_whoever_chose_nothing(wish, user):
    assert wish(user) == DriverWish(**SAID)


def test_nothing_is_told_a_stranger_of_others_choices(choose, wish):
    choose(CAR, max_distance_km=3.0)

    assert wish(None) == DriverWish(**SAID)


def test_vehicle_that_is_gone_leaves_the_distance(database, choose, wish):
    choose(CAR, max_distance_km=3.0)
    with database.unit_of_work() as work:
        work.vehicles.remove("car")
        work.commit()

    assert wish() == DriverWish(**SAID, max_distance_km=3.0)


def test_choices_beyond_what_can_be_looked_for_are_cut(choose, wish):
    lorry = Vehicle(id="car", name="Lorry", battery_kwh=600, owner_id="dora", consumption_kwh_per_km=4.0)
    choose(lorry, max_distance_km=1000.0)

    assert (wish().max_distance_km, wish().consumption_kwh_per_km) == (500.0, 2.0)


@pytest.fixture
def free(database, clock):
    """The station ``A`` is connected and free."""
    with database.unit_of_work() as work:
        work.stations.set_online("A", True, clock.now())
        work.stations.set_status("A", 1, "Available", clock.now())
        work.commit()


@pytest.mark.usefixtures("free")
@pytest.mark.parametrize(("connectors", "found"), [(("cCCS2",), []), (("cCCS2", "cType2"), ["A"])])
def test_charge_point_needs_one_of_the_vehicles_connectors(api, choose, connectors, found):
    choose(Vehicle(id="car", name="Car", battery_kwh=60, owner_id="dora", connectors=connectors), max_distance_km=50)

    answer = api.post("/recommendations", json={"latitude_degrees": 52.1, "longitude_degrees": 5.1}, role="driver:dora")

    assert [one["station_id"] for one in answer.json()["items"]] == found
