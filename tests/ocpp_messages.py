"""What a station says, in each version of OCPP: valid payloads for tests that speak to the gateway over a socket."""

from __future__ import annotations

from typing import Any

AT = "2026-11-22T18:00:00Z"
CARD = "AB12"
TX = "tx-1"

#: The code of what is no RPC frame, of a payload that is no object or has strange fields, of one that lacks a field.
NO_FRAME = {"ocpp1.6": "FormationViolation", "ocpp2.0.1": "RpcFrameworkError", "ocpp2.1": "RpcFrameworkError"}
BAD_FORMAT = {"ocpp1.6": "FormationViolation", "ocpp2.0.1": "FormatViolation", "ocpp2.1": "FormatViolation"}
OCCURRENCE = {
    "ocpp1.6": "OccurenceConstraintViolation",
    "ocpp2.0.1": "OccurrenceConstraintViolation",
    "ocpp2.1": "OccurrenceConstraintViolation",
}
MISSING = OCCURRENCE | {"ocpp1.6": "ProtocolError"}

Message = tuple[str, dict[str, Any]]


def boot(protocol: str) -> Message:
    if protocol == "ocpp1.6":
        return "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}
    return "BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}


def authorize(protocol: str, token: str = CARD) -> Message:
    return "Authorize", {"idTag": token} if protocol == "ocpp1.6" else {"idToken": id_token(token)}


def status(protocol: str, connector: str = "Available") -> Message:
    if protocol == "ocpp1.6":
        return "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": connector, "timestamp": AT}
    return "StatusNotification", {"timestamp": AT, "connectorStatus": connector, "evseId": 1, "connectorId": 1}


def meter_values(protocol: str, wh: float = 1000.0, at: str = AT, *, transaction: int | None = None) -> Message:
    """Meter values of EVSE 1 outside the messages of a transaction; in 1.6 they may name one."""
    value = meter_value(protocol, wh, at)
    if protocol != "ocpp1.6":
        return "MeterValues", {"evseId": 1, "meterValue": [value]}
    named = {} if transaction is None else {"transactionId": transaction}
    return "MeterValues", {"connectorId": 1, "meterValue": [value], **named}


def started(protocol: str, *, token: str | None = CARD, wh: int = 1000, at: str = AT, tx: str = TX) -> Message:
    """The beginning of a transaction at EVSE 1."""
    if protocol == "ocpp1.6":
        return "StartTransaction", {"connectorId": 1, "idTag": token or CARD, "timestamp": at, "meterStart": wh}
    more = {"evse": {"id": 1, "connectorId": 1}, "meterValue": [meter_value(protocol, wh, at, "Transaction.Begin")]}
    return event("Started", 0, at=at, tx=tx, token=token, **more)


def ended(
    protocol: str,
    *,
    token: str | None = None,
    wh: int = 3000,
    at: str = "2026-11-22T19:00:00Z",
    number: int = 1,
    tx: str = TX,
    seq_no: int = 1,
) -> Message:
    """The end of a transaction: of ``number``, which 1.6 was given, or of the station's own ``tx``."""
    if protocol == "ocpp1.6":
        said = {"transactionId": number, "timestamp": at, "meterStop": wh}
        return "StopTransaction", said if token is None else said | {"idTag": token}
    values = [meter_value(protocol, wh, at, "Transaction.End")]
    return event("Ended", seq_no, at=at, tx=tx, token=token, meterValue=values)


def event(
    kind: str, seq_no: int, *, at: str = AT, tx: str = TX, token: str | None = None, offline: bool = False, **more: Any
) -> Message:
    """2.x TransactionEvent."""
    said = {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "Authorized" if token else "ChargingStateChanged",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": tx},
        **({"idToken": id_token(token)} if token else {}),
        **({"offline": True} if offline else {}),
    }
    return "TransactionEvent", said | more


def id_token(token: str) -> dict[str, str]:
    return {"idToken": token, "type": "ISO14443"}


def meter_value(protocol: str, wh: float, at: str = AT, context: str = "Sample.Periodic") -> dict[str, Any]:
    """One reading of the energy register. [Wh]"""
    value = str(wh) if protocol == "ocpp1.6" else wh
    return {"timestamp": at, "sampledValue": [{"value": value, "context": context}]}


def told_status(answer: dict[str, Any]) -> str | None:
    """What an answer says of the token; None where it says nothing."""
    info = answer.get("idTagInfo", answer.get("idTokenInfo"))
    return None if info is None else info["status"]
