"""OCPP 2.0.1: no vendor's DataTransfer is understood; what the driver needs comes by NotifyEVChargingNeeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import AnswerNow, Step


def read_data_transfer(station: Station, payload: dict[str, Any], now: datetime) -> Step:
    return AnswerNow(payload={"status": "UnknownVendorId"})
