"""TWINEV_DRVR_4: charging at a private charge point without a reservation (the paper's Fig. 9).

Module under test: charge sessions.
Elements validated: private stations, start from afar, live progress, events of one's own session, manual stop.
Features: who may use a private charge point starts there at once, watches the session and stops it when he likes.
Preconditions: a station has been made private by its operator; the driver's EV is plugged in there.
Previous steps: TWINEV_DRVR_1, the login.
Dependencies: the API, the gateway, the planner, the database, NATS; a simulated station over OCPP 2.0.1.
Steps:
    1. As a driver who may not use the station: look for it, and try to start there.
    2. As the driver who may: start with a target state of charge.
    3. Watch power, energy, state of charge, cost, the plan ahead, and the events.
    4. Stop before the target is reached.
Postconditions: the session has ended; the EV is still plugged in and takes no power.
Acceptance criteria:
    - To others the station is not there, and their start answers "not found".
    - While it charges, energy and state of charge rise with what the meter says, and a plan is shown.
    - After the stop the meter shows no power; the session ended by the driver's will, with less than its target.
Suspension criteria: the station is not connected, or the EV is not plugged in.
"""

from __future__ import annotations

import threading

import pytest
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of, may_charge, newcomer

from twinev.client import Client
from twinev.errors import NotFound
from twinev.wire.rest.sessions import SessionOut

STATION = "RTM-01"
BATTERY_KWH, SOC, TARGET_SOC = 100, 0.3, 0.9


class Heard:
    """The events that a driver hears, from now until one of his sessions has ended."""

    def __init__(self, driver: Client) -> None:
        self._driver, self._events = driver, []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        for event in self._driver.events(reconnect=False):
            self._events.append(event)
            if event.kind == "session.ended":
                return

    def sessions_until_the_end(self) -> set[str]:
        """The sessions that were spoken of."""
        self._listening.join(timeout=30)
        assert not self._listening.is_alive(), "the end of the session was not told"
        return {event.data["session_id"] for event in self._events if event.kind.startswith("session.")}


def test_private_point_is_started_watched_and_stopped_without_reservation(running_cases: RunningSystem) -> None:
    operator, driver = client_of(running_cases, "charge_point_operator"), client_of(running_cases, "driver")
    stranger = newcomer(running_cases, "passer-by")
    with operator, driver, stranger:
        wait_until(lambda: operator.station(STATION).evses[0].status == "Occupied", within=60, what="the EV has come")
        operator.allow_at_station(STATION, driver.me().id)
        may_charge(stranger)
        with pytest.raises(NotFound):
            stranger.start_charging(station_id=STATION, energy_kwh=5)
        assert STATION not in {one.station_id for one in stranger.availability()}

        heard = Heard(driver)
        session = _start(driver)
        _watch(driver, session)
        with pytest.raises(NotFound):
            stranger.session_progress(session.id)
        _stop(driver, operator, session)
        assert heard.sessions_until_the_end() == {session.id}
        operator.withdraw_from_station(STATION, driver.me().id)


def _start(driver: Client) -> SessionOut:
    may_charge(driver)
    sent = driver.start_charging(
        station_id=STATION, battery_kwh=BATTERY_KWH, soc=SOC, target_soc=TARGET_SOC, profile="fast"
    )
    assert sent.outcome == "accepted"
    wait_until(lambda: driver.sessions(station_id=STATION, active=True), within=30, what="the session has begun")
    (session,) = driver.sessions(station_id=STATION, active=True)
    assert session.station_id == STATION
    assert session.energy_requested_kwh == pytest.approx(BATTERY_KWH * (TARGET_SOC - SOC))
    return session


def _watch(driver: Client, session: SessionOut) -> None:
    wait_until(lambda: driver.session_progress(session.id).energy_kwh > 0.5, within=30, what="energy flows")
    earlier = driver.session_progress(session.id)
    wait_until(
        lambda: driver.session_progress(session.id).energy_kwh > earlier.energy_kwh + 0.5,
        within=30,
        what="more energy flows",
    )
    progress = driver.session_progress(session.id)
    assert progress.power_kw > 1
    assert progress.soc > earlier.soc >= SOC
    assert progress.plan
    assert progress.done_at > progress.plan[0].start
    assert progress.cost.energy_kwh >= 0


def _stop(driver: Client, operator: Client, session: SessionOut) -> None:
    assert driver.stop_session(session.id).outcome == "accepted"
    wait_until(lambda: driver.session(session.id).ended_at, within=30, what="the session has ended")
    ended = driver.session(session.id)
    assert ended.stop_reason == "Remote"
    assert 1 < ended.energy_kwh < session.energy_requested_kwh
    registers = driver.meter_values(session.id, measurand="Energy.Active.Import.Register")
    assert ended.energy_kwh == pytest.approx(registers[-1].value - registers[0].value, abs=0.5)
    wait_until(lambda: operator.station(STATION).power_kw == 0, within=30, what="the meter shows no power")
    assert driver.sessions(station_id=STATION, active=True) == []
