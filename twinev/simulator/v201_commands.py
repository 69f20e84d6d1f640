"""What an OCPP 2.0.1 or 2.1 charging station does at the CSMS's CALLs."""

from __future__ import annotations

from typing import Any

import ocpp.v21.datatypes as v21
from ocpp.v21.enums import Action as Action21
from ocpp.v201 import call_result, datatypes, enums

from twinev.simulator import profiles
from twinev.simulator.dialect import CommandRefused, NoAnswer, refuse_unknown, to_wire
from twinev.simulator.fleet import ProfileManner
from twinev.simulator.limits import TX, Period, StationProfile
from twinev.simulator.memory import Transaction
from twinev.simulator.meter import timestamp
from twinev.simulator.profile_reading import instant, read_profile
from twinev.simulator.profiles import Refusal
from twinev.simulator.reservation import KeptEvse
from twinev.simulator.station import Station


def _profile(payload: dict[str, Any], evse_id: int) -> StationProfile:
    return read_profile(
        payload,
        payload["chargingSchedule"][0],
        profile_id=payload["id"],
        purpose=payload["chargingProfilePurpose"],
        evse_id=evse_id,
    )


def _why(refusal: Refusal | None) -> datatypes.StatusInfoType | None:
    if refusal is None:
        return None
    return datatypes.StatusInfoType(reason_code=refusal.code, additional_info=refusal.detail)


def _set_charging_profile(station: Station, payload: dict[str, Any]) -> call_result.SetChargingProfile:
    match station.spec.profiles:
        case ProfileManner.SILENT:
            raise NoAnswer
        case ProfileManner.CALL_ERROR:
            raise CommandRefused("InternalError", "this station fails at charging profiles")
        case ProfileManner.NOT_SUPPORTED:
            raise CommandRefused("NotSupported", "this station does not support charging profiles")
        case ProfileManner.REJECTED:
            return call_result.SetChargingProfile(status="Rejected")
    profile = _profile(payload["chargingProfile"], payload["evseId"])
    refusal = None
    if profile.purpose == TX and profile.transaction_id is None:
        refusal = Refusal(code="MissingParam", detail="a TxProfile names its transaction")
    refusal = refusal or station.orders.install(profile)
    return call_result.SetChargingProfile(
        status="Accepted" if refusal is None else "Rejected", status_info=_why(refusal)
    )


def _clear_charging_profile(station: Station, payload: dict[str, Any]) -> call_result.ClearChargingProfile:
    criteria = payload.get("chargingProfileCriteria", {})
    cleared = station.orders.clear(
        profile_id=payload.get("chargingProfileId"),
        evse_id=criteria.get("evseId"),
        purpose=criteria.get("chargingProfilePurpose"),
        stack_level=criteria.get("stackLevel"),
    )
    return call_result.ClearChargingProfile(status="Accepted" if cleared else "Unknown")


def _get_composite_schedule(station: Station, payload: dict[str, Any]) -> call_result.GetCompositeSchedule:
    unit = payload.get("chargingRateUnit") or station.spec.preferred_unit
    if unit not in station.spec.rate_units:
        refusal = Refusal(code="UnsupportedRateUnit", detail=f"this station takes {station.spec.rate_unit}")
        return call_result.GetCompositeSchedule(status="Rejected", status_info=_why(refusal))
    if payload["evseId"] not in (0, *station.numbers_of_evses):
        refusal = Refusal(code="UnknownEvse", detail=f"there is no EVSE {payload['evseId']}")
        return call_result.GetCompositeSchedule(status="Rejected", status_info=_why(refusal))
    start, periods = station.orders.composite(payload["evseId"], payload["duration"], unit)
    return call_result.GetCompositeSchedule(
        status="Accepted",
        schedule=datatypes.CompositeScheduleType(
            evse_id=payload["evseId"],
            duration=payload["duration"],
            schedule_start=timestamp(start),
            charging_rate_unit=unit,
            charging_schedule_period=[_reported_period(station, period) for period in periods],
        ),
    )


def _reported_period(station: Station, period: Period) -> Any:
    """2.1 says a discharge as a setpoint, 2.0.1 as a negative limit."""
    if period.limit < 0 and station.spec.ocpp == "2.1":
        return v21.ChargingSchedulePeriodType(
            start_period=period.start_seconds, setpoint=period.limit, operation_mode="CentralSetpoint"
        )
    return datatypes.ChargingSchedulePeriodType(start_period=period.start_seconds, limit=period.limit)


def _request_start(station: Station, payload: dict[str, Any]) -> call_result.RequestStartTransaction:
    evse_id = payload.get("evseId")
    profile = _profile(payload["chargingProfile"], evse_id or 1) if "chargingProfile" in payload else None
    started = station.orders.start_from_afar(
        payload["idToken"]["idToken"], evse_id=evse_id, remote_start_id=payload["remoteStartId"], profile=profile
    )
    return call_result.RequestStartTransaction(
        status="Accepted" if started else "Rejected",
        transaction_id=started.id if isinstance(started, Transaction) else None,
    )


def _request_stop(station: Station, payload: dict[str, Any]) -> call_result.RequestStopTransaction:
    accepted = station.orders.stop_from_afar(payload["transactionId"])
    return call_result.RequestStopTransaction(status="Accepted" if accepted else "Rejected")


def _reserve(station: Station, payload: dict[str, Any]) -> call_result.ReserveNow:
    kept = KeptEvse(
        reservation_id=payload["id"],
        id_token=payload["idToken"]["idToken"],
        until=instant(payload["expiryDateTime"]),
        group=payload.get("groupIdToken", {}).get("idToken"),
    )
    return call_result.ReserveNow(status=station.orders.keep(kept, payload.get("evseId")))


def _cancel_reservation(station: Station, payload: dict[str, Any]) -> call_result.CancelReservation:
    cancelled = station.orders.let_go(payload["reservationId"])
    return call_result.CancelReservation(status="Accepted" if cancelled else "Rejected")


def _variables(station: Station) -> dict[tuple[str, str, str | None], str]:
    known = {
        ("SmartChargingCtrlr", "Enabled", None): "true",
        ("SmartChargingCtrlr", "Available", None): "true",
        ("SmartChargingCtrlr", "Entries", "ChargingProfiles"): str(profiles.MAX_PROFILES),
        ("SmartChargingCtrlr", "PeriodsPerSchedule", None): str(profiles.MAX_PERIODS),
        ("SmartChargingCtrlr", "Phases3to1", None): "false",
        ("SmartChargingCtrlr", "ProfileStackLevel", None): str(profiles.MAX_STACK_LEVEL),
        ("SmartChargingCtrlr", "RateUnit", None): ",".join(sorted(station.spec.rate_units)),
        ("ReservationCtrlr", "Available", None): "true",
        ("ReservationCtrlr", "Enabled", None): "true",
        ("OCPPCommCtrlr", "HeartbeatInterval", None): str(round(station.heartbeat_interval_seconds)),
        ("SampledDataCtrlr", "TxUpdatedInterval", None): str(round(station.meter_interval_seconds)),
    }
    if station.spec.bidirectional:
        known |= {
            ("V2XChargingCtrlr", "Available", None): "true",
            ("V2XChargingCtrlr", "Enabled", None): "true",
            ("V2XChargingCtrlr", "SupportedEnergyTransferModes", None): "AC_BPT",
            ("V2XChargingCtrlr", "SupportedOperationModes", None): "ChargingOnly,CentralSetpoint",
        }
    return known


def _get_variables(station: Station, payload: dict[str, Any]) -> call_result.GetVariables:
    known = _variables(station)
    components = {component for component, _, _ in known}
    results = []
    for asked in payload["getVariableData"]:
        component, variable = asked["component"], asked["variable"]
        value = known.get((component["name"], variable["name"], variable.get("instance")))
        missing = "UnknownVariable" if component["name"] in components else "UnknownComponent"
        if value is not None and asked.get("attributeType", "Actual") != "Actual":
            value, missing = None, "NotSupportedAttributeType"
        results.append(
            datatypes.GetVariableResultType(
                attribute_status=missing if value is None else "Accepted",
                attribute_value=value,
                component=component,
                variable=variable,
            )
        )
    return call_result.GetVariables(get_variable_result=results)


def _set_variables(station: Station, payload: dict[str, Any]) -> call_result.SetVariables:
    return call_result.SetVariables(
        set_variable_result=[
            datatypes.SetVariableResultType(
                attribute_status=_set_variable(station, wanted),
                component=wanted["component"],
                variable=wanted["variable"],
            )
            for wanted in payload["setVariableData"]
        ]
    )


def _set_variable(station: Station, wanted: dict[str, Any]) -> str:
    component, variable = wanted["component"]["name"], wanted["variable"]["name"]
    value = wanted["attributeValue"]
    known = {(name, of) for name, of, _ in _variables(station)}
    if (component, variable) not in known:
        return "UnknownVariable" if component in {name for name, _ in known} else "UnknownComponent"
    if variable not in ("HeartbeatInterval", "TxUpdatedInterval"):
        return "Rejected"
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        return "Rejected"
    if variable == "HeartbeatInterval":
        station.heartbeat_interval_seconds = float(value)
    else:
        station.meter_interval_seconds = float(value)
    return "Accepted"


def _trigger_message(station: Station, payload: dict[str, Any]) -> call_result.TriggerMessage:
    what = {"StatusNotification": "status", "TransactionEvent": "meter", "Heartbeat": "heartbeat"}
    requested = payload["requestedMessage"]
    if requested not in what:
        return call_result.TriggerMessage(status="NotImplemented")
    again = station.orders.report_again(what[requested], payload.get("evse", {}).get("id"))
    return call_result.TriggerMessage(status="Accepted" if again else "Rejected")


def _reset(station: Station, payload: dict[str, Any]) -> call_result.Reset:
    if "evseId" in payload:
        return call_result.Reset(status="Rejected")
    station.reset_soon()
    return call_result.Reset(status="Accepted")


HANDLERS = {
    "SetChargingProfile": _set_charging_profile,
    "ClearChargingProfile": _clear_charging_profile,
    "GetCompositeSchedule": _get_composite_schedule,
    "RequestStartTransaction": _request_start,
    "RequestStopTransaction": _request_stop,
    "ReserveNow": _reserve,
    "CancelReservation": _cancel_reservation,
    "GetVariables": _get_variables,
    "SetVariables": _set_variables,
    "TriggerMessage": _trigger_message,
    "Reset": _reset,
}


def obey(station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Carry out a CALL; see `twinev.simulator.dialect.Dialect.obey`."""
    if action not in HANDLERS:
        raise refuse_unknown(action, Action21 if station.spec.ocpp == "2.1" else enums.Action)
    return to_wire(HANDLERS[action](station, payload))
