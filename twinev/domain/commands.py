"""What stations are told: commands in OCPP 2.0.1's names and kW, and how each went.

The gateway that holds the socket translates to what the station speaks, kW to W or A, rounding toward zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from twinev.domain.charging_profile import ChargingProfile, SchedulePeriod
from twinev.domain.operating_commands import OperatingCommand


@dataclass(frozen=True, kw_only=True)
class SetChargingProfile:
    """Install a profile."""

    action: Literal["SetChargingProfile"] = "SetChargingProfile"
    profile: ChargingProfile


@dataclass(frozen=True, kw_only=True)
class ClearChargingProfile:
    """Remove the profiles that match everything that is given."""

    action: Literal["ClearChargingProfile"] = "ClearChargingProfile"
    profile_id: int | None = None
    evse_id: int | None = None
    purpose: str | None = None
    stack_level: int | None = None


@dataclass(frozen=True, kw_only=True)
class GetCompositeSchedule:
    """Ask what the station will really apply."""

    action: Literal["GetCompositeSchedule"] = "GetCompositeSchedule"
    evse_id: int
    duration_seconds: int


@dataclass(frozen=True, kw_only=True)
class RequestStartTransaction:
    """Start charging from afar."""

    action: Literal["RequestStartTransaction"] = "RequestStartTransaction"
    evse_id: int
    id_token: str
    remote_start_id: int
    profile: ChargingProfile | None = None


@dataclass(frozen=True, kw_only=True)
class RequestStopTransaction:
    """Stop charging from afar."""

    action: Literal["RequestStopTransaction"] = "RequestStopTransaction"
    ocpp_transaction_id: str


@dataclass(frozen=True, kw_only=True)
class CloseConnection:
    """Close the station's socket; for the gateway alone, the station is told by the closing itself."""

    action: Literal["CloseConnection"] = "CloseConnection"
    reason: str


ChargingCommand = (
    SetChargingProfile | ClearChargingProfile | GetCompositeSchedule | RequestStartTransaction | RequestStopTransaction
)
AnyCommand = ChargingCommand | OperatingCommand


@dataclass(frozen=True, kw_only=True)
class CommandMessage:
    """The body of ``ocpp.cmd.<cp>``."""

    command_id: str
    station_id: str
    command: AnyCommand | CloseConnection
    timeout_seconds: float = 30.0


@dataclass(frozen=True, kw_only=True)
class CompositeSchedule:
    """What a station reported that it will apply, in kW."""

    evse_id: int
    start: datetime
    duration_seconds: int
    periods: tuple[SchedulePeriod, ...]


@dataclass(frozen=True, kw_only=True)
class CommandReply:
    """How it went.

    ``outcome``: ``accepted`` / ``rejected`` (the station's own status is in ``status``; one that means "later", such as
    Scheduled or RebootRequired, is accepted), ``not_supported``, ``call_error`` (the CALLERROR's code is in ``status``;
    without one the command was never sent, and ``detail`` says why), ``timeout`` (no answer in time), ``offline``.
    ``sent`` holds the profile after rounding to the station's unit, in kW, so that a read-back can be compared.
    ``response`` is the station's result, in OCPP 2.0.1's names where it answers with more than a status.
    ``undelivered``: no gateway took the command, so the station certainly does not know it.
    """

    command_id: str
    outcome: Literal["accepted", "rejected", "not_supported", "call_error", "timeout", "offline"]
    status: str | None = None
    detail: str | None = None
    round_trip_ms: float | None = None
    sent: ChargingProfile | None = None
    composite: CompositeSchedule | None = None
    response: dict[str, Any] | None = None
    undelivered: bool = False
