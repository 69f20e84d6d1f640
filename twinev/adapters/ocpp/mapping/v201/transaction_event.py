"""OCPP 2.0.1: TransactionEvent, from a transaction's start to its end."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from twinev.adapters.ocpp.mapping.samples import energy_register_kwh, make_sample
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import Step, Tell, TellAndAsk
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.domain.facts import (
    AnyFact,
    Decision,
    Sample,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from twinev.domain.operating_commands import CENTRAL


def read_transaction_event(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    fact = _FACTS[payload["eventType"]](station, payload)
    key = (payload["transactionInfo"]["transactionId"], int(payload["seqNo"]), payload["timestamp"])
    if "idToken" not in payload:
        return Tell(fact=fact, key=key, payload={})
    return TellAndAsk(fact=fact, key=key, answer=lambda decision: {"idTokenInfo": id_token_info(decision)})


def id_token_info(decision: Decision) -> dict[str, Any]:
    """IdTokenInfoType; the platform's words for a decision are OCPP 2.0.1's."""
    if decision.group_id_token is None:
        return {"status": decision.status}
    return {"status": decision.status, "groupIdToken": {"idToken": decision.group_id_token, "type": CENTRAL}}


def samples_of(meter_values: list[dict[str, Any]]) -> tuple[Sample, ...]:
    """Every number in ``meterValue``, in the platform's units."""
    made = (
        _sample(timestamp, sampled)
        for meter_value in meter_values
        for timestamp in (read_time(meter_value["timestamp"]),)
        for sampled in meter_value["sampledValue"]
    )
    return tuple(sample for sample in made if sample is not None)


def _started(station: Station, payload: dict[str, Any]) -> AnyFact:
    info, samples = payload["transactionInfo"], samples_of(payload.get("meterValue", []))
    return TransactionStarted(
        evse_id=_evse_id(station, payload),
        connector_id=int(payload.get("evse", {}).get("connectorId", 1)),
        timestamp=read_time(payload["timestamp"]),
        ocpp_transaction_id=info["transactionId"],
        id_token=_id_token(payload),
        meter_start_kwh=energy_register_kwh(samples, "Transaction.Begin"),
        seq_no=int(payload["seqNo"]),
        charging_state=info.get("chargingState"),
        offline=payload.get("offline", False),
        remote_start_id=info.get("remoteStartId"),
        reservation_id=payload.get("reservationId"),
        samples=samples,
    )


def _updated(station: Station, payload: dict[str, Any]) -> AnyFact:
    info = payload["transactionInfo"]
    return TransactionUpdated(
        evse_id=int(payload["evse"]["id"]) if "evse" in payload else None,
        ocpp_transaction_id=info["transactionId"],
        timestamp=read_time(payload["timestamp"]),
        seq_no=int(payload["seqNo"]),
        trigger=payload["triggerReason"],
        charging_state=info.get("chargingState"),
        id_token=_id_token(payload),
        offline=payload.get("offline", False),
        samples=samples_of(payload.get("meterValue", [])),
    )


def _ended(station: Station, payload: dict[str, Any]) -> AnyFact:
    info, samples = payload["transactionInfo"], samples_of(payload.get("meterValue", []))
    return TransactionEnded(
        ocpp_transaction_id=info["transactionId"],
        timestamp=read_time(payload["timestamp"]),
        meter_stop_kwh=energy_register_kwh(samples, "Transaction.End"),
        reason=info.get("stoppedReason", "Local"),
        id_token=_id_token(payload),
        seq_no=int(payload["seqNo"]),
        offline=payload.get("offline", False),
        samples=samples,
    )


_FACTS = {"Started": _started, "Updated": _updated, "Ended": _ended}


def _evse_id(station: Station, payload: dict[str, Any]) -> int:
    if "evse" in payload:
        return int(payload["evse"]["id"])
    # A transaction that began by a card alone names its EVSE later; 0 says that it is not known yet.
    return 1 if station.evse_count == 1 else 0


def _id_token(payload: dict[str, Any]) -> str | None:
    return payload["idToken"]["idToken"] if "idToken" in payload else None


def _sample(timestamp: datetime, sampled: dict[str, Any]) -> Sample | None:
    unit_of_measure = sampled.get("unitOfMeasure", {})
    try:
        # In decimals: a float's product would spoil the last digit.
        value = float(Decimal(repr(sampled["value"])).scaleb(int(unit_of_measure.get("multiplier", 0))))
    except ArithmeticError:  # A multiplier beyond any meter.
        return None
    return make_sample(
        timestamp=timestamp,
        value=value,
        measurand=sampled.get("measurand"),
        unit=unit_of_measure.get("unit"),
        phase=sampled.get("phase"),
        location=sampled.get("location"),
        context=sampled.get("context"),
    )
