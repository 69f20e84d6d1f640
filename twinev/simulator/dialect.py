"""What a station needs of an OCPP version: how each message is said, and how each answer and command is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from ocpp.charge_point import remove_nones, serialize_as_dict, snake_to_camel_case

from twinev.simulator.fleet import StationSpec
from twinev.simulator.memory import PluggedEv, Transaction
from twinev.simulator.meter import Reading

if TYPE_CHECKING:
    from twinev.simulator.station import Station


ACCEPTED = "Accepted"


class Condition(StrEnum):
    """What goes on at a connector (OCPP 1.6's ChargePointStatus)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A CALL to be made; ``readings`` are the meter readings in its payload."""

    action: str
    payload: dict[str, Any]
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BootAnswer:
    """``interval_seconds`` is the heartbeat's, or the wait before the next try."""

    status: str
    interval_seconds: float
    current_time: datetime


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What a CALLRESULT of the transaction's messages decides; None where it says nothing."""

    csms_id: str | None = None
    token_status: str | None = None


class CommandRefused(Exception):
    """A CALL of the CSMS gets a CALLERROR with this OCPP error code."""

    def __init__(self, code: str, description: str) -> None:
        self.code = code
        self.description = description
        super().__init__(f"{code}: {description}")


class NoAnswer(Exception):
    """A CALL of the CSMS is not answered at all."""


class Dialect(Protocol):
    """One OCPP version, without state."""

    version: str
    subprotocol: str
    replaces_equal_stack: bool
    format_error: str

    def boot(self, spec: StationSpec, reason: str) -> Request: ...
    def read_boot(self, answer: dict[str, Any]) -> BootAnswer: ...
    def heartbeat(self) -> Request: ...
    def read_heartbeat(self, answer: dict[str, Any]) -> datetime: ...
    def status(self, evse_id: int, condition: Condition, at: datetime) -> Request: ...
    def authorize(self, id_token: str) -> Request: ...
    def read_authorization(self, answer: dict[str, Any]) -> tuple[str, str | None]:
        """The status of the token and its group."""

    def started(self, transaction: Transaction, begin: Reading, *, offline: bool) -> Request: ...
    def needs(self, evse_id: int, plugged: PluggedEv, departs_at: datetime) -> Request: ...
    def state_changed(self, transaction: Transaction, at: datetime, *, offline: bool) -> Request | None:
        """None where the version tells it by StatusNotification alone."""

    def metered(self, transaction: Transaction, reading: Reading, *, offline: bool) -> Request: ...
    def ended(self, transaction: Transaction, end: Reading, *, reason: str, offline: bool) -> Request: ...
    def charging_limit(self, limit_kw: float, at: datetime, seconds: float) -> Request | None:
        """Somebody else than the CSMS limits the station; None where the version cannot say it."""

    def charging_limit_cleared(self) -> Request | None: ...
    def reservation_expired(self, reservation_id: int) -> Request | None:
        """Nobody came for a reservation; None where the version cannot say it."""

    def addressed(self, action: str, payload: dict[str, Any], csms_id: str | None) -> dict[str, Any]:
        """The payload of a queued message with the transaction's id, which the CSMS may have allotted meanwhile."""

    def read_confirmation(self, action: str, answer: dict[str, Any]) -> Confirmation: ...
    def obey(self, station: Station, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Carry out a CALL of the CSMS and return the CALLRESULT's payload.

        Raises
        ------
        CommandRefused
            It is answered by a CALLERROR.
        NoAnswer
            The station keeps silent.
        """


def to_wire(message: Any) -> dict[str, Any]:
    """The JSON object of one of the ``ocpp`` library's dataclasses."""
    return snake_to_camel_case(remove_nones(serialize_as_dict(message)))


def to_request(message: Any, *readings: Reading) -> Request:
    """The CALL of one of the ``ocpp`` library's dataclasses, whose class is named after the action."""
    return Request(action=type(message).__name__, payload=to_wire(message), readings=readings)


def refuse_unknown(action: str, known: type[StrEnum]) -> CommandRefused:
    """The error for an action without handler: NotSupported where the version has it, else NotImplemented."""
    if action in set(known):
        return CommandRefused("NotSupported", f"this station does not support {action}")
    return CommandRefused("NotImplemented", f"{action} is not known")
