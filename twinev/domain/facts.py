"""What stations say, as the gateway passes it on: facts (durable) and questions (answered at once).

Names are OCPP 2.0.1's whatever the station speaks; powers are kW and energies kWh. ``payload`` keeps the station's own
message, so that nothing is lost in the translation. A fact's ``key`` is its natural key (never the message id): a
replay has the same key and changes nothing; the same key with other content is kept and flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from twinev.domain.charging_profile import ChargingSchedule


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measured value. ``value`` is in kW for powers, kWh for energies, else in ``unit``."""

    timestamp: datetime
    measurand: str = "Energy.Active.Import.Register"
    value: float
    unit: str
    phase: str | None = None
    location: str = "Outlet"
    context: str = "Sample.Periodic"


@dataclass(frozen=True, kw_only=True)
class TransactionStarted:
    """A transaction began.

    ``ocpp_transaction_id`` is None where the CSMS allots it (OCPP 1.6): then the answer names it.
    """

    kind: Literal["TransactionStarted"] = "TransactionStarted"
    evse_id: int
    connector_id: int = 1
    timestamp: datetime
    ocpp_transaction_id: str | None = None
    id_token: str | None = None
    meter_start_kwh: float | None = None
    seq_no: int | None = None
    charging_state: str | None = None
    offline: bool = False
    remote_start_id: int | None = None
    reservation_id: int | None = None
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TransactionUpdated:
    """Something happened within a transaction: measured values, another charging state (OCPP 2.0.1)."""

    kind: Literal["TransactionUpdated"] = "TransactionUpdated"
    evse_id: int | None = None
    ocpp_transaction_id: str
    timestamp: datetime
    seq_no: int | None = None
    trigger: str | None = None
    charging_state: str | None = None
    id_token: str | None = None
    offline: bool = False
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TransactionEnded:
    """A transaction ended."""

    kind: Literal["TransactionEnded"] = "TransactionEnded"
    ocpp_transaction_id: str
    timestamp: datetime
    meter_stop_kwh: float | None = None
    reason: str = "Local"
    id_token: str | None = None
    seq_no: int | None = None
    offline: bool = False
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MetersRead:
    """Meter values that came by themselves (OCPP 1.6 MeterValues, 2.0.1 MeterValues)."""

    kind: Literal["MetersRead"] = "MetersRead"
    evse_id: int
    ocpp_transaction_id: str | None = None
    samples: tuple[Sample, ...]


@dataclass(frozen=True, kw_only=True)
class StatusChanged:
    """A connector's status (OCPP 2.0.1 ConnectorStatusEnumType); ``charging_state`` where 1.6's status tells it.

    ``evse_id`` 0 speaks of the station as a whole.
    """

    kind: Literal["StatusChanged"] = "StatusChanged"
    evse_id: int
    connector_id: int = 1
    timestamp: datetime
    status: str
    charging_state: str | None = None
    error_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChargingNeedsNotified:
    """What the driver at this EVSE asks for (NotifyEVChargingNeeds; in 1.6 a DataTransfer, see docs/ocpp.md)."""

    kind: Literal["ChargingNeedsNotified"] = "ChargingNeedsNotified"
    evse_id: int
    timestamp: datetime
    energy_kwh: float | None = None
    departure_at: datetime | None = None
    max_kw: float | None = None
    max_discharge_kw: float | None = None
    profile: str | None = None


@dataclass(frozen=True, kw_only=True)
class StationReported:
    """Something that a station told of itself and that changes nothing here: it is kept for who runs the station.

    ``report`` is the message's name and ``content`` the whole message, both in OCPP 2.x's words. ``timestamp`` is the
    message's own, or when it was heard. ``request_id`` is the command's that it answers; a long report comes in parts,
    numbered by ``seq_no``, all but the last ``to_be_continued``.
    """

    kind: Literal["StationReported"] = "StationReported"
    report: str
    timestamp: datetime
    evse_id: int | None = None
    request_id: int | None = None
    seq_no: int | None = None
    to_be_continued: bool = False
    content: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ChargingLimitNotified:
    """A limit from outside the platform holds at this station, or no longer (2.x Notify- and ClearedChargingLimit).

    ``source`` is OCPP's chargingLimitSource (EMS, SO, CSO, Other). ``schedule`` is the limit itself, None where the
    station tells none (or ``cleared``). ``evse_id`` 0 is the whole station.
    """

    kind: Literal["ChargingLimitNotified"] = "ChargingLimitNotified"
    evse_id: int
    timestamp: datetime
    source: str
    schedule: ChargingSchedule | None = None
    grid_critical: bool = False
    cleared: bool = False


@dataclass(frozen=True, kw_only=True)
class ChargingAbilitiesReported:
    """What a station says that it can do with charging profiles; None where it does not say.

    ``max_profiles`` is how many it keeps at a time; at ``discharging_evses`` it lets an EV discharge on command.
    """

    kind: Literal["ChargingAbilitiesReported"] = "ChargingAbilitiesReported"
    timestamp: datetime
    max_profiles: int | None = None
    max_periods: int | None = None
    max_stack_level: int | None = None
    discharging_evses: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ConnectionChanged:
    """A gateway gained or lost a station's socket."""

    kind: Literal["ConnectionChanged"] = "ConnectionChanged"
    timestamp: datetime
    online: bool
    gateway_id: str
    connection_id: str


AnyFact = (
    TransactionStarted
    | TransactionUpdated
    | TransactionEnded
    | MetersRead
    | StatusChanged
    | ChargingNeedsNotified
    | StationReported
    | ChargingLimitNotified
    | ChargingAbilitiesReported
    | ConnectionChanged
)


@dataclass(frozen=True, kw_only=True)
class StationFact:
    """The body of ``ocpp.up.<cp>.<Action>``. ``reply_to`` is set where the station's answer carries a decision."""

    station_id: str
    protocol: str
    action: str
    key: str
    received_at: datetime
    fact: AnyFact
    payload: dict[str, Any] = field(default_factory=dict)
    reply_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The API's answer, sent after it has committed. ``status`` is an AuthorizationStatus.

    ``group_id_token`` is what all tokens of one driver have in common (OCPP 1.6 parentIdTag): a station lets any of
    them use what is reserved for another, and end what another began.
    """

    status: str
    ocpp_transaction_id: str | None = None
    group_id_token: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConnectQuestion:
    """``ocpp.ask.<cp>.Connect``: may this station open a socket on a port of this security profile?"""

    station_id: str
    security_profile: int
    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConnectAnswer:
    """``verdict`` says which; the rest is what the gateway must know of an accepted station."""

    verdict: Literal["accepted", "unknown", "unauthorised", "blocked"]
    evse_count: int = 1
    phases: int = 3
    voltage_v: float = 230.0


@dataclass(frozen=True, kw_only=True)
class BootQuestion:
    """``ocpp.ask.<cp>.BootNotification``."""

    station_id: str
    protocol: str
    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class BootAnswer:
    """``status`` is an OCPP RegistrationStatus.

    ``interval_seconds`` is the heartbeat's interval, or the wait before the next boot.
    """

    status: Literal["Accepted", "Pending", "Rejected"]
    interval_seconds: int
    current_time: datetime


@dataclass(frozen=True, kw_only=True)
class AuthorizeQuestion:
    """``ocpp.ask.<cp>.Authorize``; answered by a `Decision`."""

    station_id: str
    id_token: str
