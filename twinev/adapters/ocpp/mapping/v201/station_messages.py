"""OCPP 2.0.1: what a station says becomes a fact or a question, and the decision becomes its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.answers import boot_answer, read_heartbeat
from twinev.adapters.ocpp.mapping.samples import identity_digest
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AskAuthorize, AskBoot, Step, Tell
from twinev.adapters.ocpp.mapping.times import read_time
from twinev.adapters.ocpp.mapping.v201.charging_limits import read_charging_limit, read_cleared_limit
from twinev.adapters.ocpp.mapping.v201.charging_needs import read_charging_needs
from twinev.adapters.ocpp.mapping.v201.data_transfer import read_data_transfer
from twinev.adapters.ocpp.mapping.v201.declined import DECLINED
from twinev.adapters.ocpp.mapping.v201.reports import REPORTS
from twinev.adapters.ocpp.mapping.v201.transaction_event import id_token_info, read_transaction_event, samples_of
from twinev.domain.facts import AuthorizeQuestion, BootQuestion, MetersRead, StatusChanged


def read_boot(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    about = payload["chargingStation"]
    question = BootQuestion(
        station_id=station.station_id,
        protocol=station.protocol,
        vendor=about["vendorName"],
        model=about["model"],
        serial_number=about.get("serialNumber"),
        firmware_version=about.get("firmwareVersion"),
        reason=payload["reason"],
    )
    return AskBoot(question=question, answer=boot_answer)


def read_authorize(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    question = AuthorizeQuestion(station_id=station.station_id, id_token=payload["idToken"]["idToken"])
    return AskAuthorize(question=question, answer=lambda decision: {"idTokenInfo": id_token_info(decision)})


def read_status(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    fact = StatusChanged(
        evse_id=int(payload["evseId"]),
        connector_id=int(payload["connectorId"]),
        timestamp=read_time(payload["timestamp"]),
        status=payload["connectorStatus"],
    )
    key = (fact.evse_id, fact.connector_id, payload["timestamp"], fact.status)
    return Tell(fact=fact, key=key, payload={})


def read_meter_values(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    fact = MetersRead(evse_id=int(payload["evseId"]), samples=samples_of(payload["meterValue"]))
    key = (fact.evse_id, None, payload["meterValue"][0]["timestamp"], identity_digest(fact.samples))
    return Tell(fact=fact, key=key, payload={})


STATION_MESSAGES: Mapping[str, Callable[[Station, dict[str, Any], datetime], Step]] = {
    "BootNotification": read_boot,
    "Heartbeat": read_heartbeat,
    "Authorize": read_authorize,
    "StatusNotification": read_status,
    "TransactionEvent": read_transaction_event,
    "MeterValues": read_meter_values,
    "NotifyEVChargingNeeds": read_charging_needs,
    "NotifyChargingLimit": read_charging_limit,
    "ClearedChargingLimit": read_cleared_limit,
    "DataTransfer": read_data_transfer,
    **REPORTS,
    **DECLINED,
}
