"""OCPP 1.6: what a station says becomes a fact or a question, and the decision becomes its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.answers import boot_answer, read_heartbeat
from twinev.adapters.ocpp.mapping.samples import identity_digest, make_sample
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import (
    AnswerNow,
    AskAuthorize,
    AskBoot,
    Step,
    Tell,
    TellAndAsk,
    UnusablePayload,
)
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.adapters.ocpp.mapping.v16.data_transfer import read_data_transfer
from twinev.adapters.ocpp.mapping.v16.reports import REPORTS
from twinev.domain.facts import (
    AuthorizeQuestion,
    BootQuestion,
    Decision,
    MetersRead,
    Sample,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
)
from twinev.errors import Unavailable

# OCPP 1.6's AuthorizationStatus has no other words; what else the platform says is Invalid there.
_STATUSES = frozenset({"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"})

# 1.6's ChargePointStatus as the connector's status and, where it tells one, the charging state.
_CONNECTOR_STATUS: dict[str, tuple[str, str | None]] = {
    "Available": ("Available", None),
    "Preparing": ("Occupied", None),
    "Charging": ("Occupied", "Charging"),
    "SuspendedEV": ("Occupied", "SuspendedEV"),
    "SuspendedEVSE": ("Occupied", "SuspendedEVSE"),
    "Finishing": ("Occupied", None),
    "Reserved": ("Reserved", None),
    "Unavailable": ("Unavailable", None),
    "Faulted": ("Faulted", None),
}


def read_boot(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    question = BootQuestion(
        station_id=station.station_id,
        protocol=station.protocol,
        vendor=payload["chargePointVendor"],
        model=payload["chargePointModel"],
        serial_number=payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber"),
        firmware_version=payload.get("firmwareVersion"),
    )
    return AskBoot(question=question, answer=boot_answer)


def read_authorize(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    question = AuthorizeQuestion(station_id=station.station_id, id_token=payload["idTag"])
    return AskAuthorize(question=question, answer=lambda decision: {"idTagInfo": _id_tag_info(decision)})


def read_status(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    status, charging_state = _CONNECTOR_STATUS[payload["status"]]
    error_code = payload["errorCode"]
    fact = StatusChanged(
        evse_id=_connector(payload, at_least=0),
        timestamp=read_time(payload["timestamp"]) if "timestamp" in payload else now,
        status=status,
        charging_state=charging_state,
        error_code=None if error_code == "NoError" else error_code,
    )
    said_at = payload.get("timestamp") or now.isoformat()
    return Tell(fact=fact, key=(fact.evse_id, said_at, payload["status"], error_code), payload={})


def read_start(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    fact = TransactionStarted(
        evse_id=_connector(payload, at_least=1),
        timestamp=read_time(payload["timestamp"]),
        id_token=payload["idTag"],
        meter_start_kwh=payload["meterStart"] / 1000,
        reservation_id=payload.get("reservationId"),
    )
    key = (fact.evse_id, payload["idTag"], payload["timestamp"], payload["meterStart"])
    return TellAndAsk(fact=fact, key=key, answer=_start_answer)


def read_stop(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    fact = TransactionEnded(
        ocpp_transaction_id=str(payload["transactionId"]),
        timestamp=read_time(payload["timestamp"]),
        meter_stop_kwh=payload["meterStop"] / 1000,
        reason=payload.get("reason", "Local"),
        id_token=payload.get("idTag"),
        samples=_samples(payload.get("transactionData", ())),
    )
    key = (fact.ocpp_transaction_id, payload["timestamp"], payload["meterStop"])
    if fact.id_token is None:
        return Tell(fact=fact, key=key, payload={})
    return TellAndAsk(fact=fact, key=key, answer=lambda decision: {"idTagInfo": _id_tag_info(decision)})


def read_meter_values(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    transaction = payload.get("transactionId")
    fact = MetersRead(
        evse_id=_connector(payload, at_least=0),
        ocpp_transaction_id=None if transaction is None else str(transaction),
        samples=_samples(payload["meterValue"]),
    )
    first = payload["meterValue"][0]["timestamp"] if payload["meterValue"] else None
    key = (fact.evse_id, fact.ocpp_transaction_id, first, identity_digest(fact.samples))
    return Tell(fact=fact, key=key, payload={})


STATION_MESSAGES: Mapping[str, Callable[[Station, dict[str, Any], datetime], Step]] = {
    "BootNotification": read_boot,
    "Heartbeat": read_heartbeat,
    "Authorize": read_authorize,
    "StatusNotification": read_status,
    "StartTransaction": read_start,
    "StopTransaction": read_stop,
    "MeterValues": read_meter_values,
    "DataTransfer": read_data_transfer,
    # TwinEV is no certificate authority.
    "SignCertificate": lambda station, payload, now: AnswerNow(payload={"status": "Rejected"}),
    **REPORTS,
}


def _start_answer(decision: Decision) -> dict[str, Any]:
    if decision.ocpp_transaction_id is None:
        raise Unavailable("the API allotted no transaction id")
    return {"transactionId": int(decision.ocpp_transaction_id), "idTagInfo": _id_tag_info(decision)}


def _id_tag_info(decision: Decision) -> dict[str, Any]:
    group = {} if decision.group_id_token is None else {"parentIdTag": decision.group_id_token}
    return {"status": decision.status if decision.status in _STATUSES else "Invalid", **group}


def _connector(payload: dict[str, Any], *, at_least: int) -> int:
    connector = int(payload["connectorId"])
    if connector < at_least:
        raise UnusablePayload(f"connectorId: {connector} is not usable; allowed: at least {at_least}")
    return connector


def _samples(meter_values: list[dict[str, Any]] | tuple[()]) -> tuple[Sample, ...]:
    made = (
        _sample(timestamp, sampled)
        for meter_value in meter_values
        for timestamp in (read_time(meter_value["timestamp"]),)
        for sampled in meter_value["sampledValue"]
    )
    return tuple(sample for sample in made if sample is not None)


def _sample(timestamp: datetime, sampled: dict[str, Any]) -> Sample | None:
    if sampled.get("format") == "SignedData":  # No number; the fact's payload keeps it.
        return None
    try:
        value = float(sampled["value"])
    except ValueError:
        return None
    return make_sample(
        timestamp=timestamp,
        value=value,
        measurand=sampled.get("measurand"),
        unit=sampled.get("unit"),
        phase=sampled.get("phase"),
        location=sampled.get("location"),
        context=sampled.get("context"),
    )
