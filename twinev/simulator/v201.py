"""OCPP 2.0.1 as a charging station speaks it; 2.1 (`twinev.simulator.v21`) says most things alike."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from ocpp.v201 import call, datatypes

from twinev import __version__
from twinev.simulator import v201_commands
from twinev.simulator.dialect import (
    BootAnswer,
    Condition,
    Confirmation,
    Request,
    to_request,
)
from twinev.simulator.ev import MIN_CURRENT_A, VOLTAGE_V
from twinev.simulator.fleet import StationSpec
from twinev.simulator.memory import PluggedEv, Transaction
from twinev.simulator.meter import OTHER, TRIGGERED, Reading, timestamp
from twinev.simulator.profile_reading import instant
from twinev.simulator.station import Station

STOP_TRIGGERS = {
    "Local": "StopAuthorized",
    "Remote": "RemoteStop",
    "DeAuthorized": "Deauthorized",
    "PowerLoss": "AbnormalCondition",
    "Reboot": "ResetCommand",
}
METER_TRIGGERS = {OTHER: "ChargingRateChanged", TRIGGERED: "Trigger"}
ENERGY_TRANSFER = {1: "AC_single_phase", 2: "AC_two_phase", 3: "AC_three_phase"}


class V201:
    """`twinev.simulator.dialect.Dialect` for OCPP 2.0.1."""

    version = "2.0.1"
    subprotocol = "ocpp2.0.1"
    replaces_equal_stack = False
    format_error = "FormatViolation"

    # ── What the charging station says ───────────────────────────────────────────────────────────────────────────────

    def boot(self, spec: StationSpec, reason: str) -> Request:
        return to_request(
            call.BootNotification(
                charging_station=datatypes.ChargingStationType(
                    vendor_name="TwinEV", model="Simulator", serial_number=spec.id[:25], firmware_version=__version__
                ),
                reason=reason,
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
        """StatusNotification; 2.0.1 tells the charging state in TransactionEvent, and here only who stands there."""
        free = condition in (Condition.AVAILABLE, Condition.RESERVED)
        status = condition.value if free else "Occupied"
        return to_request(
            call.StatusNotification(timestamp=timestamp(at), connector_status=status, evse_id=evse_id, connector_id=1)
        )

    def authorize(self, id_token: str) -> Request:
        return to_request(call.Authorize(id_token=_id_token(id_token)))

    def read_authorization(self, answer: dict[str, Any]) -> tuple[str, str | None]:
        info = answer["idTokenInfo"]
        return info["status"], info.get("groupIdToken", {}).get("idToken")

    def started(self, transaction: Transaction, begin: Reading, *, offline: bool) -> Request:
        """TransactionEvent Started: this station starts a transaction when the driver is authorised (TxStartPoint)."""
        from_afar = transaction.remote_start_id is not None
        event = self._event(transaction, "Started", begin.at, offline=offline)
        event.trigger_reason = "RemoteStart" if from_afar else "Authorized"
        event.transaction_info.charging_state = "EVConnected"
        event.transaction_info.remote_start_id = transaction.remote_start_id
        event.evse = datatypes.EVSEType(id=transaction.evse_id, connector_id=1)
        event.id_token = _id_token(transaction.id_token)
        event.reservation_id = transaction.reservation_id
        event.meter_value = [_meter_value(begin)]
        return to_request(event, begin)

    def needs(self, evse_id: int, plugged: PluggedEv, departs_at: datetime) -> Request:
        ev = plugged.visit.ev
        return to_request(
            call.NotifyEVChargingNeeds(
                evse_id=evse_id,
                charging_needs=datatypes.ChargingNeedsType(
                    requested_energy_transfer=ENERGY_TRANSFER[ev.phases],
                    departure_time=timestamp(departs_at),
                    ac_charging_parameters=datatypes.ACChargingParametersType(
                        energy_amount=math.ceil(plugged.wanted_kwh * 1000),
                        ev_min_current=math.ceil(MIN_CURRENT_A),
                        ev_max_current=_whole_amperes(ev.max_kw, ev.phases),
                        ev_max_voltage=round(VOLTAGE_V),
                    ),
                ),
            )
        )

    def state_changed(self, transaction: Transaction, at: datetime, *, offline: bool) -> Request:
        event = self._event(transaction, "Updated", at, offline=offline)
        event.trigger_reason = "ChargingStateChanged"
        return to_request(event)

    def metered(self, transaction: Transaction, reading: Reading, *, offline: bool) -> Request:
        event = self._event(transaction, "Updated", reading.at, offline=offline)
        event.trigger_reason = METER_TRIGGERS.get(reading.context, "MeterValuePeriodic")
        event.meter_value = [_meter_value(reading)]
        return to_request(event, reading)

    def ended(self, transaction: Transaction, end: Reading, *, reason: str, offline: bool) -> Request:
        event = self._event(transaction, "Ended", end.at, offline=offline)
        event.trigger_reason = STOP_TRIGGERS[reason]
        event.transaction_info.charging_state = "EVConnected"
        event.transaction_info.stopped_reason = reason
        event.id_token = _id_token(transaction.id_token) if reason == "Local" else None
        event.meter_value = [_meter_value(end)]
        return to_request(event, end)

    def charging_limit(self, limit_kw: float, at: datetime, seconds: float) -> Request:
        """NotifyChargingLimit: an energy management system limits the station (K13)."""
        schedule = datatypes.ChargingScheduleType(
            id=1,
            charging_rate_unit="W",
            start_schedule=timestamp(at),
            duration=round(seconds),
            charging_schedule_period=[
                datatypes.ChargingSchedulePeriodType(start_period=0, limit=round(limit_kw * 1000, 1))
            ],
        )
        limit = datatypes.ChargingLimitType(charging_limit_source="EMS")
        return to_request(call.NotifyChargingLimit(charging_limit=limit, charging_schedule=[schedule]))

    def charging_limit_cleared(self) -> Request:
        return to_request(call.ClearedChargingLimit(charging_limit_source="EMS"))

    def reservation_expired(self, reservation_id: int) -> Request:
        return to_request(
            call.ReservationStatusUpdate(reservation_id=reservation_id, reservation_update_status="Expired")
        )

    def addressed(self, action: str, payload: dict[str, Any], csms_id: str | None) -> dict[str, Any]:
        """The station itself names its transactions: nothing to add."""
        return payload

    def read_confirmation(self, action: str, answer: dict[str, Any]) -> Confirmation:
        return Confirmation(token_status=answer.get("idTokenInfo", {}).get("status"))

    def _event(
        self, transaction: Transaction, event_type: str, at: datetime, *, offline: bool
    ) -> call.TransactionEvent:
        return call.TransactionEvent(
            event_type=event_type,
            timestamp=timestamp(at),
            trigger_reason="",
            seq_no=transaction.seq_no,
            transaction_info=datatypes.TransactionType(
                transaction_id=transaction.id, charging_state=transaction.charging_state
            ),
            offline=offline or None,
        )

    # ── What the CSMS says ───────────────────────────────────────────────────────────────────────────────────────────

    def obey(self, station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Carry out a CALL; see `Dialect.obey`."""
        return v201_commands.obey(station, action, payload)


def _id_token(id_token: str) -> datatypes.IdTokenType:
    return datatypes.IdTokenType(id_token=id_token, type="ISO14443")


def _whole_amperes(max_kw: float, phases: int) -> int:
    """Rather less than the EV can take than more, except that 11 kW and 22 kW mean 16 A and 32 A on three phases."""
    return math.floor(max_kw * 1000 / (VOLTAGE_V * phases) + 0.15)


def _meter_value(reading: Reading) -> datatypes.MeterValueType:
    return datatypes.MeterValueType(
        timestamp=timestamp(reading.at),
        sampled_value=[
            datatypes.SampledValueType(
                value=sample.value,
                context=reading.context,
                measurand=sample.measurand,
                phase=sample.phase,
                location=sample.location,
                unit_of_measure=datatypes.UnitOfMeasureType(unit=sample.unit),
            )
            for sample in reading.samples
        ],
    )
