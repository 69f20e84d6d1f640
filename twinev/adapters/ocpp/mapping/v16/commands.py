"""OCPP 1.6: commands become CALLs to the station, its results become outcomes.

An EVSE is a connector here, and 0 is the whole station in both.
"""

from __future__ import annotations

from typing import Any

from twinev.adapters.ocpp.mapping.abilities import Abilities, RateUnit
from twinev.adapters.ocpp.mapping.answers import read_periods, write_periods
from twinev.adapters.ocpp.mapping.limits import FittedProfile, fit_profile
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.mapping.steps import StationCall, StationOutcome, outcome_of_status
from twinev.adapters.ocpp.mapping.times import read_time, write_whole_second
from twinev.adapters.ocpp.mapping.v16.operating_commands import operating_call, operating_outcome
from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose
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
from twinev.errors import BadInput

_PURPOSES = {ProfilePurpose.STATION_MAX.value: "ChargePointMaxProfile"}


def call_of(command: AnyCommand, station: Station, abilities: Abilities) -> StationCall:
    """The CALL that says what ``command`` means.

    Raises
    ------
    BadInput
        OCPP 1.6 cannot say it.
    """
    match command:
        case SetChargingProfile(profile=profile):
            fitted = fit_profile(profile, abilities, station)
            body = _profile(fitted, station)
            if profile.ocpp_transaction_id is not None:
                body["transactionId"] = transaction_number(profile.ocpp_transaction_id)
            payload = {"connectorId": profile.evse_id, "csChargingProfiles": body}
            return StationCall(action="SetChargingProfile", payload=payload, sent=fitted.sent)
        case ClearChargingProfile():
            return StationCall(action="ClearChargingProfile", payload=_clear(command))
        case GetCompositeSchedule(evse_id=evse_id, duration_seconds=duration):
            payload = {"connectorId": evse_id, "duration": duration, "chargingRateUnit": abilities.rate_unit.value}
            return StationCall(action="GetCompositeSchedule", payload=payload)
        case RequestStartTransaction():
            return _remote_start(command, station, abilities)
        case RequestStopTransaction(ocpp_transaction_id=transaction_id):
            payload = {"transactionId": transaction_number(transaction_id)}
            return StationCall(action="RemoteStopTransaction", payload=payload)
        case _:
            return operating_call(command)


def outcome_of(command: AnyCommand, response: dict[str, Any], station: Station) -> StationOutcome:
    """What the CALLRESULT to ``command`` means."""
    if isinstance(command, OperatingCommand):
        return operating_outcome(command, response)
    status = response["status"]
    composite = None
    if isinstance(command, GetCompositeSchedule) and status == "Accepted":
        composite = _composite(command, response, station)
    return StationOutcome(outcome=outcome_of_status(status), status=status, composite=composite)


def transaction_number(transaction_id: str) -> int:
    """1.6 counts transactions in whole numbers; the platform keeps them as text."""
    try:
        return int(transaction_id)
    except ValueError as error:
        raise BadInput("ocpp_transaction_id", transaction_id, "a whole number, for OCPP 1.6") from error


def _remote_start(command: RequestStartTransaction, station: Station, abilities: Abilities) -> StationCall:
    payload: dict[str, Any] = {"connectorId": command.evse_id, "idTag": command.id_token}
    sent: ChargingProfile | None = None
    if command.profile is not None:
        fitted = fit_profile(command.profile, abilities, station)
        sent = fitted.sent
        # Without a transactionId (1.6 ed. 2, §5.11): the transaction does not exist yet.
        payload["chargingProfile"] = _profile(fitted, station)
    return StationCall(action="RemoteStartTransaction", payload=payload, sent=sent)


def _profile(fitted: FittedProfile, station: Station) -> dict[str, Any]:
    profile = fitted.sent
    payload: dict[str, Any] = {
        "chargingProfileId": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": _PURPOSES.get(profile.purpose.value, profile.purpose.value),
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": write_whole_second(profile.schedule.start),
            "chargingRateUnit": fitted.rate_unit.value,
            "chargingSchedulePeriod": write_periods(fitted, station),
        },
    }
    if profile.schedule.duration_seconds is not None:
        payload["chargingSchedule"]["duration"] = profile.schedule.duration_seconds
    return payload


def _clear(command: ClearChargingProfile) -> dict[str, Any]:
    purpose = None if command.purpose is None else _PURPOSES.get(command.purpose, command.purpose)
    criteria = {
        "id": command.profile_id,
        "connectorId": command.evse_id,
        "chargingProfilePurpose": purpose,
        "stackLevel": command.stack_level,
    }
    return {name: value for name, value in criteria.items() if value is not None}


def _composite(command: GetCompositeSchedule, response: dict[str, Any], station: Station) -> CompositeSchedule | None:
    schedule, start = response.get("chargingSchedule"), response.get("scheduleStart")
    if schedule is None or (start or schedule.get("startSchedule")) is None:
        return None
    unit = RateUnit(schedule["chargingRateUnit"])
    return CompositeSchedule(
        evse_id=response.get("connectorId", command.evse_id),
        start=read_time(start or schedule["startSchedule"]),
        duration_seconds=int(schedule.get("duration", command.duration_seconds)),
        periods=read_periods(schedule["chargingSchedulePeriod"], unit, station),
    )
