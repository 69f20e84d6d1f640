"""The charge-point model: sites, charging stations, their EVSEs and connectors (OCPP 2.0.1 names)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.checks import require_finite, require_text
from twinev.errors import BadInput


class ConnectorStatus(StrEnum):
    """OCPP 2.0.1 ConnectorStatusEnumType."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class ChargingState(StrEnum):
    """OCPP 2.0.1 ChargingStateEnumType."""

    CHARGING = "Charging"
    EV_CONNECTED = "EVConnected"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    IDLE = "Idle"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A point on the map, WGS 84."""

    latitude_degrees: float
    longitude_degrees: float

    def __post_init__(self) -> None:
        require_finite("latitude_degrees", self.latitude_degrees, at_least=-90, at_most=90)
        require_finite("longitude_degrees", self.longitude_degrees, at_least=-180, at_most=180)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place with one supply point that its stations share.

    ``fallback_kw`` is what one EVSE may draw when no plan reaches it; None shares the supply point evenly.
    """

    id: str
    name: str
    location: Location
    supply_max_kw: float
    supply_min_kw: float = 0.0
    fallback_kw: float | None = None
    price_zone: str = "NL"
    time_zone: str = "Europe/Amsterdam"
    slot_minutes: int = 15
    horizon_slots: int = 96
    accepts_unknown_tokens: bool = False
    default_energy_kwh: float = 20.0
    default_stay_minutes: int = 240

    def __post_init__(self) -> None:
        require_text("id", self.id, longest=64)
        require_text("name", self.name)
        require_finite("supply_max_kw", self.supply_max_kw, at_least=0)
        require_finite("supply_min_kw", self.supply_min_kw, at_most=0)
        if self.fallback_kw is not None:
            require_finite("fallback_kw", self.fallback_kw, at_least=0)


@dataclass(frozen=True, kw_only=True)
class Evse:
    """One place to charge; it serves one EV at a time. ``id`` counts from 1 within its station."""

    id: int
    connector_type: str = "cType2"
    max_kw: float
    phases: int = 3
    status: ConnectorStatus = ConnectorStatus.UNAVAILABLE
    status_at: datetime | None = None

    def __post_init__(self) -> None:
        require_finite("max_kw", self.max_kw, at_least=0)
        if self.id < 1:
            raise BadInput("evse.id", self.id, "a whole number of at least 1")
        if self.phases not in (1, 3):
            raise BadInput("evse.phases", self.phases, "1 or 3")


@dataclass(frozen=True, kw_only=True)
class ChargingStation:
    """A charging station (OCPP 1.6: charge point) and what is known of it.

    ``online_since`` is when its present socket opened; None while it has none.
    """

    id: str
    site_id: str
    name: str
    location: Location
    evses: tuple[Evse, ...]
    security_profile: int = 0
    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware_version: str | None = None
    online: bool = False
    online_since: datetime | None = None
    last_seen: datetime | None = None

    def __post_init__(self) -> None:
        # 48 characters is OCPP 2.0.1's identifierString for a station's identity.
        require_text("id", self.id, longest=48)
        if self.security_profile not in (0, 1, 2, 3):
            raise BadInput("security_profile", self.security_profile, "0, 1, 2 or 3")

    @property
    def max_kw(self) -> float:
        return sum(evse.max_kw for evse in self.evses)
