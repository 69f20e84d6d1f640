"""OCPP 2.0.1 as a charging station speaks it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from ocpp.v201 import call, call_result, datatypes, enums

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
from twinev.simulator.ev import MIN_CURRENT_A, VOLTAGE_V
from twinev.simulator.fleet import StationSpec
from twinev.simulator.limits import StationProfile
from twinev.simulator.memory import PluggedEv, Transaction
from twinev.simulator.meter import OTHER, TRIGGERED, Reading, timestamp
from twinev.simulator.profile_reading import read_profile
from twinev.simulator.profiles import Refusal
from twinev.simulator.station import Station

EVSE = datatypes.EVSEType(id=1, connector_id=1)
STOP_TRIGGERS = {
    "Local": "StopAuthorized",
    "Remote": "RemoteStop",
    "DeAuthorized": "Deauthorized",
    "PowerLoss": "AbnormalCondition",
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
        return BootAnswer(status=answer["status"], interval_seconds=answer["interval"])

    def heartbeat(self) -> Request:
        return to_request(call.Heartbeat())

    def status(self, condition: Condition, at: datetime) -> Request:
        """StatusNotification; 2.0.1 tells the charging state in TransactionEvent, and here only who stands there."""
        status = "Available" if condition is Condition.AVAILABLE else "Occupied"
        return to_request(
            call.StatusNotification(timestamp=timestamp(at), connector_status=status, evse_id=1, connector_id=1)
        )

    def authorize(self, id_token: str) -> Request:
        return to_request(call.Authorize(id_token=_id_token(id_token)))

    def read_authorization(self, answer: dict[str, Any]) -> str:
        return answer["idTokenInfo"]["status"]

    def started(self, transaction: Transaction, begin: Reading, *, offline: bool) -> Request:
        """TransactionEvent Started: this station starts a transaction when the driver is authorised (TxStartPoint)."""
        from_afar = transaction.remote_start_id is not None
        event = self._event(transaction, "Started", begin.at, offline=offline)
        event.trigger_reason = "RemoteStart" if from_afar else "Authorized"
        event.transaction_info.charging_state = "EVConnected"
        event.transaction_info.remote_start_id = transaction.remote_start_id
        event.evse = EVSE
        event.id_token = _id_token(transaction.id_token)
        event.meter_value = [_meter_value(begin)]
        return to_request(event, begin)

    def needs(self, plugged: PluggedEv, at: datetime) -> Request:
        ev = plugged.visit.ev
        return to_request(
            call.NotifyEVChargingNeeds(
                evse_id=1,
                charging_needs=datatypes.ChargingNeedsType(
                    requested_energy_transfer=ENERGY_TRANSFER[ev.phases],
                    departure_time=timestamp(plugged.departs_at),
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
        handlers = {
            "SetChargingProfile": _set_charging_profile,
            "ClearChargingProfile": _clear_charging_profile,
            "GetCompositeSchedule": _get_composite_schedule,
            "RequestStartTransaction": _request_start,
            "RequestStopTransaction": _request_stop,
            "GetVariables": _get_variables,
            "SetVariables": _set_variables,
            "TriggerMessage": _trigger_message,
        }
        if action not in handlers:
            raise refuse_unknown(action, enums.Action)
        return to_wire(handlers[action](station, payload))


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
    if profile.purpose == "TxProfile" and profile.transaction_id is None:
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
