"""OCPP 1.6: what a station says becomes facts and questions in the platform's words and units."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest

from twinev.adapters.ocpp.mapping.steps import AnswerNow, AskAuthorize, AskBoot, Tell, TellAndAsk, UnusablePayload
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
)
from twinev.errors import Unavailable

AT = "2026-11-22T19:00:00+01:00"
AT_TIME = datetime(2026, 11, 22, 19, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture
def read(dialects, station_16, now):
    def read_message(action: str, payload: dict):
        check_request("v16", action, payload)
        return dialects["ocpp1.6"].station_messages[action](station_16, payload, now)

    return read_message


def test_boot_asks_and_answers_with_the_verdict(read, now) -> None:
    step = read("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1"})

    answer = step.answer(BootAnswer(status="Accepted", interval_seconds=300, current_time=now))

    assert isinstance(step, AskBoot)
    assert step.question == BootQuestion(
        station_id="RDAM 123", protocol="ocpp1.6", vendor="V", model="M", firmware_version="1"
    )
    assert answer == {"status": "Accepted", "interval": 300, "currentTime": "2026-11-22T18:00:05.000Z"}
    check_response("v16", "BootNotification", answer)


def test_heartbeat_tells_the_platform_s_time(read) -> None:
    assert read("Heartbeat", {}) == AnswerNow(payload={"currentTime": "2026-11-22T18:00:05.000Z"})


@pytest.mark.parametrize(
    ("decided", "said"), [("Accepted", "Accepted"), ("Unknown", "Invalid"), ("Blocked", "Blocked")]
)
def test_authorize_says_decisions_in_the_words_of_16(read, decided: str, said: str) -> None:
    step = read("Authorize", {"idTag": "AB12"})

    assert isinstance(step, AskAuthorize)
    assert step.question.id_token == "AB12"
    assert step.answer(Decision(status=decided)) == {"idTagInfo": {"status": said}}


@pytest.mark.parametrize(
    ("said", "status", "charging_state"),
    [
        ("Available", "Available", None),
        ("Preparing", "Occupied", None),
        ("Charging", "Occupied", "Charging"),
        ("SuspendedEV", "Occupied", "SuspendedEV"),
        ("SuspendedEVSE", "Occupied", "SuspendedEVSE"),
        ("Finishing", "Occupied", None),
        ("Reserved", "Reserved", None),
        ("Unavailable", "Unavailable", None),
        ("Faulted", "Faulted", None),
    ],
)
def test_status_becomes_a_status_of_201(read, said: str, status: str, charging_state: str | None) -> None:
    step = read("StatusNotification", {"connectorId": 2, "errorCode": "NoError", "status": said, "timestamp": AT})

    assert step.fact == StatusChanged(evse_id=2, timestamp=AT_TIME, status=status, charging_state=charging_state)
    assert step.payload == {}


def test_status_without_a_timestamp_is_of_now(read, now) -> None:
    step = read("StatusNotification", {"connectorId": 0, "errorCode": "GroundFailure", "status": "Faulted"})

    assert (step.fact.timestamp, step.fact.evse_id, step.fact.error_code) == (now, 0, "GroundFailure")


def test_start_transaction_waits_for_its_number(read) -> None:
    step = read(
        "StartTransaction", {"connectorId": 1, "idTag": "AB12", "timestamp": AT, "meterStart": 1234, "reservationId": 7}
    )

    assert isinstance(step, TellAndAsk)
    assert step.fact == TransactionStarted(
        evse_id=1, timestamp=AT_TIME, id_token="AB12", meter_start_kwh=1.234, reservation_id=7
    )
    assert step.key == (1, "AB12", AT, 1234)
    answer = step.answer(Decision(status="Accepted", ocpp_transaction_id="42"))
    assert answer == {"transactionId": 42, "idTagInfo": {"status": "Accepted"}}
    check_response("v16", "StartTransaction", answer)


def test_start_transaction_without_an_allotted_number_is_not_answered(read) -> None:
    step = read("StartTransaction", {"connectorId": 1, "idTag": "AB12", "timestamp": AT, "meterStart": 0})

    with pytest.raises(Unavailable):
        step.answer(Decision(status="Invalid"))


def test_start_transaction_on_the_whole_station_is_refused(read) -> None:
    with pytest.raises(UnusablePayload, match="connectorId: 0"):
        read("StartTransaction", {"connectorId": 0, "idTag": "AB12", "timestamp": AT, "meterStart": 0})


def test_stop_transaction_keeps_its_samples_and_asks_only_with_a_token(read) -> None:
    payload = {
        "transactionId": 42,
        "timestamp": AT,
        "meterStop": 11234,
        "reason": "EVDisconnected",
        "transactionData": [
            {"timestamp": AT, "sampledValue": [{"value": "11234", "context": "Transaction.End", "unit": "Wh"}]}
        ],
    }

    silent, asking = read("StopTransaction", payload), read("StopTransaction", payload | {"idTag": "AB12"})

    expected = TransactionEnded(
        ocpp_transaction_id="42",
        timestamp=AT_TIME,
        meter_stop_kwh=11.234,
        reason="EVDisconnected",
        samples=(Sample(timestamp=AT_TIME, value=11.234, unit="kWh", context="Transaction.End"),),
    )
    assert silent == Tell(fact=expected, key=("42", AT, 11234), payload={})
    assert isinstance(asking, TellAndAsk)
    assert asking.fact == replace(expected, id_token="AB12")
    assert asking.answer(Decision(status="Expired")) == {"idTagInfo": {"status": "Expired"}}
    grouped = asking.answer(Decision(status="Accepted", group_id_token="app-1"))
    assert grouped == {"idTagInfo": {"status": "Accepted", "parentIdTag": "app-1"}}


def test_meter_values_come_in_kw_and_kwh_with_defaults_filled_in(read) -> None:
    step = read(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": 42,
            "meterValue": [
                {
                    "timestamp": AT,
                    "sampledValue": [
                        {"value": "1234.5"},
                        {"value": "7360", "measurand": "Power.Active.Import", "unit": "W", "phase": "L1"},
                        {"value": "7.36", "measurand": "Power.Active.Import", "unit": "kW"},
                        {"value": "16.1", "measurand": "Current.Import", "location": "Inlet"},
                        {"value": "80", "measurand": "SoC"},
                        {"value": "abc"},
                        {"value": "nan"},
                        {"value": "8A01", "format": "SignedData"},
                    ],
                }
            ],
        },
    )

    assert step.fact == MetersRead(
        evse_id=1,
        ocpp_transaction_id="42",
        samples=(
            Sample(timestamp=AT_TIME, value=1.2345, unit="kWh"),
            Sample(timestamp=AT_TIME, value=7.36, unit="kW", measurand="Power.Active.Import", phase="L1"),
            Sample(timestamp=AT_TIME, value=7.36, unit="kW", measurand="Power.Active.Import"),
            Sample(timestamp=AT_TIME, value=16.1, unit="A", measurand="Current.Import", location="Inlet"),
            Sample(timestamp=AT_TIME, value=80.0, unit="Percent", measurand="SoC"),
        ),
    )


def test_meter_values_of_one_instant_with_other_measurands_have_other_keys(read) -> None:
    def key(measurand: str, value: str):
        sampled = [{"value": value, "measurand": measurand}]
        meter_value = [{"timestamp": AT, "sampledValue": sampled}]
        return read("MeterValues", {"connectorId": 1, "meterValue": meter_value}).key

    assert key("SoC", "1") == key("SoC", "2")
    assert key("SoC", "1") != key("Voltage", "1")


def needs(data: object) -> dict:
    return {"vendorId": "twinev", "messageId": "ChargingNeeds", "data": orjson.dumps(data).decode()}


def test_data_transfer_tells_what_the_driver_needs(read, now) -> None:
    step = read(
        "DataTransfer",
        needs({"connectorId": 1, "energy_kwh": 22.5, "departure": AT, "max_kw": 11, "profile": "green"}),
    )

    assert step.payload == {"status": "Accepted"}
    assert step.fact == ChargingNeedsNotified(
        evse_id=1, timestamp=now, energy_kwh=22.5, departure_at=AT_TIME.astimezone(UTC), max_kw=11, profile="green"
    )


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({"vendorId": "acme"}, "UnknownVendorId"),
        ({"vendorId": "twinev", "messageId": "Weather"}, "UnknownMessageId"),
        ({"vendorId": "twinev"}, "UnknownMessageId"),
        ({"vendorId": "twinev", "messageId": "ChargingNeeds"}, "Rejected"),
        ({"vendorId": "twinev", "messageId": "ChargingNeeds", "data": "{"}, "Rejected"),
        (needs([]), "Rejected"),
        (needs({"energy_kwh": 5}), "Rejected"),
        (needs({"connectorId": 0, "energy_kwh": 5}), "Rejected"),
        (needs({"connectorId": 1, "energy_kwh": -5}), "Rejected"),
        (needs({"connectorId": 1, "energy_kwh": "5"}), "Rejected"),
        (needs({"connectorId": 1, "departure": "tomorrow"}), "Rejected"),
        (needs({"connectorId": 1, "departure": 5}), "Rejected"),
        (needs({"connectorId": 1, "profile": "quick"}), "Rejected"),
    ],
)
def test_data_transfer_says_what_it_cannot_use(read, payload: dict, status: str) -> None:
    step = read("DataTransfer", payload)

    assert isinstance(step, AnswerNow)
    assert step.payload["status"] == status
    check_response("v16", "DataTransfer", step.payload)


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z"])
def test_times_that_no_calendar_has_are_refused(read, text: str) -> None:
    with pytest.raises(UnusablePayload, match="no instant"):
        read("StartTransaction", {"connectorId": 1, "idTag": "AB12", "timestamp": text, "meterStart": 0})
