"""Commands beside charging through the gateway, over a real socket: said in the station's version, its answer told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from ocpp_behaviours import behaviour

from twinev.adapters.ocpp.dialects import load_dialects
from twinev.adapters.ocpp.schemas import check_response
from twinev.domain.commands import CommandReply
from twinev.domain.operating_commands import (
    CancelReservation,
    ChangeAvailability,
    ClearCache,
    CostUpdated,
    DataTransfer,
    GetBaseReport,
    GetLocalListVersion,
    GetLog,
    GetVariables,
    LocalListEntry,
    ReserveNow,
    Reset,
    SendLocalList,
    SetVariables,
    TriggerMessage,
    UnlockConnector,
    UpdateFirmware,
    Variable,
    VariableValue,
)

V2X = ("ocpp2.0.1", "ocpp2.1")
SOON = datetime(2026, 11, 22, 19, tzinfo=UTC)
SOON_TEXT = "2026-11-22T19:00:00Z"
FILES = "https://files.example/logs"
SCHEMAS = {name: dialect.schemas for name, dialect in load_dialects().items()}


def told(bench, protocol: str, command, *, action: str, answer: dict) -> tuple[dict, CommandReply]:
    """The payload that a station was sent for a command, and what came of it when it gave this answer."""
    check_response(SCHEMAS[protocol], action, answer)

    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            sending = asyncio.create_task(bench.commands.send("CP1", command))
            payload = await station.answer_call(action, answer)
            return payload, await sending

    return asyncio.run(scenario())


def words(protocol: str, of_16, of_2x):
    """What each version says for the same."""
    return of_16 if protocol == "ocpp1.6" else of_2x


@behaviour(
    "M20",
    "A reset that ends transactions in good order is Soft in 1.6 and Immediate in 2.x",
    source="1.6 ed. 2 §5.14; 2.0.1 part 2, B12",
)
def test_reset_is_said_in_the_version_s_words(bench, protocol: str) -> None:
    payload, reply = told(bench, protocol, Reset(), action="Reset", answer={"status": "Accepted"})

    assert payload == {"type": words(protocol, "Soft", "Immediate")}
    assert (reply.outcome, reply.status) == ("accepted", "Accepted")
    assert reply.round_trip_ms > 0


@behaviour(
    "M21",
    "A change of availability that waits for a transaction is accepted, and its status Scheduled is kept",
    source="1.6 ed. 2 §5.2; 2.0.1 part 2, G03 and G04",
)
def test_scheduled_change_of_availability_is_accepted(bench, protocol: str) -> None:
    command = ChangeAvailability(operational_status="Inoperative", evse_id=1)

    payload, reply = told(bench, protocol, command, action="ChangeAvailability", answer={"status": "Scheduled"})

    assert payload == words(
        protocol,
        {"connectorId": 1, "type": "Inoperative"},
        {"operationalStatus": "Inoperative", "evse": {"id": 1}},
    )
    assert (reply.outcome, reply.status) == ("accepted", "Scheduled")


@behaviour(
    "M22",
    "The whole station is connector 0 in 1.6 and no EVSE in 2.x",
    source="1.6 ed. 2 §5.2; 2.0.1 part 2, G04",
)
def test_whole_station_is_taken_out_of_service(bench, protocol: str) -> None:
    command = ChangeAvailability(operational_status="Inoperative")

    payload, _ = told(bench, protocol, command, action="ChangeAvailability", answer={"status": "Accepted"})

    assert payload == words(protocol, {"connectorId": 0, "type": "Inoperative"}, {"operationalStatus": "Inoperative"})


@pytest.mark.parametrize(("status", "outcome"), [("Unlocked", "accepted"), ("UnlockFailed", "rejected")])
@behaviour(
    "M23",
    "A cable is unlocked, and a lock that fails is told as rejected",
    source="1.6 ed. 2 §5.18; 2.0.1 part 2, F05",
)
def test_lock_that_fails_is_told(bench, protocol: str, status: str, outcome: str) -> None:
    payload, reply = told(
        bench, protocol, UnlockConnector(evse_id=2), action="UnlockConnector", answer={"status": status}
    )

    assert payload == words(protocol, {"connectorId": 2}, {"evseId": 2, "connectorId": 1})
    assert (reply.outcome, reply.status) == (outcome, status)


@pytest.mark.parametrize(("status", "outcome"), [("Accepted", "accepted"), ("NotImplemented", "not_supported")])
@behaviour(
    "M24",
    "A message is asked for; a station that does not have it is told as not supported",
    source="1.6 ed. 2 §5.17; 2.0.1 part 2, F06",
)
def test_message_that_a_station_does_not_have_is_not_supported(bench, protocol: str, status: str, outcome: str) -> None:
    command = TriggerMessage(requested_message="StatusNotification", evse_id=1)

    payload, reply = told(bench, protocol, command, action="TriggerMessage", answer={"status": status})

    asked = words(protocol, {"connectorId": 1}, {"evse": {"id": 1, "connectorId": 1}})
    assert payload == {"requestedMessage": "StatusNotification", **asked}
    assert (reply.outcome, reply.status) == (outcome, status)


@pytest.mark.parametrize(("status", "outcome"), [("Accepted", "accepted"), ("Occupied", "rejected")])
@behaviour(
    "M25",
    "An EVSE is reserved for a token until a time; an occupied one is told as rejected, with its status",
    source="1.6 ed. 2 §5.13; 2.0.1 part 2, H01",
)
def test_reservation_of_an_occupied_evse_is_rejected(bench, protocol: str, status: str, outcome: str) -> None:
    command = ReserveNow(reservation_id=9, id_token="AB12", expires_at=SOON, evse_id=1)

    payload, reply = told(bench, protocol, command, action="ReserveNow", answer={"status": status})

    assert payload == words(
        protocol,
        {"connectorId": 1, "expiryDate": SOON_TEXT, "idTag": "AB12", "reservationId": 9},
        {"id": 9, "expiryDateTime": SOON_TEXT, "idToken": {"idToken": "AB12", "type": "Central"}, "evseId": 1},
    )
    assert (reply.outcome, reply.status) == (outcome, status)


@behaviour("M26", "A reservation is cancelled by its number", source="1.6 ed. 2 §5.1; 2.0.1 part 2, H02")
def test_reservation_is_cancelled(bench, protocol: str) -> None:
    command = CancelReservation(reservation_id=9)

    payload, reply = told(bench, protocol, command, action="CancelReservation", answer={"status": "Rejected"})

    assert payload == {"reservationId": 9}
    assert (reply.outcome, reply.status) == ("rejected", "Rejected")


@behaviour(
    "M27",
    "A local list is sent; one of another version than the station expects is told as rejected",
    source="1.6 ed. 2 §5.15; 2.0.1 part 2, D01",
)
def test_local_list_is_sent(bench, protocol: str) -> None:
    entries = (LocalListEntry(id_token="AB12"), LocalListEntry(id_token="gone", status=None))
    command = SendLocalList(version=3, update_kind="Differential", entries=entries)

    payload, reply = told(bench, protocol, command, action="SendLocalList", answer={"status": "VersionMismatch"})

    of_16 = [{"idTag": "AB12", "idTagInfo": {"status": "Accepted"}}, {"idTag": "gone"}]
    of_2x = [
        {"idToken": {"idToken": "AB12", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}},
        {"idToken": {"idToken": "gone", "type": "ISO14443"}},
    ]
    assert payload["localAuthorizationList"] == words(protocol, of_16, of_2x)
    assert payload[words(protocol, "listVersion", "versionNumber")] == 3
    assert (reply.outcome, reply.status) == ("rejected", "VersionMismatch")


@behaviour("M28", "The version of the local list is asked for", source="1.6 ed. 2 §5.10; 2.0.1 part 2, D02")
def test_version_of_the_local_list_is_asked_for(bench, protocol: str) -> None:
    answer = words(protocol, {"listVersion": 3}, {"versionNumber": 3})

    payload, reply = told(bench, protocol, GetLocalListVersion(), action="GetLocalListVersion", answer=answer)

    assert payload == {}
    assert (reply.outcome, reply.response) == ("accepted", {"versionNumber": 3})


@behaviour("M29", "The cache of tokens is cleared", source="1.6 ed. 2 §5.4; 2.0.1 part 2, C11")
def test_cache_is_cleared(bench, protocol: str) -> None:
    payload, reply = told(bench, protocol, ClearCache(), action="ClearCache", answer={"status": "Accepted"})

    assert (payload, reply.outcome) == ({}, "accepted")


@behaviour(
    "M30",
    "Diagnostics are asked for by GetDiagnostics in 1.6 and by GetLog in 2.x, and the name of the file is told",
    source="1.6 ed. 2 §5.9; 2.0.1 part 2, N01",
)
def test_diagnostics_are_asked_for(bench, protocol: str) -> None:
    command = GetLog(request_id=7, remote_location=FILES, oldest_at=SOON)
    action = words(protocol, "GetDiagnostics", "GetLog")
    answer = words(protocol, {"fileName": "a.zip"}, {"status": "Accepted", "filename": "a.zip"})

    payload, reply = told(bench, protocol, command, action=action, answer=answer)

    assert payload == words(
        protocol,
        {"location": FILES, "startTime": SOON_TEXT},
        {
            "logType": "DiagnosticsLog",
            "requestId": 7,
            "log": {"remoteLocation": FILES, "oldestTimestamp": SOON_TEXT},
        },
    )
    assert (reply.outcome, reply.response["filename"]) == ("accepted", "a.zip")


@behaviour(
    "M31",
    "The security log is asked for by GetLog in every version",
    source="security whitepaper ed. 2, GetLog; 2.0.1 part 2, N01",
)
def test_security_log_is_asked_for(bench, protocol: str) -> None:
    command = GetLog(request_id=7, remote_location=FILES, log_kind="SecurityLog")

    payload, reply = told(bench, protocol, command, action="GetLog", answer={"status": "AcceptedCanceled"})

    assert payload == {"logType": "SecurityLog", "requestId": 7, "log": {"remoteLocation": FILES}}
    assert (reply.outcome, reply.status) == ("accepted", "AcceptedCanceled")


@behaviour("M32", "Firmware is sent by its address and time", source="1.6 ed. 2 §5.19; 2.0.1 part 2, L02")
def test_firmware_is_sent_by_its_address(bench, protocol: str) -> None:
    command = UpdateFirmware(request_id=7, location=FILES, retrieve_at=SOON, retries=2)

    payload, reply = told(
        bench, protocol, command, action="UpdateFirmware", answer=words(protocol, {}, {"status": "Accepted"})
    )

    assert payload == words(
        protocol,
        {"location": FILES, "retrieveDate": SOON_TEXT, "retries": 2},
        {"requestId": 7, "retries": 2, "firmware": {"location": FILES, "retrieveDateTime": SOON_TEXT}},
    )
    assert reply.outcome == "accepted"


@behaviour(
    "M33",
    "Signed firmware is sent with its certificate; one that the station does not trust is told as rejected",
    source="security whitepaper ed. 2, SignedUpdateFirmware; 2.0.1 part 2, L01",
)
def test_signed_firmware_is_sent_with_its_certificate(bench, protocol: str) -> None:
    command = UpdateFirmware(
        request_id=7, location=FILES, retrieve_at=SOON, signing_certificate="cert", signature="sig"
    )
    action = words(protocol, "SignedUpdateFirmware", "UpdateFirmware")

    payload, reply = told(bench, protocol, command, action=action, answer={"status": "InvalidCertificate"})

    assert (payload["firmware"]["signingCertificate"], payload["firmware"]["signature"]) == ("cert", "sig")
    assert (reply.outcome, reply.status) == ("rejected", "InvalidCertificate")


def variable(protocol: str, name: str = "HeartbeatInterval") -> Variable:
    return Variable(variable=name, component=words(protocol, None, "OCPPCommCtrlr"))


def result(status: str, name: str = "HeartbeatInterval", **more: str) -> dict:
    return {"attributeStatus": status, "component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}} | more


@behaviour(
    "M34",
    "A setting that needs a reboot is accepted, and its status RebootRequired is kept",
    source="1.6 ed. 2 §5.3; 2.0.1 part 2, B05",
)
def test_setting_that_needs_a_reboot_is_accepted(bench, protocol: str) -> None:
    command = SetVariables(values=(VariableValue(variable=variable(protocol), value="300"),))
    action = words(protocol, "ChangeConfiguration", "SetVariables")
    answer = words(protocol, {"status": "RebootRequired"}, {"setVariableResult": [result("RebootRequired")]})

    payload, reply = told(bench, protocol, command, action=action, answer=answer)

    about = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    assert payload == words(
        protocol,
        {"key": "HeartbeatInterval", "value": "300"},
        {"setVariableData": [about | {"attributeValue": "300"}]},
    )
    assert (reply.outcome, reply.status) == ("accepted", "RebootRequired")


@behaviour(
    "M35",
    "Settings are read, and come back in one form whatever the station speaks; an unknown one is named",
    source="1.6 ed. 2 §5.8; 2.0.1 part 2, B06",
)
def test_settings_come_back_in_one_form(bench, protocol: str) -> None:
    command = GetVariables(variables=(variable(protocol), variable(protocol, "Colour")))
    action = words(protocol, "GetConfiguration", "GetVariables")
    of_16 = {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
        "unknownKey": ["Colour"],
    }
    of_2x = {
        "getVariableResult": [result("Accepted", attributeValue="300"), result("UnknownVariable", "Colour")],
    }

    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            sending = asyncio.create_task(bench.commands.send("CP1", command))
            await station.answer_call(action, words(protocol, of_16, of_2x))
            return await sending

    reply = asyncio.run(scenario())

    entries = reply.response["getVariableResult"]
    assert [(entry["variable"]["name"], entry["attributeStatus"]) for entry in entries] == [
        ("HeartbeatInterval", "Accepted"),
        ("Colour", "UnknownVariable"),
    ]
    assert entries[0]["attributeValue"] == "300"
    assert (reply.outcome, reply.status) == ("not_supported", "UnknownVariable")


@behaviour(
    "M36",
    "The whole device model is asked for; the report comes afterwards, under the number of the request",
    source="2.0.1 part 2, B07",
    protocols=V2X,
)
def test_base_report_comes_after_its_request(bench, protocol: str) -> None:
    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            sending = asyncio.create_task(bench.commands.send("CP1", GetBaseReport(request_id=7)))
            payload = await station.answer_call("GetBaseReport", {"status": "Accepted"})
            await station.ask("NotifyReport", {"requestId": 7, "generatedAt": SOON_TEXT, "seqNo": 0})
            return payload, await sending

    payload, reply = asyncio.run(scenario())

    assert payload == {"requestId": 7, "reportBase": "FullInventory"}
    assert reply.outcome == "accepted"
    assert [fact.fact.request_id for fact in bench.facts.of("StationReported")] == [7]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Accepted", "accepted"), ("UnknownVendorId", "not_supported"), ("UnknownMessageId", "not_supported")],
)
@behaviour(
    "M37",
    "A DataTransfer reaches the station; a vendor or message that it does not know is told as not supported",
    source="1.6 ed. 2 §5.6; 2.0.1 part 2, P01",
)
def test_data_for_a_station_of_another_vendor_is_not_supported(bench, protocol: str, status: str, outcome: str) -> None:
    data = words(protocol, "blue", {"colour": "blue"})
    command = DataTransfer(vendor_id="org.acme", message_id="Light", data=data)

    payload, reply = told(bench, protocol, command, action="DataTransfer", answer={"status": status})

    assert payload == {"vendorId": "org.acme", "messageId": "Light", "data": data}
    assert (reply.outcome, reply.status) == (outcome, status)


@behaviour("M38", "The driver is shown the cost so far", source="2.0.1 part 2, I02", protocols=V2X)
def test_cost_is_shown(bench, protocol: str) -> None:
    command = CostUpdated(ocpp_transaction_id="T", total_cost_eur=4.2)

    payload, reply = told(bench, protocol, command, action="CostUpdated", answer={})

    assert (payload, reply.outcome) == ({"transactionId": "T", "totalCost": 4.2}, "accepted")


UNSAYABLE = {
    "ocpp1.6": (Reset(kind="OnIdle"), GetBaseReport(request_id=1), DataTransfer(vendor_id="v", data={"no": "text"})),
    "ocpp2.0.1": (Reset(kind="Hard"), Reset(kind="ImmediateAndResume"), GetVariables()),
    "ocpp2.1": (Reset(kind="Hard"), GetVariables(variables=(Variable(variable="HeartbeatInterval"),))),
}


@behaviour(
    "M39",
    "A command that the version has no words for, or that its schema refuses, is never sent; who sent it learns why",
    source="OCPP-J 1.6 §4.2.1; 2.0.1 part 4 §4.2.1",
)
def test_what_a_version_cannot_say_is_never_sent(bench, protocol: str) -> None:
    too_long = ReserveNow(reservation_id=1, id_token="x" * 300, expires_at=SOON)
    commands = (*UNSAYABLE[protocol], too_long)

    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            replies = [await bench.commands.send("CP1", command) for command in commands]
            # The next frame is the heartbeat's answer: nothing was sent before it.
            await station.ask("Heartbeat")
            return replies

    replies = asyncio.run(scenario())

    assert [(reply.outcome, reply.status) for reply in replies] == [("call_error", None)] * len(commands)
    assert all("is not usable; allowed: " in reply.detail for reply in replies)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("NotImplemented", "not_supported"), ("NotSupported", "not_supported"), ("InternalError", "call_error")],
)
@behaviour(
    "M40",
    "A CALLERROR to a command is told with its code; NotImplemented and NotSupported mean not supported",
    source="OCPP-J 1.6 §4.2.3; 2.0.1 part 4 §4.3",
)
def test_call_error_is_told_with_its_code(bench, protocol: str, code: str, outcome: str) -> None:
    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            sending = asyncio.create_task(bench.commands.send("CP1", ClearCache()))
            message_id, _ = await station.expect_call("ClearCache")
            await station.send([4, message_id, code, "because", {}])
            return await sending

    reply = asyncio.run(scenario())

    assert (reply.outcome, reply.status, reply.detail) == (outcome, code, "because")


@behaviour(
    "M41",
    "A station that does not answer a command in time is told as timeout, one that disconnects over it as offline",
    source="OCPP-J 1.6 §4.1.1; 2.0.1 part 4 §4.1.1",
)
def test_silence_is_a_timeout_and_a_lost_socket_offline(bench, protocol: str) -> None:
    async def scenario():
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.boot(protocol)
            silent = await bench.commands.send("CP1", ClearCache(), timeout_seconds=0.1)
            await station.expect_call("ClearCache")
            sending = asyncio.create_task(bench.commands.send("CP1", ClearCache()))
            await station.expect_call("ClearCache")
            await station.socket.close()
            return silent, await sending

    silent, lost = asyncio.run(scenario())

    assert (silent.outcome, lost.outcome) == ("timeout", "offline")
