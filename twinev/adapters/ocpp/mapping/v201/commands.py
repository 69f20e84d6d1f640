"""OCPP 2.0.1: commands become CALLs to the station, its results become outcomes."""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.answers import read_periods, write_periods
from twinev.adapters.ocpp.mapping.limits import FittedProfile, fit_profile
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.adapters.ocpp.mapping.times import read_time, write_whole_second
from twinev.adapters.ocpp.mapping.v201.operating_commands import operating_call, operating_outcome
from twinev.domain.charging_profile import ChargingProfile
from twinev.domain.commands import (
    AnyCommand,
    ClearChargingProfile,
    CompositeSchedule,
    GetCompositeSchedule,
    RequestStartTransaction,
    RequestStopTransaction,
    SetChargingProfile,
)
from twinev.domain.operating_commands import OperatingCommand


def call_of(command: AnyCommand, station: Station, abilities: Abilities) -> StationCall:
    """The CALL that says what ``command`` means."""
    match command:
        case SetChargingProfile(profile=profile):
            fitted = fit_profile(profile, abilities, station)
            body = _profile(fitted, station)
            if profile.ocpp_transaction_id is not None:
                body["transactionId"] = profile.ocpp_transaction_id
            payload = {"evseId": profile.evse_id, "chargingProfile": body}
            return StationCall(action="SetChargingProfile", payload=payload, sent=fitted.sent)
        case ClearChargingProfile():
            return StationCall(action="ClearChargingProfile", payload=_clear(command))
        case GetCompositeSchedule(evse_id=evse_id, duration_seconds=duration):
            payload = {"evseId": evse_id, "duration": duration, "chargingRateUnit": abilities.rate_unit.value}
            return StationCall(action="GetCompositeSchedule", payload=payload)
        case RequestStartTransaction():
            return _request_start(command, station, abilities)
        case RequestStopTransaction(ocpp_transaction_id=transaction_id):
            return StationCall(action="RequestStopTransaction", payload={"transactionId": transaction_id})
        case _:
            return operating_call(command)


def outcome_of(command: AnyCommand, response: dict[str, Any], station: Station) -> StationOutcome:
    """What the CALLRESULT to ``command`` means."""
    if isinstance(command, OperatingCommand):
        return operating_outcome(command, response)
    status = response["status"]
    composite = None
    if isinstance(command, GetCompositeSchedule) and status == "Accepted" and "schedule" in response:
        composite = _composite(response["schedule"], station)
    return StationOutcome(outcome=outcome_of_status(status), status=status, composite=composite)


def _request_start(command: RequestStartTransaction, station: Station, abilities: Abilities) -> StationCall:
    payload: dict[str, Any] = {
        "evseId": command.evse_id,
        "remoteStartId": command.remote_start_id,
        # The platform starts it, whatever kind of token it is elsewhere.
        "idToken": {"idToken": command.id_token, "type": "Central"},
    }
    sent: ChargingProfile | None = None
    if command.profile is not None:
        fitted = fit_profile(command.profile, abilities, station)
        sent = fitted.sent
        # Without a transactionId (part 2, F01.FR.11): the transaction does not exist yet.
        payload["chargingProfile"] = _profile(fitted, station)
    return StationCall(action="RequestStartTransaction", payload=payload, sent=sent)


def _profile(fitted: FittedProfile, station: Station) -> dict[str, Any]:
    profile = fitted.sent
    schedule: dict[str, Any] = {
        "id": profile.id,
        "startSchedule": write_whole_second(profile.schedule.start),
        "chargingRateUnit": fitted.rate_unit.value,
        "chargingSchedulePeriod": write_periods(fitted, station),
    }
    if profile.schedule.duration_seconds is not None:
        schedule["duration"] = profile.schedule.duration_seconds
    return {
        "id": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": profile.purpose.value,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }


def _clear(command: ClearChargingProfile) -> dict[str, Any]:
    criteria = {
        "evseId": command.evse_id,
        "chargingProfilePurpose": command.purpose,
        "stackLevel": command.stack_level,
    }
    given = {name: value for name, value in criteria.items() if value is not None}
    payload: dict[str, Any] = {}
    if command.profile_id is not None:
        payload["chargingProfileId"] = command.profile_id
    if given:
        payload["chargingProfileCriteria"] = given
    return payload


def _composite(schedule: dict[str, Any], station: Station) -> CompositeSchedule:
    unit = RateUnit(schedule["chargingRateUnit"])
    return CompositeSchedule(
        evse_id=int(schedule["evseId"]),
        start=read_time(schedule["scheduleStart"]),
        duration_seconds=int(schedule["duration"]),
        periods=read_periods(schedule["chargingSchedulePeriod"], unit, station),
    )
