"""OCPP 1.6 as a charge point speaks it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ocpp.v16 import call, datatypes

from twinev import __version__
from twinev.simulator import v16_commands
from twinev.simulator.dialect import (
    BootAnswer,
    Condition,
    Confirmation,
    Request,
    to_request,
)
from twinev.simulator.fleet import StationSpec
from twinev.simulator.memory import PluggedEv, Transaction
from twinev.simulator.meter import Reading, timestamp
from twinev.simulator.profile_reading import instant
from twinev.simulator.station import Station


class V16:
    """`twinev.simulator.dialect.Dialect` for OCPP 1.6."""

    version = "1.6"
    subprotocol = "ocpp1.6"
    replaces_equal_stack = True
    format_error = "FormationViolation"

    # ── What the charge point says ───────────────────────────────────────────────────────────────────────────────────

    def boot(self, spec: StationSpec, reason: str) -> Request:
        """BootNotification; 1.6 knows no reason."""
        return to_request(
            call.BootNotification(
                charge_point_vendor="TwinEV",
                charge_point_model="Simulator",
                charge_point_serial_number=spec.id[:25],
                firmware_version=__version__,
            )
        )

    def read_boot(self, answer: dict[str, Any]) -> BootAnswer:
        return BootAnswer(
            status=answer["status"], interval_seconds=answer["interval"], current_time=instant(answer["currentTime"])
        )

    def heartbeat(self) -> Request:
        return to_request(call.Heartbeat())

    def read_heartbeat(self, answer: dict[str, Any]) -> datetime:
        return instant(answer["currentTime"])

    def status(self, evse_id: int, condition: Condition, at: datetime) -> Request:
        return to_request(
            call.StatusNotification(
                connector_id=evse_id, error_code="NoError", status=condition.value, timestamp=timestamp(at)
            )
        )

    def authorize(self, id_token: str) -> Request:
        return to_request(call.Authorize(id_tag=id_token))

    def read_authorization(self, answer: dict[str, Any]) -> tuple[str, str | None]:
        info = answer["idTagInfo"]
        return info["status"], info.get("parentIdTag")

    def started(self, transaction: Transaction, begin: Reading, *, offline: bool) -> Request:
        """StartTransaction; it carries the meter's register, but no sampled values."""
        return to_request(
            call.StartTransaction(
                connector_id=transaction.evse_id,
                id_tag=transaction.id_token,
                meter_start=_register(begin),
                timestamp=timestamp(begin.at),
                reservation_id=transaction.reservation_id,
            )
        )

    def needs(self, evse_id: int, plugged: PluggedEv, departs_at: datetime) -> Request:
        """DataTransfer: 1.6 has no message of its own for what a driver asks for."""
        data = {
            "connectorId": evse_id,
            "energy_kwh": plugged.wanted_kwh,
            "departure": timestamp(departs_at),
            "max_kw": plugged.visit.ev.max_kw,
            "profile": plugged.visit.profile,
        }
        return to_request(call.DataTransfer(vendor_id="twinev", message_id="ChargingNeeds", data=json.dumps(data)))

    def state_changed(self, transaction: Transaction, at: datetime, *, offline: bool) -> None:
        """StatusNotification tells it."""

    def metered(self, transaction: Transaction, reading: Reading, *, offline: bool) -> Request:
        return to_request(
            call.MeterValues(connector_id=transaction.evse_id, meter_value=[_meter_value(reading)]), reading
        )

    def charging_limit(self, limit_kw: float, at: datetime, seconds: float) -> None:
        """1.6 has no message for it."""

    def charging_limit_cleared(self) -> None:
        """1.6 has no message for it."""

    def reservation_expired(self, reservation_id: int) -> None:
        """StatusNotification tells that the connector is free again."""

    def ended(self, transaction: Transaction, end: Reading, *, reason: str, offline: bool) -> Request:
        return to_request(
            call.StopTransaction(
                # Replaced by `addressed`: the charge point may not know the number yet.
                transaction_id=-1,
                meter_stop=_register(end),
                timestamp=timestamp(end.at),
                reason=reason,
                id_tag=transaction.id_token if reason == "Local" else None,
                transaction_data=[_meter_value(end)],
            ),
            end,
        )

    def addressed(self, action: str, payload: dict[str, Any], csms_id: str | None) -> dict[str, Any]:
        if action not in ("MeterValues", "StopTransaction") or csms_id is None:
            return payload
        return {**payload, "transactionId": int(csms_id)}

    def read_confirmation(self, action: str, answer: dict[str, Any]) -> Confirmation:
        token_status = answer.get("idTagInfo", {}).get("status")
        csms_id = str(answer["transactionId"]) if action == "StartTransaction" else None
        return Confirmation(csms_id=csms_id, token_status=token_status)

    # ── What the central system says ─────────────────────────────────────────────────────────────────────────────────

    def obey(self, station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Carry out a CALL; see `Dialect.obey`."""
        return v16_commands.obey(station, action, payload)


def _register(reading: Reading) -> int:
    return int(reading.samples[0].value)


def _meter_value(reading: Reading) -> datatypes.MeterValue:
    return datatypes.MeterValue(
        timestamp=timestamp(reading.at),
        sampled_value=[
            datatypes.SampledValue(
                value=str(sample.value),
                context=reading.context,
                measurand=sample.measurand,
                phase=sample.phase,
                location=sample.location,
                unit=sample.unit,
            )
            for sample in reading.samples
        ],
    )
