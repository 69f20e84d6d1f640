"""TWINEV_DRVR_5: shared vehicles, the driver's own vehicle and preferences.

Module under test: vehicles, their reservations, and preferences.
Elements validated: shared vehicles, own vehicles, reservation, pick-up and return, preferences, recommendations.
Features: a shared vehicle is kept for one driver at a time; what a driver owns and prefers shapes what is recommended.
Preconditions: two drivers have accounts; an EV is plugged in at a station that is the driver's to use.
Previous steps: TWINEV_DRVR_1, the login.
Dependencies: the API, the gateway, the planner, the database, NATS; simulated stations over OCPP.
Steps:
    1. As an operator: put a shared vehicle at a site.
    2. As a driver: reserve it, pick it up, bring it back; as another: try to have it at the same time.
    3. As a driver: keep a vehicle of one's own, and prefer green charging close by with it.
    4. Ask for recommendations without saying how far or with what; start a session with the vehicle.
Postconditions: the shared vehicle is at its site again; the driver's vehicle and preferences are kept.
Acceptance criteria:
    - The shared vehicle has one driver at a time; nobody else can pick it up, and it is free when it is back.
    - Recommended is only what lies within the preferred distance and has a connector of the driver's vehicle.
    - The session asks for the vehicle's energy and follows the preferred profile.
Suspension criteria: the API does not answer, or no station is connected.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of, may_charge, newcomer

from twinev.client import Client
from twinev.errors import Conflict, NotFound
from twinev.wire.rest.vehicles import VehicleOut

SITE, STATION = "utrecht-croeselaan", "UTR-06"
UTRECHT = (52.0851, 5.10545)


def test_shared_vehicle_is_one_drivers_from_reservation_to_return(running_cases: RunningSystem) -> None:
    operator, driver = client_of(running_cases, "charge_point_operator"), client_of(running_cases, "driver")
    other = newcomer(running_cases, "neighbour")
    with operator, driver, other:
        car = operator.add_vehicle("Shared hatchback", battery_kwh=52, shared=True, site_id=SITE)
        begins = driver.health().now
        kept = driver.reserve_vehicle(car.id, start=begins, end=begins + timedelta(hours=8))
        with pytest.raises(Conflict):
            other.reserve_vehicle(car.id, start=begins + timedelta(hours=1), end=begins + timedelta(hours=2))
        with pytest.raises(NotFound):
            other.pick_up_vehicle(car.id, kept.id)

        taken = driver.pick_up_vehicle(car.id, kept.id)
        assert (taken.status, taken.picked_up_at is not None) == ("picked_up", True)
        with pytest.raises(NotFound):
            other.return_vehicle(car.id, kept.id)
        assert driver.return_vehicle(car.id, kept.id).status == "returned"

        again = other.reserve_vehicle(car.id, start=_now(other), end=_now(other) + timedelta(hours=2))
        assert again.status == "active"
        assert [one.id for one in driver.vehicle_reservations(car.id)] == [kept.id]


def test_own_vehicle_and_preferences_shape_recommendation_and_session(running_cases: RunningSystem) -> None:
    operator = client_of(running_cases, "charge_point_operator")
    driver = newcomer(running_cases, "commuter")
    with operator, driver:
        wait_until(lambda: operator.station(STATION).evses[0].status == "Occupied", within=60, what="the EV has come")
        everywhere = {one.station_id for one in driver.recommend(*UTRECHT, max_distance_km=200).items}
        car = driver.add_vehicle("Compact", battery_kwh=40, max_ac_kw=3.7)
        driver.change_preferences(profile="green", max_distance_km=3, default_vehicle_id=car.id)

        _require_recommended_for(driver, car, everywhere)
        _require_session_of(driver, operator, car)


def _require_recommended_for(driver: Client, car: VehicleOut, everywhere: set[str]) -> None:
    assert {"UTR-05", "RTM-02"} <= everywhere
    (near,) = driver.recommend(*UTRECHT, energy_kwh=10, stay_minutes=600).items
    assert near.station_id == "UTR-05"
    # 10 kWh at the 3.7 kW that the vehicle takes, of the 11 kW that the charge point has.
    assert near.detail.charging_minutes >= 10 / car.max_ac_kw * 60 - 1
    driver.change_vehicle(car.id, connectors=("cCCS2",))
    assert driver.recommend(*UTRECHT).items == ()
    driver.change_vehicle(car.id, connectors=("cCCS2", "cType2"))
    assert [one.station_id for one in driver.recommend(*UTRECHT).items] == ["UTR-05"]


def _require_session_of(driver: Client, operator: Client, car: VehicleOut) -> None:
    operator.allow_at_station(STATION, driver.me().id)
    may_charge(driver)
    assert driver.start_charging(station_id=STATION, vehicle_id=car.id, soc=0.5, target_soc=0.8).outcome == "accepted"
    wait_until(lambda: driver.sessions(station_id=STATION, active=True), within=30, what="the session has begun")
    (session,) = driver.sessions(station_id=STATION, active=True)
    assert session.profile == "green"
    assert session.energy_requested_kwh == pytest.approx(0.3 * car.battery_kwh)
    driver.stop_session(session.id)
    wait_until(lambda: driver.session(session.id).ended_at, within=30, what="the session has ended")
    operator.withdraw_from_station(STATION, driver.me().id)


def _now(client: Client) -> datetime:
    return client.health().now
