"""OCPP 2.0.1: the commands that run a station beside its charging, and what its results to them mean.

2.1 says them alike; what it added (ImmediateAndResume, CustomTrigger, DataCollectorLog) a 2.0.1 schema refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twinev.adapters.ocpp.mapping.payloads import without_nones, write_optional
from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.adapters.ocpp.mapping.times import write_whole_second
from twinev.adapters.ocpp.mapping.v201.variables import (
    read_variable_results,
    write_variable_changes,
    write_variable_questions,
)
from twinev.domain.operating_commands import (
    CENTRAL,
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
    OperatingCommand,
    ReserveNow,
    Reset,
    SendLocalList,
    SetBasicAuthPassword,
    SetVariables,
    TriggerMessage,
    UnlockConnector,
    UpdateFirmware,
)
from twinev.errors import BadInput


def operating_call(command: OperatingCommand) -> StationCall:
    """The CALL that says what ``command`` means; raises `BadInput` where OCPP 2.0.1 cannot say it."""
    action = _ACTIONS.get(type(command), command.action)
    return StationCall(action=action, payload=without_nones(_PAYLOADS[type(command)](command)))


def operating_outcome(command: OperatingCommand, response: dict[str, Any]) -> StationOutcome:
    """What the CALLRESULT to ``command`` means."""
    match command:
        case GetVariables():
            return read_variable_results(response["getVariableResult"])
        case SetVariables() | SetBasicAuthPassword():
            return read_variable_results(response["setVariableResult"])
        case GetLocalListVersion() | CostUpdated():
            return StationOutcome(outcome="accepted", status=None)
    status = response["status"]
    return StationOutcome(outcome=outcome_of_status(status), status=status, detail=_reason(response))


def _reset(command: Reset) -> dict[str, Any]:
    if command.kind == "Hard":
        raise BadInput("kind", command.kind, "Immediate or OnIdle; only OCPP 1.6 has a hard reset")
    return {"type": command.kind, "evseId": command.evse_id}


def _unlock(command: UnlockConnector) -> dict[str, Any]:
    return {"evseId": command.evse_id, "connectorId": command.connector_id}


def _availability(command: ChangeAvailability) -> dict[str, Any]:
    # Without an EVSE it is the whole station (part 2, G03/G04).
    evse = None if command.evse_id == 0 else _evse(command.evse_id, command.connector_id)
    return {"operationalStatus": command.operational_status, "evse": evse}


def _trigger(command: TriggerMessage) -> dict[str, Any]:
    evse = None
    if command.evse_id:
        # A status is a connector's: StatusNotification is asked for with one (part 2, F06).
        first = 1 if command.requested_message == "StatusNotification" else None
        evse = _evse(command.evse_id, command.connector_id or first)
    return {"requestedMessage": command.requested_message, "customTrigger": command.custom_trigger, "evse": evse}


def _reserve(command: ReserveNow) -> dict[str, Any]:
    return {
        "id": command.reservation_id,
        "expiryDateTime": write_whole_second(command.expires_at),
        "idToken": {"idToken": command.id_token, "type": command.token_kind},
        "groupIdToken": _group(command.group_id_token),
        "evseId": command.evse_id or None,
        "connectorType": command.connector_type,
    }


def _local_list(command: SendLocalList) -> dict[str, Any]:
    entries = [_list_entry(entry) for entry in command.entries]
    return {
        "versionNumber": command.version,
        "updateType": command.update_kind,
        # An empty Full list clears the station's; the schema wants it left out then.
        "localAuthorizationList": entries or None,
    }


def _list_entry(entry: LocalListEntry) -> dict[str, Any]:
    info = {
        "status": entry.status,
        "cacheExpiryDateTime": write_optional(entry.expires_at),
        "groupIdToken": _group(entry.group_id_token),
    }
    token = {"idToken": entry.id_token, "type": entry.token_kind}
    return {"idToken": token} if entry.status is None else {"idToken": token, "idTokenInfo": without_nones(info)}


def _log(command: GetLog) -> dict[str, Any]:
    log = {
        "remoteLocation": command.remote_location,
        "oldestTimestamp": write_optional(command.oldest_at),
        "latestTimestamp": write_optional(command.latest_at),
    }
    return {
        "logType": command.log_kind,
        "requestId": command.request_id,
        "log": without_nones(log),
        "retries": command.retries,
        "retryInterval": command.retry_interval_seconds,
    }


def _firmware(command: UpdateFirmware) -> dict[str, Any]:
    firmware = {
        "location": command.location,
        "retrieveDateTime": write_whole_second(command.retrieve_at),
        "installDateTime": write_optional(command.install_at),
        "signingCertificate": command.signing_certificate,
        "signature": command.signature,
    }
    return {
        "requestId": command.request_id,
        "firmware": without_nones(firmware),
        "retries": command.retries,
        "retryInterval": command.retry_interval_seconds,
    }


def _data_transfer(command: DataTransfer) -> dict[str, Any]:
    return {"vendorId": command.vendor_id, "messageId": command.message_id, "data": command.data}


def _cost(command: CostUpdated) -> dict[str, Any]:
    return {"transactionId": command.ocpp_transaction_id, "totalCost": command.total_cost_eur}


def _key(command: SetBasicAuthPassword) -> dict[str, Any]:
    # Part 2, A01.
    data = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    return {"setVariableData": [data | {"attributeValue": command.password}]}


_PAYLOADS: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    Reset: _reset,
    UnlockConnector: _unlock,
    ChangeAvailability: _availability,
    TriggerMessage: _trigger,
    ReserveNow: _reserve,
    CancelReservation: lambda command: {"reservationId": command.reservation_id},
    SendLocalList: _local_list,
    GetLocalListVersion: lambda _: {},
    ClearCache: lambda _: {},
    GetLog: _log,
    UpdateFirmware: _firmware,
    SetVariables: write_variable_changes,
    GetVariables: write_variable_questions,
    GetBaseReport: lambda command: {"requestId": command.request_id, "reportBase": command.report_base},
    DataTransfer: _data_transfer,
    CostUpdated: _cost,
    SetBasicAuthPassword: _key,
}
_ACTIONS: Mapping[type, str] = {SetBasicAuthPassword: "SetVariables"}


def _evse(evse_id: int, connector_id: int | None) -> dict[str, Any]:
    return without_nones({"id": evse_id, "connectorId": connector_id})


def _group(id_token: str | None) -> dict[str, Any] | None:
    return None if id_token is None else {"idToken": id_token, "type": CENTRAL}


def _reason(response: dict[str, Any]) -> str | None:
    """StatusInfoType in one line."""
    info = response.get("statusInfo")
    if info is None:
        return None
    return ": ".join(part for part in (info["reasonCode"], info.get("additionalInfo")) if part)
