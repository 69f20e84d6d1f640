"""TWINEV_DRVR_2: reservation of a charge point, kept or missed (the paper's Fig. 8).

Module under test: reservations.
Elements validated: reservation, ReserveNow at the station, start from it, automatic stop, expiry, no-shows.
Features: a charge point is kept for one driver; who does not come in time loses it, and that is counted.
Preconditions: two charge points are free; the driver's EV comes later to the first, and nobody's to the second.
Previous steps: TWINEV_DRVR_1, the login and the search for a charge point.
Dependencies: the API, the gateway, the planner, the database, NATS; simulated stations over OCPP 1.6 and 2.0.1.
Steps:
    1. As a driver: reserve the first charge point from now on.
    2. As another: reserve the second; try to reserve the first as well.
    3. Wait until the station keeps the first; come, and start from the reservation with a target state of charge.
    4. As the other: look for the reservation and the session, and try to use them.
    5. Let the EV charge to its target, and let the time for the second run out.
Postconditions: the first reservation is used and its session has ended; the second is a no-show; both are free again.
Acceptance criteria:
    - Nothing is booked twice; what is reserved is told as not available.
    - The station accepts the reservation, and the session that begins there is the reservation's.
    - The session is stopped from afar when the energy of the target has flowed by the meter.
    - The other reservation lapses after the grace and counts against its driver; he finds nothing of the first one's.
Suspension criteria: the stations are not connected.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of, newcomer

from twinev.client import Client
from twinev.errors import Conflict, Forbidden, NotFound
from twinev.wire.rest.sessions import SessionOut

SPEED = 60
STATION, OTHER_STATION = "UTR-01", "UTR-02"
ORDERED_KWH = 4.0
#: At 60 times the speed, what flows between a meter value and the station's obedience.
OVERSHOOT_KWH = 2.0
COMES_AFTER_SECONDS = 1800
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


def now(client: Client) -> datetime:
    return client.health().now


@pytest.fixture
def running(start_system: Callable[..., RunningSystem]) -> RunningSystem:
    # Two hours of grace are two minutes of the wall's clock.
    return start_system([EV], speed=SPEED, environment={"TWINEV_RESERVATION_GRACE_MINUTES": "120"})


def test_driver_charges_from_a_reservation_and_another_does_not_come(running: RunningSystem) -> None:
    driver, operator = client_of(running, "driver"), client_of(running, "charge_point_operator")
    with driver, operator, newcomer(running, "emil") as other:
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
        assert STATION not in {one.station_id for one in other.availability(available=True)}
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
