"""OCPP 2.1: what it says otherwise than 2.0.1, in the platform's words and units."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twinev.adapters.ocpp.mapping.abilities import Abilities
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.schemas import InvalidPayload, check_request, check_response
from twinev.domain.commands import GetCompositeSchedule, RequestStartTransaction, RequestStopTransaction

AT = "2026-11-22T18:00:00Z"
STATION = Station(station_id="RDAM 123", protocol="ocpp2.1", evse_count=2)
ASK = GetCompositeSchedule(evse_id=1, duration_seconds=900)


@pytest.fixture
def read(dialects, now):
    def read_message(action: str, payload: dict):
        check_request("v21", action, payload)
        return dialects["ocpp2.1"].station_messages[action](STATION, payload, now)

    return read_message


def needs(**more) -> dict:
    said = {"requestedEnergyTransfer": "AC_BPT", "departureTime": "2026-11-23T07:30:00+01:00"}
    return {"evseId": 1, "chargingNeeds": said | more}


def composite(dialects, *periods: dict):
    schedule = {
        "evseId": 1,
        "duration": 900,
        "scheduleStart": AT,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": list(periods),
    }
    response = {"status": "Accepted", "schedule": schedule}
    check_response("v21", "GetCompositeSchedule", response)
    return dialects["ocpp2.1"].outcome_of(ASK, response, STATION)


def test_needs_of_an_ev_that_discharges_are_its_target_and_the_sum_of_its_phases(read) -> None:
    phases = {"maxChargePower": 3680, "maxChargePower_L2": 3680, "maxChargePower_L3": 3640.5}

    fact = read("NotifyEVChargingNeeds", needs(v2xChargingParameters=phases | {"evTargetEnergyRequest": 22_500.5})).fact

    assert (fact.energy_kwh, fact.max_kw) == (22.5005, 11.0005)
    assert fact.departure_at == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_needs_of_an_ev_that_is_above_its_target_are_no_energy(read) -> None:
    fact = read("NotifyEVChargingNeeds", needs(v2xChargingParameters={"evTargetEnergyRequest": -500})).fact

    assert (fact.energy_kwh, fact.max_kw) == (0, None)


def test_needs_of_an_ev_that_only_charges_are_read_as_in_201_with_fractions(read) -> None:
    parameters = {"energyAmount": 22_500.5, "evMinCurrent": 6, "evMaxCurrent": 16.5, "evMaxVoltage": 230}

    fact = read(
        "NotifyEVChargingNeeds", needs(requestedEnergyTransfer="AC_single_phase", acChargingParameters=parameters)
    ).fact

    assert (fact.energy_kwh, fact.max_kw) == (22.5005, 3.795)


def test_needs_that_were_heard_while_offline_are_as_old_as_they_are(read, now) -> None:
    step = read("NotifyEVChargingNeeds", needs() | {"timestamp": "2026-11-22T17:00:00Z"})

    assert step.fact.timestamp == datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert step.key == (1, "2026-11-22T17:00:00+00:00")
    assert read("NotifyEVChargingNeeds", needs()).fact.timestamp == now


def test_transaction_with_what_only_21_knows_is_read(read) -> None:
    step = read(
        "TransactionEvent",
        {
            "eventType": "Updated",
            "timestamp": AT,
            "triggerReason": "OperationModeChanged",
            "seqNo": 3,
            "transactionInfo": {"transactionId": "tx-1", "operationMode": "CentralSetpoint"},
            "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 7000, "measurand": "Power.Active.Setpoint"}]}],
        },
    )

    assert (step.fact.trigger, step.fact.samples[0].value, step.fact.samples[0].unit) == (
        "OperationModeChanged",
        7.0,
        "kW",
    )


@pytest.mark.parametrize(
    "command",
    [
        ASK,
        RequestStopTransaction(ocpp_transaction_id="tx-1"),
        RequestStartTransaction(evse_id=1, id_token="AB", remote_start_id=7),
    ],
)
def test_commands_are_valid_in_21(dialects, command) -> None:
    call = dialects["ocpp2.1"].call_of(command, STATION, Abilities())

    check_request("v21", call.action, call.payload)


def test_composite_schedule_says_what_the_ev_follows(dialects) -> None:
    result = composite(
        dialects,
        {"startPeriod": 0, "limit": 11_000},
        {"startPeriod": 300, "operationMode": "CentralSetpoint", "setpoint": -5_000, "limit": 11_000},
        {"startPeriod": 600, "operationMode": "Idle"},
    )

    assert [period.limit_kw for period in result.composite.periods] == [11.0, -5.0, 0.0]


def test_composite_schedule_of_a_mode_without_limit_is_not_read(dialects) -> None:
    result = composite(dialects, {"startPeriod": 0, "operationMode": "LocalFrequency"})

    assert (result.outcome, result.composite) == ("accepted", None)


def test_rejected_composite_schedule_has_none(dialects) -> None:
    assert dialects["ocpp2.1"].outcome_of(ASK, {"status": "Rejected"}, STATION).outcome == "rejected"


def test_actions_that_only_21_has_are_known(dialects) -> None:
    new = {"NotifyDERAlarm", "OpenPeriodicEventStream", "UsePriorityCharging"}

    assert new <= dialects["ocpp2.1"].known_actions
    assert not new & dialects["ocpp2.0.1"].known_actions


def test_schema_of_21_is_stricter_where_it_says_so() -> None:
    status = {"timestamp": AT, "connectorStatus": "Available", "evseId": -1, "connectorId": 1}

    check_request("v201", "StatusNotification", status)
    with pytest.raises(InvalidPayload):
        check_request("v21", "StatusNotification", status)
