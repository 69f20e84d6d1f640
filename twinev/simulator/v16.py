"""OCPP 1.6 as a charge point speaks it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ocpp.v16 import call, call_result, datatypes, enums

from twinev import __version__
from twinev.simulator import profiles
from twinev.simulator.dialect import (
    BootAnswer,
    Condition,
    Confirmation,
    Request,
    refuse_unknown,
    to_request,
    to_wire,
)
from twinev.simulator.fleet import StationSpec
from twinev.simulator.limits import STATION_MAX, StationProfile
from twinev.simulator.memory import PluggedEv, Transaction
from twinev.simulator.meter import Reading, timestamp
from twinev.simulator.profile_reading import read_profile
from twinev.simulator.station import Station

# OCPP 1.6 calls the station's maximum so; everything else is named as in 2.0.1.
CHARGE_POINT_MAX = "ChargePointMaxProfile"
UNIT_NAMES = {"A": "Current", "W": "Power"}


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
        return BootAnswer(status=answer["status"], interval_seconds=answer["interval"])

    def heartbeat(self) -> Request:
        return to_request(call.Heartbeat())

    def status(self, condition: Condition, at: datetime) -> Request:
        return to_request(
            call.StatusNotification(
                connector_id=1, error_code="NoError", status=condition.value, timestamp=timestamp(at)
            )
        )

    def authorize(self, id_token: str) -> Request:
        return to_request(call.Authorize(id_tag=id_token))

    def read_authorization(self, answer: dict[str, Any]) -> str:
        return answer["idTagInfo"]["status"]

    def started(self, transaction: Transaction, begin: Reading, *, offline: bool) -> Request:
        """StartTransaction; it carries the meter's register, but no sampled values."""
        return to_request(
            call.StartTransaction(
                connector_id=1,
                id_tag=transaction.id_token,
                meter_start=_register(begin),
                timestamp=timestamp(begin.at),
            )
        )

    def needs(self, plugged: PluggedEv, at: datetime) -> Request:
        """DataTransfer: 1.6 has no message of its own for what a driver asks for."""
        data = {
            "connectorId": 1,
            "energy_kwh": plugged.wanted_kwh,
            "departure": timestamp(plugged.departs_at),
            "max_kw": plugged.visit.ev.max_kw,
            "profile": plugged.visit.profile,
        }
        return to_request(call.DataTransfer(vendor_id="twinev", message_id="ChargingNeeds", data=json.dumps(data)))

    def state_changed(self, transaction: Transaction, at: datetime, *, offline: bool) -> None:
        """StatusNotification tells it."""

    def metered(self, transaction: Transaction, reading: Reading, *, offline: bool) -> Request:
        return to_request(call.MeterValues(connector_id=1, meter_value=[_meter_value(reading)]), reading)

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
        handlers = {
            "SetChargingProfile": _set_charging_profile,
            "ClearChargingProfile": _clear_charging_profile,
            "GetCompositeSchedule": _get_composite_schedule,
            "RemoteStartTransaction": _remote_start,
            "RemoteStopTransaction": _remote_stop,
            "GetConfiguration": _get_configuration,
            "ChangeConfiguration": _change_configuration,
            "TriggerMessage": _trigger_message,
        }
        if action not in handlers:
            raise refuse_unknown(action, enums.Action)
        return to_wire(handlers[action](station, payload))


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


def _profile(payload: dict[str, Any], connector_id: int) -> StationProfile:
    purpose = payload["chargingProfilePurpose"]
    return read_profile(
        payload,
        payload["chargingSchedule"],
        profile_id=payload["chargingProfileId"],
        purpose=STATION_MAX if purpose == CHARGE_POINT_MAX else purpose,
        evse_id=connector_id,
    )


def _set_charging_profile(station: Station, payload: dict[str, Any]) -> call_result.SetChargingProfile:
    refusal = station.install(_profile(payload["csChargingProfiles"], payload["connectorId"]))
    return call_result.SetChargingProfile(status="Accepted" if refusal is None else "Rejected")


def _clear_charging_profile(station: Station, payload: dict[str, Any]) -> call_result.ClearChargingProfile:
    purpose = payload.get("chargingProfilePurpose")
    cleared = station.clear(
        profile_id=payload.get("id"),
        evse_id=payload.get("connectorId"),
        purpose=STATION_MAX if purpose == CHARGE_POINT_MAX else purpose,
        stack_level=payload.get("stackLevel"),
    )
    return call_result.ClearChargingProfile(status="Accepted" if cleared else "Unknown")


def _get_composite_schedule(station: Station, payload: dict[str, Any]) -> call_result.GetCompositeSchedule:
    unit = payload.get("chargingRateUnit") or station.spec.preferred_unit
    if unit not in station.spec.rate_units or payload["connectorId"] not in (0, 1):
        return call_result.GetCompositeSchedule(status="Rejected")
    start, periods = station.composite(payload["duration"], unit)
    schedule = datatypes.ChargingSchedule(
        charging_rate_unit=unit,
        duration=payload["duration"],
        start_schedule=timestamp(start),
        charging_schedule_period=[
            datatypes.ChargingSchedulePeriod(start_period=period.start_seconds, limit=period.limit)
            for period in periods
        ],
    )
    return call_result.GetCompositeSchedule(
        status="Accepted",
        connector_id=payload["connectorId"],
        schedule_start=timestamp(start),
        charging_schedule=schedule,
    )


def _remote_start(station: Station, payload: dict[str, Any]) -> call_result.RemoteStartTransaction:
    profile = _profile(payload["chargingProfile"], 1) if "chargingProfile" in payload else None
    accepted = payload.get("connectorId", 1) == 1 and station.start_from_afar(payload["idTag"], profile=profile)
    return call_result.RemoteStartTransaction(status="Accepted" if accepted else "Rejected")


def _remote_stop(station: Station, payload: dict[str, Any]) -> call_result.RemoteStopTransaction:
    accepted = station.stop_from_afar(str(payload["transactionId"]))
    return call_result.RemoteStopTransaction(status="Accepted" if accepted else "Rejected")


def _configuration(station: Station) -> dict[str, str]:
    units = ",".join(UNIT_NAMES[unit] for unit in sorted(station.spec.rate_units))
    return {
        "ChargeProfileMaxStackLevel": str(profiles.MAX_STACK_LEVEL),
        "ChargingScheduleAllowedChargingRateUnit": units,
        "ChargingScheduleMaxPeriods": str(profiles.MAX_PERIODS),
        "ConnectorSwitch3to1PhaseSupported": "false",
        "HeartbeatInterval": str(round(station.heartbeat_interval_seconds)),
        "MaxChargingProfilesInstalled": str(profiles.MAX_PROFILES),
        "MeterValueSampleInterval": str(round(station.meter_interval_seconds)),
        "NumberOfConnectors": "1",
        "SupportedFeatureProfiles": "Core,SmartCharging,RemoteTrigger",
    }


def _get_configuration(station: Station, payload: dict[str, Any]) -> call_result.GetConfiguration:
    known = _configuration(station)
    asked = payload.get("key") or list(known)
    return call_result.GetConfiguration(
        configuration_key=[
            datatypes.KeyValue(key=key, readonly=not _is_interval(key), value=known[key])
            for key in asked
            if key in known
        ],
        unknown_key=[key for key in asked if key not in known],
    )


def _change_configuration(station: Station, payload: dict[str, Any]) -> call_result.ChangeConfiguration:
    key, value = payload["key"], payload["value"]
    if not _is_interval(key):
        status = "Rejected" if key in _configuration(station) else "NotSupported"
        return call_result.ChangeConfiguration(status=status)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        return call_result.ChangeConfiguration(status="Rejected")
    if key == "HeartbeatInterval":
        station.heartbeat_interval_seconds = float(value)
    else:
        station.meter_interval_seconds = float(value)
    return call_result.ChangeConfiguration(status="Accepted")


def _is_interval(key: str) -> bool:
    return key in ("HeartbeatInterval", "MeterValueSampleInterval")


def _trigger_message(station: Station, payload: dict[str, Any]) -> call_result.TriggerMessage:
    what = {"StatusNotification": "status", "MeterValues": "meter", "Heartbeat": "heartbeat"}
    requested = payload["requestedMessage"]
    if requested not in what:
        return call_result.TriggerMessage(status="NotImplemented")
    return call_result.TriggerMessage(status="Accepted" if station.report_again(what[requested]) else "Rejected")
