"""OCPP 1.6: the commands that run a station beside its charging, and what its results to them mean.

1.6 has no device model, base report or cost; its security extension brought signed firmware and the security log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twinev.adapters.ocpp.mapping.payloads import without_nones, write_optional
from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.adapters.ocpp.mapping.times import write_whole_second
from twinev.adapters.ocpp.mapping.v16.configuration import (
    read_change,
    read_configuration,
    write_change,
    write_configuration_question,
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

# 2.0.1's immediate reset ends transactions in good order (part 2, B12), which is 1.6's soft one (ed. 2, §5.14).
_RESETS = {"Immediate": "Soft", "Hard": "Hard"}
_TRIGGERS = {"LogStatusNotification": "DiagnosticsStatusNotification"}
_LIST_STATUSES = frozenset({"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"})


def operating_call(command: OperatingCommand) -> StationCall:
    """The CALL that says what ``command`` means; raises `BadInput` where OCPP 1.6 cannot say it."""
    return _CALLS[type(command)](command)


def operating_outcome(command: OperatingCommand, response: dict[str, Any]) -> StationOutcome:
    """What the CALLRESULT to ``command`` means."""
    match command:
        case GetVariables():
            return read_configuration(response)
        case SetVariables():
            return read_change(command, response)
        case GetLocalListVersion():
            return _list_version(response["listVersion"])
        case GetLog() | UpdateFirmware() if "status" not in response:
            return _unjudged(command, response)
    return StationOutcome(outcome=outcome_of_status(response["status"]), status=response["status"])


def _reset(command: Reset) -> StationCall:
    if command.evse_id is not None:
        raise BadInput("evse_id", command.evse_id, "none: OCPP 1.6 resets the whole station")
    if command.kind not in _RESETS:
        raise BadInput("kind", command.kind, f"one of {', '.join(_RESETS)} in OCPP 1.6")
    return StationCall(action="Reset", payload={"type": _RESETS[command.kind]})


def _unlock(command: UnlockConnector) -> StationCall:
    payload = {"connectorId": _connector(command.evse_id, command.connector_id)}
    return StationCall(action="UnlockConnector", payload=payload)


def _availability(command: ChangeAvailability) -> StationCall:
    connector = _connector(command.evse_id, command.connector_id)
    payload = {"connectorId": connector, "type": command.operational_status}
    return StationCall(action="ChangeAvailability", payload=payload)


def _trigger(command: TriggerMessage) -> StationCall:
    if command.custom_trigger is not None:
        raise BadInput("custom_trigger", command.custom_trigger, "none in OCPP 1.6; a DataTransfer may say it")
    connector = None if command.evse_id is None else _connector(command.evse_id, command.connector_id)
    # 1.6 has "no connector" for the whole station, and refuses 0 (ed. 2, §6.51).
    payload = {
        "requestedMessage": _TRIGGERS.get(command.requested_message, command.requested_message),
        "connectorId": connector or None,
    }
    return StationCall(action="TriggerMessage", payload=without_nones(payload))


def _reserve(command: ReserveNow) -> StationCall:
    payload = {
        "connectorId": command.evse_id or 0,
        "expiryDate": write_whole_second(command.expires_at),
        "idTag": command.id_token,
        "parentIdTag": command.group_id_token,
        "reservationId": command.reservation_id,
    }
    if command.connector_type is not None:
        raise BadInput("connector_type", command.connector_type, "none: OCPP 1.6 reserves by number")
    return StationCall(action="ReserveNow", payload=without_nones(payload))


def _cancel_reservation(command: CancelReservation) -> StationCall:
    return StationCall(action="CancelReservation", payload={"reservationId": command.reservation_id})


def _local_list(command: SendLocalList) -> StationCall:
    payload: dict[str, Any] = {"listVersion": command.version, "updateType": command.update_kind}
    if command.entries:
        payload["localAuthorizationList"] = [_list_entry(entry) for entry in command.entries]
    return StationCall(action="SendLocalList", payload=payload)


def _list_entry(entry: LocalListEntry) -> dict[str, Any]:
    if entry.status is None:
        return {"idTag": entry.id_token}
    info = {
        # What 1.6 has no word for may not charge.
        "status": entry.status if entry.status in _LIST_STATUSES else "Invalid",
        "expiryDate": write_optional(entry.expires_at),
        "parentIdTag": entry.group_id_token,
    }
    return {"idTag": entry.id_token, "idTagInfo": without_nones(info)}


def _log(command: GetLog) -> StationCall:
    tries = {"retries": command.retries, "retryInterval": command.retry_interval_seconds}
    oldest, latest = write_optional(command.oldest_at), write_optional(command.latest_at)
    if command.log_kind == "DiagnosticsLog":
        payload = {"location": command.remote_location, "startTime": oldest, "stopTime": latest, **tries}
        return StationCall(action="GetDiagnostics", payload=without_nones(payload))
    log = {"remoteLocation": command.remote_location, "oldestTimestamp": oldest, "latestTimestamp": latest}
    payload = {"logType": command.log_kind, "requestId": command.request_id, "log": without_nones(log), **tries}
    return StationCall(action="GetLog", payload=without_nones(payload))


def _firmware(command: UpdateFirmware) -> StationCall:
    tries = {"retries": command.retries, "retryInterval": command.retry_interval_seconds}
    retrieve_at = write_whole_second(command.retrieve_at)
    if command.signature is None and command.signing_certificate is None:
        if command.install_at is not None:
            raise BadInput("install_at", command.install_at, "none in OCPP 1.6 unless the firmware is signed")
        payload = {"location": command.location, "retrieveDate": retrieve_at, **tries}
        return StationCall(action="UpdateFirmware", payload=without_nones(payload))
    firmware = {
        "location": command.location,
        "retrieveDateTime": retrieve_at,
        "installDateTime": write_optional(command.install_at),
        "signingCertificate": command.signing_certificate,
        "signature": command.signature,
    }
    payload = {"requestId": command.request_id, "firmware": without_nones(firmware), **tries}
    return StationCall(action="SignedUpdateFirmware", payload=without_nones(payload))


def _data_transfer(command: DataTransfer) -> StationCall:
    payload = {"vendorId": command.vendor_id, "messageId": command.message_id, "data": command.data}
    return StationCall(action="DataTransfer", payload=without_nones(payload))


def _no_base_report(command: GetBaseReport) -> StationCall:
    raise BadInput("action", command.action, "GetVariables without names, which asks OCPP 1.6 for every key")


def _no_cost(command: CostUpdated) -> StationCall:
    raise BadInput("action", command.action, "a DataTransfer that the station's vendor defines: OCPP 1.6 has no costs")


def _key(command: SetBasicAuthPassword) -> StationCall:
    # Its value is hexadecimal (security whitepaper ed. 2, A01); so are the platform's keys.
    return StationCall(action="ChangeConfiguration", payload={"key": "AuthorizationKey", "value": command.password})


_CALLS: Mapping[type, Callable[[Any], StationCall]] = {
    Reset: _reset,
    UnlockConnector: _unlock,
    ChangeAvailability: _availability,
    TriggerMessage: _trigger,
    ReserveNow: _reserve,
    CancelReservation: _cancel_reservation,
    SendLocalList: _local_list,
    GetLocalListVersion: lambda _: StationCall(action="GetLocalListVersion", payload={}),
    ClearCache: lambda _: StationCall(action="ClearCache", payload={}),
    GetLog: _log,
    UpdateFirmware: _firmware,
    SetVariables: write_change,
    GetVariables: write_configuration_question,
    GetBaseReport: _no_base_report,
    DataTransfer: _data_transfer,
    CostUpdated: _no_cost,
    SetBasicAuthPassword: _key,
}


def _connector(evse_id: int, connector_id: int | None) -> int:
    """An EVSE is a connector in 1.6, so it has one connector, number 1."""
    if connector_id not in (None, 1):
        raise BadInput("connector_id", connector_id, "1 or none: in OCPP 1.6 each EVSE has one connector")
    return evse_id


def _list_version(version: int) -> StationOutcome:
    # 1.6 ed. 2, §5.10: -1 is a station without local lists.
    return StationOutcome(
        outcome="not_supported" if version < 0 else "accepted",
        status=None,
        response={"versionNumber": version},
    )


def _unjudged(command: GetLog | UpdateFirmware, response: dict[str, Any]) -> StationOutcome:
    """Results without a status: UpdateFirmware's is empty, GetDiagnostics' names the file that will come."""
    if isinstance(command, UpdateFirmware):
        return StationOutcome(outcome="accepted", status=None)
    if not response.get("fileName"):
        return StationOutcome(outcome="rejected", status=None, detail="the station has no diagnostics to upload")
    return StationOutcome(outcome="accepted", status=None, response={"filename": response["fileName"]})
