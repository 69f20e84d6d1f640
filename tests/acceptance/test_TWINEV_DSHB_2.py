"""TWINEV_DSHB_2: commands to stations, and the technical state of locations.

Module under test: the charge point managers' dashboard: commands and locations.
Elements validated: commands and their record, states of stations and connectors, limits at a station, edits.
Features: a manager tells stations what to do and sees what came of it; he sees how each location is, and edits it.
Preconditions: stations of OCPP 1.6 and 2.0.1 are connected; one can be cut off.
Previous steps: a charge point operator has logged in.
Dependencies: the API, the gateway, the database, NATS; simulated stations over OCPP 1.6 and 2.0.1.
Steps:
    1. Ask both stations for their configuration, and one of them to repeat its status.
    2. Restart a station, and ask it for something that it cannot do.
    3. Block another, send it a command, and let it in again.
    4. Look at the record of commands.
    5. Look at the state of every station; edit one from a version that somebody else has changed meanwhile.
Postconditions: all stations are in service and connected again.
Acceptance criteria:
    - Each command is recorded with station, person, program, answer and round trip; one that came to nothing says why.
    - A restarted station is back and answers; a blocked one is seen by anybody as unavailable, until it is let in.
    - Each station shows protocol, maker, whether it is connected, when it was last seen, and each connector's state.
    - An edit from an old version is refused, and changes nothing.
Suspension criteria: the stations are not connected.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from polling import wait_until
from running_system import RunningSystem
from system_accounts import client_of

from twinev.client import Client
from twinev.errors import ChangedMeanwhile, Forbidden
from twinev.wire.commands import ClearCacheIn, GetVariablesIn, ResetIn, TriggerMessageIn, VariableIn

OLD, NEW, CUT_OFF = "RTM-02", "RTM-01", "RTM-06"


def test_commands_are_carried_out_and_recorded_with_who_what_and_how_long(running_cases: RunningSystem) -> None:
    grid, operator = client_of(running_cases, "grid_operator"), client_of(running_cases, "charge_point_operator")
    with grid, operator:
        for station in (OLD, NEW, CUT_OFF):
            wait_until(lambda station=station: operator.station(station).online, within=60, what="it is connected")
        _ask_for_configuration(operator)
        assert operator.command(NEW, TriggerMessageIn(requested_message="StatusNotification")).outcome == "accepted"
        _restart(operator)
        _block_and_let_in_again(operator)
        _require_record(operator)
        with pytest.raises(Forbidden):
            grid.command(OLD, GetVariablesIn())


def test_locations_show_their_technical_state_and_are_edited_from_what_was_seen(running_cases: RunningSystem) -> None:
    with client_of(running_cases, "charge_point_operator") as operator:
        wait_until(lambda: all(one.online for one in operator.stations()), within=60, what="all are connected")
        stations = {one.id: one for one in operator.stations()}
        assert len(operator.sites()) >= 2
        assert (stations[OLD].protocol, stations[NEW].protocol) == ("ocpp1.6", "ocpp2.0.1")
        for station in stations.values():
            assert station.vendor
            assert station.model
            assert station.last_seen is not None
            assert station.blocked_at is None
            assert all(evse.status != "Unknown" for evse in station.evses)
        assert {one.evse_id for one in operator.station_limits(NEW).evses} == {1}

        seen = operator.station(OLD)
        operator.change_station(OLD, version=seen.version, name="Bay A2, by the lift")
        with pytest.raises(ChangedMeanwhile):
            operator.change_station(OLD, version=seen.version, name="Bay A2, at the back")
        assert operator.station(OLD).name == "Bay A2, by the lift"


def _ask_for_configuration(operator: Client) -> None:
    interval = VariableIn(component="OCPPCommCtrlr", variable="HeartbeatInterval")
    asked = operator.command(NEW, GetVariablesIn(variables=(interval,)))
    assert asked.outcome == "accepted"
    assert "HeartbeatInterval" in str(asked.response)
    asked = operator.command(OLD, GetVariablesIn())
    assert asked.outcome == "accepted"
    assert "NumberOfConnectors" in str(asked.response)


def _restart(operator: Client) -> None:
    assert operator.command(OLD, ClearCacheIn()).outcome == "not_supported"
    told = operator.command(OLD, ResetIn(kind="Immediate"))
    assert told.outcome == "accepted"
    # It goes away within a second and is away for twenty: what it says later than this is said after its restart.
    later = told.answered_at + timedelta(seconds=10)
    wait_until(lambda: operator.station(OLD).last_seen > later, within=60, what="it is back")
    wait_until(lambda: operator.command(OLD, GetVariablesIn()).outcome == "accepted", within=30, what="it answers")


def _block_and_let_in_again(operator: Client) -> None:
    operator.block_station(CUT_OFF, reason="moved to another bay")
    wait_until(lambda: not operator.station(CUT_OFF).online, within=30, what="it is cut off")
    assert operator.command(CUT_OFF, TriggerMessageIn(requested_message="Heartbeat")).outcome == "offline"
    assert _seen_by_anybody(operator) == "Unavailable"
    operator.unblock_station(CUT_OFF)
    wait_until(lambda: operator.station(CUT_OFF).online, within=60, what="it is back")
    wait_until(lambda: _seen_by_anybody(operator) == "Available", within=30, what="it can be used again")


def _seen_by_anybody(operator: Client) -> str:
    (found,) = [one for one in operator.availability() if one.station_id == CUT_OFF]
    return found.availability


def _require_record(operator: Client) -> None:
    username = operator.me().username
    mine = [one for one in operator.commands() if one.issued_by == username]
    by_person = [(one.station_id, one.action, one.outcome) for one in reversed(mine)]
    for expected in (
        (NEW, "GetVariables", "accepted"),
        (OLD, "GetVariables", "accepted"),
        (NEW, "TriggerMessage", "accepted"),
        (OLD, "Reset", "accepted"),
        (OLD, "ClearCache", "not_supported"),
        (CUT_OFF, "TriggerMessage", "offline"),
    ):
        assert expected in by_person
    assert all(one.app.startswith("acceptance ") for one in mine)
    for one in mine:
        answered = one.outcome == "accepted"
        assert one.answered_at is not None
        assert not answered or one.response is not None
        assert not answered or one.round_trip_ms > 0
    assert {one.station_id for one in operator.commands(station_id=CUT_OFF)} == {CUT_OFF}
