"""A driver reserves, comes, charges and is stopped; another does not come: whole system, stations over real OCPP."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from running_system import RunningSystem, wait_until

from twinev.client import Client
from twinev.errors import Conflict, Forbidden, NotFound
from twinev.wire.rest.sessions import SessionOut

SPEED = 60
STATION, OTHER_STATION = "UTR-01", "UTR-02"
ORDERED_KWH = 4.0
#: At 60 times the speed, what flows between a meter value and the station's obedience.
OVERSHOOT_KWH = 2.0
COMES_AFTER_SECONDS = 900
# The EV wants far more than its driver orders: it is the platform that stops it. He starts from his phone.
EV = {
    "station": STATION,
    "at_seconds": COMES_AFTER_SECONDS,
    "energy_kwh": 30,
    "stay_minutes": 900,
    "max_kw": 11,
    "battery_kwh": 60,
    "soc": 0.3,
    "id_token": None,
}


def client_of(running: RunningSystem, role: str) -> Client:
    account = running.account(role)
    return Client(running.api_url, username=account["username"], password=account["password"])


def second_driver(running: RunningSystem) -> Client:
    password = secrets.token_urlsafe(16)
    body = {"username": "emil", "password": password, "roles": ["driver"]}
    running.client("administrator").post("/users", json=body).raise_for_status()
    return Client(running.api_url, username="emil", password=password)


def now(client: Client) -> datetime:
    return client.health().now


@pytest.fixture
def running(start_system: Callable[..., RunningSystem]) -> RunningSystem:
    # Two hours of grace are two minutes of the wall's clock.
    return start_system([EV], speed=SPEED, environment={"TWINEV_RESERVATION_GRACE_MINUTES": "120"})


def test_driver_charges_from_a_reservation_and_another_does_not_come(running: RunningSystem) -> None:
    driver, operator = client_of(running, "driver"), client_of(running, "charge_point_operator")
    with driver, operator, second_driver(running) as other:
        wait_until(lambda: operator.station(STATION).online, within=60, what="the station is online")
        wait_until(lambda: operator.station(OTHER_STATION).online, within=60, what="the other station is online")
        begins = now(driver)
        reservation = driver.reserve(start=begins, end=begins + timedelta(hours=3), station_id=STATION)
        missed = other.reserve(start=begins, end=begins + timedelta(minutes=15), station_id=OTHER_STATION)
        with pytest.raises(Conflict):
            other.reserve(start=begins, end=begins + timedelta(hours=1), station_id=STATION)
        wait_until(
            lambda: driver.reservation(reservation.id).station_answer == "Accepted",
            within=30,
            what="the station keeps the EVSE",
        )
        wait_until(lambda: _status(operator) == "Occupied", within=90, what="the EV has come")

        session = _charge(driver, reservation.id)
        _require_others_find_nothing(other, reservation.id, session.id)
        ended = _wait_for_end(driver, session.id)

        assert ORDERED_KWH - 0.05 <= ended.energy_kwh <= ORDERED_KWH + OVERSHOOT_KWH
        assert ended.stop_reason == "Remote"
        told = {
            (command.action, command.issued_by): command.outcome for command in operator.commands(station_id=STATION)
        }
        assert told["ReserveNow", "reservations"] == "accepted"
        assert told["RequestStopTransaction", "automatic stop"] == "accepted"
        wait_until(
            lambda: other.reservation(missed.id).status == "no_show", within=60, what="who did not come is counted"
        )
        assert other.allowance().no_shows == 1
        assert driver.reservation(reservation.id).status == "used"


def _charge(driver: Client, reservation_id: str) -> SessionOut:
    sent = driver.start_charging(
        reservation_id=reservation_id, battery_kwh=60, soc=0.3, target_soc=0.3 + ORDERED_KWH / 60, profile="fast"
    )
    assert sent.outcome == "accepted"
    wait_until(lambda: driver.sessions(active=True), within=30, what="the session has begun")
    (session,) = driver.sessions(active=True)
    assert driver.reservation(reservation_id).session_id == session.id
    wait_until(lambda: driver.session_progress(session.id).plan, within=30, what="there is a plan")
    progress = driver.session_progress(session.id)
    assert progress.energy_requested_kwh == pytest.approx(ORDERED_KWH)
    assert progress.soc is not None
    return session


def _wait_for_end(driver: Client, session_id: str) -> SessionOut:
    wait_until(lambda: driver.session(session_id).ended_at, within=120, what="the session is stopped at its target")
    return driver.session(session_id)


def _require_others_find_nothing(other: Client, reservation_id: str, session_id: str) -> None:
    for look in (
        lambda: other.session(session_id),
        lambda: other.session_progress(session_id),
        lambda: other.meter_values(session_id),
        lambda: other.stop_session(session_id),
        lambda: other.reservation(reservation_id),
        lambda: other.cancel_reservation(reservation_id),
        lambda: other.start_charging(reservation_id=reservation_id),
    ):
        with pytest.raises(NotFound):
            look()
    with pytest.raises(Forbidden):
        other.stations()
    assert other.sessions() == []


def _status(operator: Client) -> str:
    return operator.station(STATION).evses[0].status
