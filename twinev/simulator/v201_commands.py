"""What an OCPP 2.0.1 charging station does at the CSMS's CALLs."""

from __future__ import annotations

from typing import Any

from ocpp.v201 import call_result, datatypes, enums

from twinev.simulator import profiles
from twinev.simulator.dialect import refuse_unknown, to_wire
from twinev.simulator.limits import TX, StationProfile
from twinev.simulator.meter import timestamp
from twinev.simulator.profile_reading import read_profile
from twinev.simulator.profiles import Refusal
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
    profile = _profile(payload["chargingProfile"], payload["evseId"])
    refusal = None
    if profile.purpose == TX and profile.transaction_id is None:
        refusal = Refusal(code="MissingParam", detail="a TxProfile names its transaction")
    refusal = refusal or station.install(profile)
    return call_result.SetChargingProfile(
        status="Accepted" if refusal is None else "Rejected", status_info=_why(refusal)
    )


def _clear_charging_profile(station: Station, payload: dict[str, Any]) -> call_result.ClearChargingProfile:
    criteria = payload.get("chargingProfileCriteria", {})
    cleared = station.clear(
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
    if payload["evseId"] not in (0, 1):
        refusal = Refusal(code="UnknownEvse", detail=f"there is no EVSE {payload['evseId']}")
        return call_result.GetCompositeSchedule(status="Rejected", status_info=_why(refusal))
    start, periods = station.composite(payload["duration"], unit)
    return call_result.GetCompositeSchedule(
        status="Accepted",
        schedule=datatypes.CompositeScheduleType(
            evse_id=payload["evseId"],
            duration=payload["duration"],
            schedule_start=timestamp(start),
            charging_rate_unit=unit,
            charging_schedule_period=[
                datatypes.ChargingSchedulePeriodType(start_period=period.start_seconds, limit=period.limit)
                for period in periods
            ],
        ),
    )


def _request_start(station: Station, payload: dict[str, Any]) -> call_result.RequestStartTransaction:
    profile = _profile(payload["chargingProfile"], 1) if "chargingProfile" in payload else None
    accepted = payload.get("evseId", 1) == 1 and station.start_from_afar(
        payload["idToken"]["idToken"], remote_start_id=payload["remoteStartId"], profile=profile
    )
    started = station.transaction if accepted else None
    return call_result.RequestStartTransaction(
        status="Accepted" if accepted else "Rejected", transaction_id=started.id if started else None
    )


def _request_stop(station: Station, payload: dict[str, Any]) -> call_result.RequestStopTransaction:
    accepted = station.stop_from_afar(payload["transactionId"])
    return call_result.RequestStopTransaction(status="Accepted" if accepted else "Rejected")


def _variables(station: Station) -> dict[tuple[str, str, str | None], str]:
    return {
        ("SmartChargingCtrlr", "Enabled", None): "true",
        ("SmartChargingCtrlr", "Available", None): "true",
        ("SmartChargingCtrlr", "Entries", "ChargingProfiles"): str(profiles.MAX_PROFILES),
        ("SmartChargingCtrlr", "PeriodsPerSchedule", None): str(profiles.MAX_PERIODS),
        ("SmartChargingCtrlr", "Phases3to1", None): "false",
        ("SmartChargingCtrlr", "ProfileStackLevel", None): str(profiles.MAX_STACK_LEVEL),
        ("SmartChargingCtrlr", "RateUnit", None): ",".join(sorted(station.spec.rate_units)),
        ("OCPPCommCtrlr", "HeartbeatInterval", None): str(round(station.heartbeat_interval_seconds)),
        ("SampledDataCtrlr", "TxUpdatedInterval", None): str(round(station.meter_interval_seconds)),
    }


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
    return call_result.TriggerMessage(status="Accepted" if station.report_again(what[requested]) else "Rejected")


HANDLERS = {
    "SetChargingProfile": _set_charging_profile,
    "ClearChargingProfile": _clear_charging_profile,
    "GetCompositeSchedule": _get_composite_schedule,
    "RequestStartTransaction": _request_start,
    "RequestStopTransaction": _request_stop,
    "GetVariables": _get_variables,
    "SetVariables": _set_variables,
    "TriggerMessage": _trigger_message,
}


def obey(station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Carry out a CALL; see `twinev.simulator.dialect.Dialect.obey`."""
    if action not in HANDLERS:
        raise refuse_unknown(action, enums.Action)
    return to_wire(HANDLERS[action](station, payload))
