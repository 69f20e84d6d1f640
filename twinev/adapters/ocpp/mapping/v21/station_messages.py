"""OCPP 2.1: what a station says becomes a fact or a question, and the decision becomes its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping import v201
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import Step
from twinev.adapters.ocpp.mapping.v21.charging_needs import read_charging_needs
from twinev.adapters.ocpp.mapping.v21.data_transfer import read_data_transfer
from twinev.adapters.ocpp.mapping.v21.declined import DECLINED
from twinev.adapters.ocpp.mapping.v21.reports import REPORTS
from twinev.adapters.ocpp.mapping.v21.transaction_event import read_transaction_event

STATION_MESSAGES: Mapping[str, Callable[[Station, dict[str, Any], datetime], Step]] = {
    **v201.STATION_MESSAGES,
    "DataTransfer": read_data_transfer,
    "NotifyEVChargingNeeds": read_charging_needs,
    "TransactionEvent": read_transaction_event,
    **REPORTS,
    **DECLINED,
}
