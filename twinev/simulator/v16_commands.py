"""What an OCPP 1.6 charge point does at the central system's CALLs."""

from __future__ import annotations

from typing import Any

from ocpp.v16 import call_result, datatypes, enums

from twinev.simulator import profiles
from twinev.simulator.dialect import CommandRefused, NoAnswer, refuse_unknown, to_wire
from twinev.simulator.fleet import ProfileManner
from twinev.simulator.limits import STATION_MAX, StationProfile
from twinev.simulator.meter import timestamp
from twinev.simulator.profile_reading import instant, read_profile
from twinev.simulator.reservation import KeptEvse
from twinev.simulator.station import Station

# OCPP 1.6 calls the station's maximum so; everything else is named as in 2.0.1.
CHARGE_POINT_MAX = "ChargePointMaxProfile"
UNIT_NAMES = {"A": "Current", "W": "Power"}


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
    match station.spec.profiles:
        case ProfileManner.SILENT:
            raise NoAnswer
        case ProfileManner.CALL_ERROR:
            raise CommandRefused("InternalError", "this charge point fails at charging profiles")
        case ProfileManner.NOT_SUPPORTED:
            return call_result.SetChargingProfile(status="NotSupported")
        case ProfileManner.REJECTED:
            return call_result.SetChargingProfile(status="Rejected")
    refusal = station.orders.install(_profile(payload["csChargingProfiles"], payload["connectorId"]))
    return call_result.SetChargingProfile(status="Accepted" if refusal is None else "Rejected")


def _clear_charging_profile(station: Station, payload: dict[str, Any]) -> call_result.ClearChargingProfile:
    purpose = payload.get("chargingProfilePurpose")
    cleared = station.orders.clear(
        profile_id=payload.get("id"),
        evse_id=payload.get("connectorId"),
        purpose=STATION_MAX if purpose == CHARGE_POINT_MAX else purpose,
        stack_level=payload.get("stackLevel"),
    )
    return call_result.ClearChargingProfile(status="Accepted" if cleared else "Unknown")


def _get_composite_schedule(station: Station, payload: dict[str, Any]) -> call_result.GetCompositeSchedule:
    unit = payload.get("chargingRateUnit") or station.spec.preferred_unit
    if unit not in station.spec.rate_units or payload["connectorId"] not in (0, *station.numbers_of_evses):
        return call_result.GetCompositeSchedule(status="Rejected")
    start, periods = station.orders.composite(payload["connectorId"], payload["duration"], unit)
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
    connector_id = payload.get("connectorId")
    profile = _profile(payload["chargingProfile"], connector_id or 1) if "chargingProfile" in payload else None
    accepted = station.orders.start_from_afar(payload["idTag"], evse_id=connector_id, profile=profile)
    return call_result.RemoteStartTransaction(status="Accepted" if accepted else "Rejected")


def _remote_stop(station: Station, payload: dict[str, Any]) -> call_result.RemoteStopTransaction:
    accepted = station.orders.stop_from_afar(str(payload["transactionId"]))
    return call_result.RemoteStopTransaction(status="Accepted" if accepted else "Rejected")


def _reserve(station: Station, payload: dict[str, Any]) -> call_result.ReserveNow:
    kept = KeptEvse(
        reservation_id=payload["reservationId"],
        id_token=payload["idTag"],
        until=instant(payload["expiryDate"]),
        group=payload.get("parentIdTag"),
    )
    return call_result.ReserveNow(status=station.orders.keep(kept, payload["connectorId"]))


def _cancel_reservation(station: Station, payload: dict[str, Any]) -> call_result.CancelReservation:
    cancelled = station.orders.let_go(payload["reservationId"])
    return call_result.CancelReservation(status="Accepted" if cancelled else "Rejected")


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
        "NumberOfConnectors": str(len(station.evses)),
        "SupportedFeatureProfiles": "Core,SmartCharging,RemoteTrigger,Reservation",
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
    again = station.orders.report_again(what[requested], payload.get("connectorId"))
    return call_result.TriggerMessage(status="Accepted" if again else "Rejected")


def _reset(station: Station, payload: dict[str, Any]) -> call_result.Reset:
    station.reset_soon()
    return call_result.Reset(status="Accepted")


HANDLERS = {
    "SetChargingProfile": _set_charging_profile,
    "ClearChargingProfile": _clear_charging_profile,
    "GetCompositeSchedule": _get_composite_schedule,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "ReserveNow": _reserve,
    "CancelReservation": _cancel_reservation,
    "GetConfiguration": _get_configuration,
    "ChangeConfiguration": _change_configuration,
    "TriggerMessage": _trigger_message,
    "Reset": _reset,
}


def obey(station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Carry out a CALL; see `twinev.simulator.dialect.Dialect.obey`."""
    if action not in HANDLERS:
        raise refuse_unknown(action, enums.Action)
    return to_wire(HANDLERS[action](station, payload))
