"""Commands, all but SetChargingProfile: what goes out fits each version's schema, or is refused with the reason."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinev.adapters.ocpp.dialects import load_dialects
from twinev.adapters.ocpp.mapping.abilities import Abilities
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.schemas import check_request, check_response
from twinev.domain.commands import (
    ClearChargingProfile,
    CommandMessage,
    GetCompositeSchedule,
    RequestStartTransaction,
    RequestStopTransaction,
)
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
from twinev.errors import BadInput
from twinev.wire.messages import decode, encode

DIALECTS = load_dialects()
SOON = datetime(2026, 11, 22, 19, tzinfo=UTC)

text = st.text(string.ascii_letters + string.digits + " .:-", min_size=1, max_size=20).filter(str.strip)
numbers = st.integers(1, 2**31 - 1)
evses = st.integers(1, 50)
times = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
urls = st.builds("https://files.example/{}".format, st.text(string.ascii_letters, max_size=30))
tries = {"retries": st.none() | st.integers(0, 9), "retry_interval_seconds": st.none() | st.integers(0, 900)}
statuses = st.sampled_from(("Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown"))
times_or_none = st.none() | times


entries = st.builds(
    LocalListEntry,
    id_token=text,
    token_kind=st.sampled_from(("Central", "ISO14443", "eMAID")),
    status=statuses,
    expires_at=times_or_none,
    group_id_token=st.none() | text,
)
keys = st.builds(Variable, variable=text)
variables = st.builds(
    Variable,
    variable=text,
    component=text,
    variable_instance=st.none() | text,
    component_instance=st.none() | text,
    evse_id=st.none() | evses,
    connector_id=st.just(1),
    attribute=st.sampled_from(("Actual", "Target", "MinSet", "MaxSet")),
)

#: What every version can say.
SAYABLE = {
    ClearChargingProfile: st.builds(
        ClearChargingProfile,
        profile_id=st.none() | numbers,
        evse_id=st.none() | st.integers(0, 50),
        purpose=st.none() | st.sampled_from(("ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile")),
        stack_level=st.none() | st.integers(0, 9),
    ),
    GetCompositeSchedule: st.builds(
        GetCompositeSchedule, evse_id=st.integers(0, 50), duration_seconds=st.integers(1, 7 * 86_400)
    ),
    RequestStartTransaction: st.builds(
        RequestStartTransaction, evse_id=evses, id_token=text, remote_start_id=numbers, profile=st.none()
    ),
    RequestStopTransaction: st.builds(RequestStopTransaction, ocpp_transaction_id=numbers.map(str)),
    Reset: st.builds(Reset, kind=st.just("Immediate")),
    UnlockConnector: st.builds(UnlockConnector, evse_id=evses, connector_id=st.just(1)),
    ChangeAvailability: st.builds(
        ChangeAvailability,
        operational_status=st.sampled_from(("Operative", "Inoperative")),
        evse_id=st.integers(0, 50),
        connector_id=st.sampled_from((None, 1)),
    ),
    TriggerMessage: st.builds(
        TriggerMessage,
        requested_message=st.sampled_from(
            (
                "BootNotification",
                "LogStatusNotification",
                "FirmwareStatusNotification",
                "Heartbeat",
                "MeterValues",
                "StatusNotification",
            )
        ),
        evse_id=st.none() | st.integers(0, 50),
        connector_id=st.sampled_from((None, 1)),
    ),
    ReserveNow: st.builds(
        ReserveNow,
        reservation_id=numbers,
        id_token=text,
        group_id_token=st.none() | text,
        expires_at=times,
        evse_id=st.none() | st.integers(0, 50),
    ),
    CancelReservation: st.builds(CancelReservation, reservation_id=numbers),
    SendLocalList: st.builds(
        SendLocalList,
        version=numbers,
        update_kind=st.sampled_from(("Full", "Differential")),
        entries=st.lists(entries, max_size=5).map(tuple),
    ),
    GetLocalListVersion: st.builds(GetLocalListVersion),
    ClearCache: st.builds(ClearCache),
    GetLog: st.builds(
        GetLog,
        request_id=numbers,
        remote_location=urls,
        log_kind=st.sampled_from(("DiagnosticsLog", "SecurityLog")),
        oldest_at=times_or_none,
        latest_at=times_or_none,
        **tries,
    ),
    UpdateFirmware: st.builds(UpdateFirmware, request_id=numbers, location=urls, retrieve_at=times, **tries)
    | st.builds(
        UpdateFirmware,
        request_id=numbers,
        location=urls,
        retrieve_at=times,
        install_at=times_or_none,
        signing_certificate=text,
        signature=text,
        **tries,
    ),
    DataTransfer: st.builds(
        DataTransfer, vendor_id=text, message_id=st.none() | text, data=st.none() | st.text(max_size=50)
    ),
}
#: What differs: configuration keys, the device model, costs.
OF_16 = {
    Reset: st.builds(Reset, kind=st.sampled_from(("Immediate", "Hard"))),
    SetVariables: st.builds(
        SetVariables, values=st.tuples(st.builds(VariableValue, variable=keys, value=st.text(max_size=500)))
    ),
    GetVariables: st.builds(GetVariables, variables=st.lists(keys, max_size=5).map(tuple)),
}
OF_2X = {
    Reset: st.builds(Reset, kind=st.sampled_from(("Immediate", "OnIdle")), evse_id=st.none() | evses),
    SetVariables: st.builds(
        SetVariables,
        values=st.lists(
            st.builds(VariableValue, variable=variables, value=st.text(max_size=1000)), min_size=1, max_size=5
        ).map(tuple),
    ),
    GetVariables: st.builds(GetVariables, variables=st.lists(variables, min_size=1, max_size=5).map(tuple)),
    GetBaseReport: st.builds(
        GetBaseReport,
        request_id=numbers,
        report_base=st.sampled_from(("ConfigurationInventory", "FullInventory", "SummaryInventory")),
    ),
    DataTransfer: st.builds(
        DataTransfer,
        vendor_id=text,
        message_id=st.none() | text,
        data=st.recursive(
            st.booleans() | st.integers() | text,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner),
        ),
    ),
    CostUpdated: st.builds(
        CostUpdated, ocpp_transaction_id=text, total_cost_eur=st.floats(0, 1e6, allow_nan=False).map(float)
    ),
}
OF_21 = {
    Reset: st.builds(Reset, kind=st.just("ImmediateAndResume")),
    TriggerMessage: st.builds(TriggerMessage, requested_message=st.just("CustomTrigger"), custom_trigger=text),
    GetLog: st.builds(GetLog, request_id=numbers, remote_location=urls, log_kind=st.just("DataCollectorLog")),
}
COMMANDS = {
    "ocpp1.6": [*SAYABLE.values(), *OF_16.values()],
    "ocpp2.0.1": [*SAYABLE.values(), *OF_2X.values()],
    "ocpp2.1": [*SAYABLE.values(), *OF_2X.values(), *OF_21.values()],
}


def call_of(protocol: str, command):
    return DIALECTS[protocol].call_of(command, Station(station_id="CP", protocol=protocol), Abilities())


@pytest.mark.parametrize("protocol", COMMANDS)
@settings(deadline=None)
@given(st.data())
def test_every_command_that_a_version_can_say_fits_its_schema(protocol: str, data) -> None:
    command = data.draw(st.one_of(COMMANDS[protocol]))

    call = call_of(protocol, command)

    check_request(DIALECTS[protocol].schemas, call.action, call.payload)


@settings(deadline=None)
@given(st.one_of([*SAYABLE.values(), *OF_16.values(), *OF_2X.values(), *OF_21.values()]))
def test_every_command_reaches_the_gateway_as_it_was_sent(command) -> None:
    message = CommandMessage(command_id="c", station_id="CP", command=command)

    assert decode(CommandMessage, encode(message)) == message


KEY = Variable(variable="HeartbeatInterval")
VARIABLE = Variable(variable="HeartbeatInterval", component="OCPPCommCtrlr")


@pytest.mark.parametrize(
    ("protocol", "command", "key"),
    [
        ("ocpp1.6", Reset(kind="OnIdle"), "kind"),
        ("ocpp1.6", Reset(evse_id=1), "evse_id"),
        ("ocpp1.6", UnlockConnector(evse_id=1, connector_id=2), "connector_id"),
        ("ocpp1.6", TriggerMessage(requested_message="CustomTrigger", custom_trigger="X"), "custom_trigger"),
        (
            "ocpp1.6",
            ReserveNow(reservation_id=1, id_token="A", expires_at=SOON, connector_type="cType2"),
            "connector_type",
        ),
        ("ocpp1.6", UpdateFirmware(request_id=1, location="x:", retrieve_at=SOON, install_at=SOON), "install_at"),
        ("ocpp1.6", SetVariables(values=(VariableValue(variable=KEY, value="9"),) * 2), "values"),
        ("ocpp1.6", GetVariables(variables=(VARIABLE,)), "component"),
        ("ocpp1.6", GetBaseReport(request_id=1), "action"),
        ("ocpp1.6", CostUpdated(ocpp_transaction_id="1", total_cost_eur=1.0), "action"),
        ("ocpp2.0.1", Reset(kind="Hard"), "kind"),
        ("ocpp2.0.1", GetVariables(), "variables"),
        ("ocpp2.0.1", GetVariables(variables=(KEY,)), "component"),
        ("ocpp2.1", SetVariables(values=()), "values"),
    ],
)
def test_command_that_a_version_cannot_say_is_bad_input_with_what_it_can(protocol: str, command, key: str) -> None:
    with pytest.raises(BadInput) as refused:
        call_of(protocol, command)

    assert refused.value.key == key


def outcome_of(protocol: str, command, response: dict):
    dialect = DIALECTS[protocol]
    check_response(dialect.schemas, call_of(protocol, command).action, response)
    return dialect.outcome_of(command, response, Station(station_id="CP", protocol=protocol))


RESET, LATER = Reset(), ChangeAvailability(operational_status="Inoperative")
LIST = SendLocalList(version=2, update_kind="Full")
TRIGGER = TriggerMessage(requested_message="Heartbeat")
LOG = GetLog(request_id=7, remote_location="https://files.example/")
FIRMWARE = UpdateFirmware(request_id=7, location="https://files.example/1.2", retrieve_at=SOON)
SIGNED = UpdateFirmware(
    request_id=7, location="https://files.example/1.2", retrieve_at=SOON, signing_certificate="c", signature="s"
)
CHANGE = SetVariables(values=(VariableValue(variable=KEY, value="9"),))
SAY = DataTransfer(vendor_id="acme")


@pytest.mark.parametrize(
    ("protocol", "command", "response", "outcome", "status"),
    [
        ("ocpp1.6", RESET, {"status": "Accepted"}, "accepted", "Accepted"),
        ("ocpp1.6", LATER, {"status": "Scheduled"}, "accepted", "Scheduled"),
        ("ocpp1.6", CHANGE, {"status": "RebootRequired"}, "accepted", "RebootRequired"),
        ("ocpp1.6", CHANGE, {"status": "NotSupported"}, "not_supported", "NotSupported"),
        ("ocpp1.6", UnlockConnector(evse_id=1), {"status": "Unlocked"}, "accepted", "Unlocked"),
        ("ocpp1.6", UnlockConnector(evse_id=1), {"status": "UnlockFailed"}, "rejected", "UnlockFailed"),
        ("ocpp1.6", LIST, {"status": "VersionMismatch"}, "rejected", "VersionMismatch"),
        ("ocpp1.6", LIST, {"status": "NotSupported"}, "not_supported", "NotSupported"),
        ("ocpp1.6", TRIGGER, {"status": "NotImplemented"}, "not_supported", "NotImplemented"),
        ("ocpp1.6", LOG, {"fileName": "log.zip"}, "accepted", None),
        ("ocpp1.6", LOG, {}, "rejected", None),
        ("ocpp1.6", FIRMWARE, {}, "accepted", None),
        ("ocpp1.6", SIGNED, {"status": "InvalidCertificate"}, "rejected", "InvalidCertificate"),
        ("ocpp1.6", GetLocalListVersion(), {"listVersion": 3}, "accepted", None),
        ("ocpp1.6", GetLocalListVersion(), {"listVersion": -1}, "not_supported", None),
        ("ocpp1.6", SAY, {"status": "UnknownVendorId"}, "not_supported", "UnknownVendorId"),
        ("ocpp2.0.1", LATER, {"status": "Scheduled"}, "accepted", "Scheduled"),
        ("ocpp2.0.1", LOG, {"status": "AcceptedCanceled"}, "accepted", "AcceptedCanceled"),
        ("ocpp2.0.1", GetBaseReport(request_id=1), {"status": "EmptyResultSet"}, "rejected", "EmptyResultSet"),
        ("ocpp2.0.1", GetLocalListVersion(), {"versionNumber": 3}, "accepted", None),
        ("ocpp2.1", CostUpdated(ocpp_transaction_id="1", total_cost_eur=1.0), {}, "accepted", None),
    ],
)
def test_result_of_a_station_becomes_an_outcome(
    protocol: str, command, response: dict, outcome: str, status: str | None
) -> None:
    result = outcome_of(protocol, command, response)

    assert (result.outcome, result.status) == (outcome, status)


def results(kind: str, *statuses: str) -> dict:
    about = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    return {kind: [{"attributeStatus": status, **about} for status in statuses]}


@pytest.mark.parametrize(
    ("statuses", "outcome", "status"),
    [
        (("Accepted", "Accepted"), "accepted", "Accepted"),
        (("Accepted", "RebootRequired"), "accepted", "RebootRequired"),
        (("Accepted", "Rejected"), "rejected", "Rejected"),
        (("UnknownVariable", "Rejected"), "not_supported", "UnknownVariable"),
    ],
)
def test_variables_are_set_when_every_one_is(statuses: tuple[str, ...], outcome: str, status: str) -> None:
    command = SetVariables(values=(VariableValue(variable=VARIABLE, value="9"),))

    result = outcome_of("ocpp2.0.1", command, results("setVariableResult", *statuses))

    assert (result.outcome, result.status) == (outcome, status)


def test_configuration_keys_come_back_as_variables() -> None:
    response = {
        "configurationKey": [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            {"key": "AuthorizationKey", "readonly": False},
        ],
        "unknownKey": ["Colour"],
    }

    result = outcome_of("ocpp1.6", GetVariables(), response)

    told = result.response["getVariableResult"]
    assert [(entry["variable"]["name"], entry["attributeStatus"]) for entry in told] == [
        ("HeartbeatInterval", "Accepted"),
        ("AuthorizationKey", "Accepted"),
        ("Colour", "UnknownVariable"),
    ]
    assert (told[0]["attributeValue"], told[0]["mutability"]) == ("300", "ReadWrite")
    assert (result.outcome, result.status) == ("not_supported", "UnknownVariable")


def test_reason_of_a_station_is_kept() -> None:
    info = {"reasonCode": "InTransaction", "additionalInfo": "EVSE 1 is charging"}

    result = outcome_of("ocpp2.0.1", RESET, {"status": "Rejected", "statusInfo": info})

    assert result.detail == "InTransaction: EVSE 1 is charging"


@pytest.mark.parametrize("protocol", COMMANDS)
def test_entry_without_a_status_removes_the_token_from_the_list(protocol: str) -> None:
    entries = (LocalListEntry(id_token="gone", status=None), LocalListEntry(id_token="poor", status="NoCredit"))

    call = call_of(protocol, SendLocalList(version=2, update_kind="Differential", entries=entries))

    gone, poor = call.payload["localAuthorizationList"]
    assert set(gone) == ({"idTag"} if protocol == "ocpp1.6" else {"idToken"})
    # 1.6 has no word for an empty account, and must not let it charge.
    assert (poor.get("idTagInfo") or poor["idTokenInfo"])["status"] == (
        "Invalid" if protocol == "ocpp1.6" else "NoCredit"
    )
