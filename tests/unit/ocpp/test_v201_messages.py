"""OCPP 2.0.1: what a station says becomes facts and questions in the platform's words and units."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from twinev.adapters.ocpp.mapping.steps import AnswerNow, AskBoot, Tell, TellAndAsk, UnusablePayload
from twinev.adapters.ocpp.schemas import check_request, check_response
from twinev.domain.facts import (
    BootAnswer,
    BootQuestion,
    ChargingNeedsNotified,
    Decision,
    MetersRead,
    Sample,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)

AT = "2026-11-22T18:00:00Z"
AT_TIME = datetime(2026, 11, 22, 18, tzinfo=UTC)
TOKEN = {"idToken": "AB12", "type": "ISO14443"}


@pytest.fixture
def read(dialects, station_201, now):
    def read_message(action: str, payload: dict):
        check_request("v201", action, payload)
        return dialects["ocpp2.0.1"].station_messages[action](station_201, payload, now)

    return read_message


def event(kind: str, **more) -> dict:
    info = {"transactionId": "tx-1"} | more.pop("info", {})
    return {
        "eventType": kind,
        "timestamp": AT,
        "triggerReason": "CablePluggedIn",
        "seqNo": 3,
        "transactionInfo": info,
    } | more


def register(value: float, context: str) -> dict:
    sampled = {"value": value, "context": context, "unitOfMeasure": {"unit": "Wh"}}
    return {"timestamp": AT, "sampledValue": [sampled]}


def test_boot_asks_and_answers_with_the_verdict(read, now) -> None:
    step = read("BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}})

    answer = step.answer(BootAnswer(status="Pending", interval_seconds=10, current_time=now))

    assert isinstance(step, AskBoot)
    assert step.question == BootQuestion(
        station_id="RDAM 123", protocol="ocpp2.0.1", vendor="V", model="M", reason="PowerUp"
    )
    check_response("v201", "BootNotification", answer)
    assert answer["status"] == "Pending"


def test_authorize_answers_with_the_decision(read) -> None:
    step = read("Authorize", {"idToken": TOKEN})

    assert step.question.id_token == "AB12"
    assert step.answer(Decision(status="Unknown")) == {"idTokenInfo": {"status": "Unknown"}}
    grouped = step.answer(Decision(status="Accepted", group_id_token="app-1"))["idTokenInfo"]
    assert grouped["groupIdToken"] == {"idToken": "app-1", "type": "Central"}


def test_status_is_taken_as_it_is(read) -> None:
    step = read("StatusNotification", {"timestamp": AT, "connectorStatus": "Occupied", "evseId": 2, "connectorId": 1})

    assert step.fact == StatusChanged(evse_id=2, connector_id=1, timestamp=AT_TIME, status="Occupied")
    assert step.key == (2, 1, AT, "Occupied")


def test_started_with_a_token_waits_for_the_decision(read) -> None:
    payload = event(
        "Started",
        info={"chargingState": "EVConnected", "remoteStartId": 9},
        evse={"id": 2, "connectorId": 1},
        idToken=TOKEN,
        offline=True,
        meterValue=[register(1000, "Sample.Periodic"), register(1234, "Transaction.Begin")],
    )

    step = read("TransactionEvent", payload)

    assert isinstance(step, TellAndAsk)
    assert step.key == ("tx-1", 3, AT)
    assert replace(step.fact, samples=()) == TransactionStarted(
        evse_id=2,
        timestamp=AT_TIME,
        ocpp_transaction_id="tx-1",
        id_token="AB12",
        meter_start_kwh=1.234,
        seq_no=3,
        charging_state="EVConnected",
        offline=True,
        remote_start_id=9,
    )
    assert [sample.value for sample in step.fact.samples] == [1.0, 1.234]
    answer = step.answer(Decision(status="Accepted"))
    check_response("v201", "TransactionEvent", answer)
    assert answer == {"idTokenInfo": {"status": "Accepted"}}


def test_started_by_a_card_alone_does_not_know_its_evse_yet(read) -> None:
    assert read("TransactionEvent", event("Started", idToken=TOKEN)).fact.evse_id == 0


def test_updated_tells_the_charging_state(read) -> None:
    step = read("TransactionEvent", event("Updated", info={"chargingState": "SuspendedEV"}))

    assert step == Tell(
        fact=TransactionUpdated(
            ocpp_transaction_id="tx-1",
            timestamp=AT_TIME,
            seq_no=3,
            trigger="CablePluggedIn",
            charging_state="SuspendedEV",
        ),
        key=("tx-1", 3, AT),
        payload={},
    )


def test_ended_tells_reason_and_meter(read) -> None:
    payload = event("Ended", info={"stoppedReason": "Remote"}, meterValue=[register(9000, "Transaction.End")])

    step = read("TransactionEvent", payload)

    assert replace(step.fact, samples=()) == TransactionEnded(
        ocpp_transaction_id="tx-1", timestamp=AT_TIME, meter_stop_kwh=9.0, reason="Remote", seq_no=3
    )


@pytest.mark.parametrize(
    ("value", "unit_of_measure", "expected", "unit"),
    [
        (7360, {"unit": "W"}, 7.36, "kW"),
        (7.36, {"unit": "W", "multiplier": 3}, 7.36, "kW"),
        (73600, {"unit": "W", "multiplier": -1}, 7.36, "kW"),
        (1234, None, 1.234, "kW"),
        (7.36, {"unit": "kW"}, 7.36, "kW"),
    ],
)
def test_meter_values_obey_unit_and_multiplier(read, value, unit_of_measure, expected: float, unit: str) -> None:
    sampled = {"value": value, "measurand": "Power.Active.Import"}
    if unit_of_measure is not None:
        sampled["unitOfMeasure"] = unit_of_measure

    step = read("MeterValues", {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [sampled]}]})

    assert step.fact == MetersRead(
        evse_id=1, samples=(Sample(timestamp=AT_TIME, measurand="Power.Active.Import", value=expected, unit=unit),)
    )


@pytest.mark.parametrize("multiplier", [400, -400, 10**9, -(10**9), 2**31 - 1])
def test_meter_values_survive_an_absurd_multiplier(read, multiplier: int) -> None:
    sampled = {"value": 1.5, "unitOfMeasure": {"unit": "W", "multiplier": multiplier}}

    step = read("MeterValues", {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [sampled]}]})

    assert all(sample.value == 0 for sample in step.fact.samples)


@pytest.mark.parametrize(
    ("needs", "energy_kwh", "max_kw"),
    [
        (
            {
                "requestedEnergyTransfer": "AC_three_phase",
                "acChargingParameters": {
                    "energyAmount": 22500,
                    "evMinCurrent": 6,
                    "evMaxCurrent": 16,
                    "evMaxVoltage": 400,
                },
            },
            22.5,
            11.04,
        ),
        (
            {
                "requestedEnergyTransfer": "AC_single_phase",
                "acChargingParameters": {
                    "energyAmount": 0,
                    "evMinCurrent": 6,
                    "evMaxCurrent": 32,
                    "evMaxVoltage": 230,
                },
            },
            0.0,
            7.36,
        ),
        (
            {
                "requestedEnergyTransfer": "DC",
                "dcChargingParameters": {"evMaxCurrent": 100, "evMaxVoltage": 500, "energyAmount": 40000},
            },
            40.0,
            50.0,
        ),
        ({"requestedEnergyTransfer": "DC", "departureTime": AT}, None, None),
    ],
)
def test_charging_needs_come_in_kwh_and_kw(read, now, needs: dict, energy_kwh, max_kw) -> None:
    step = read("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})

    assert step.payload == {"status": "Accepted"}
    assert step.fact == ChargingNeedsNotified(
        evse_id=1,
        timestamp=now,
        energy_kwh=energy_kwh,
        max_kw=max_kw,
        departure_at=AT_TIME if "departureTime" in needs else None,
    )


def test_charging_needs_of_no_evse_are_refused(read) -> None:
    with pytest.raises(UnusablePayload, match="evseId: 0"):
        read("NotifyEVChargingNeeds", {"evseId": 0, "chargingNeeds": {"requestedEnergyTransfer": "DC"}})


def test_data_transfer_of_any_vendor_is_unknown(read) -> None:
    assert read("DataTransfer", {"vendorId": "x"}) == AnswerNow(payload={"status": "UnknownVendorId"})
