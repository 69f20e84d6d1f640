"""The charge-point model: sites, charging stations, their EVSEs and connectors (OCPP 2.0.1 names)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.checks import require_finite, require_text
from twinev.domain.connectors import Connector
from twinev.domain.opening_hours import OpeningHours
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
class Address:
    """Where a site is, as one writes it on a letter; ``country`` is ISO 3166-1 alpha-3, as in OCPI."""

    street: str
    city: str
    country: str
    postal_code: str | None = None

    def __post_init__(self) -> None:
        require_text("address.street", self.street, longest=45)
        require_text("address.city", self.city, longest=45)
        if len(self.country) != 3 or not (self.country.isascii() and self.country.isupper()):
            raise BadInput("address.country", self.country, "three letters of ISO 3166-1, such as NLD")
        if self.postal_code is not None:
            require_text("address.postal_code", self.postal_code, longest=10)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place with one supply point that its stations share.

    ``fallback_kw`` is what one EVSE may draw when no plan reaches it; None shares the supply point evenly.
    ``opening_hours`` None is day and night.
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
    address: Address | None = None
    opening_hours: OpeningHours | None = None

    def __post_init__(self) -> None:
        require_text("id", self.id, longest=64)
        require_text("name", self.name)
        require_finite("supply_max_kw", self.supply_max_kw, at_least=0)
        require_finite("supply_min_kw", self.supply_min_kw, at_most=0)
        if self.fallback_kw is not None:
            require_finite("fallback_kw", self.fallback_kw, at_least=0)

    def open_at(self, instant: datetime) -> bool:
        """Whether one can get in at ``instant``."""
        return self.opening_hours is None or self.opening_hours.open_at(instant, time_zone=self.time_zone)


@dataclass(frozen=True, kw_only=True)
class Evse:
    """One place to charge; it serves one EV at a time. ``id`` counts from 1 within its station.

    Without ``connectors`` it has one, of ``connector_type``; with them ``connector_type`` is the first one's.
    ``error_code`` is what the station gave as the fault with its last status, if anything.
    """

    id: int
    connector_type: str = "cType2"
    max_kw: float
    phases: int = 3
    status: ConnectorStatus = ConnectorStatus.UNAVAILABLE
    status_at: datetime | None = None
    error_code: str | None = None
    connectors: tuple[Connector, ...] = ()

    def __post_init__(self) -> None:
        if self.connectors:
            object.__setattr__(self, "connector_type", self.connectors[0].type)
        else:
            object.__setattr__(self, "connectors", (Connector(id=1, type=self.connector_type),))
        if len({connector.id for connector in self.connectors}) < len(self.connectors):
            raise BadInput("evse.connectors", [c.id for c in self.connectors], "connectors with different ids")
        require_finite("max_kw", self.max_kw, at_least=0)
        if self.id < 1:
            raise BadInput("evse.id", self.id, "a whole number of at least 1")
        if self.phases not in (1, 3):
            raise BadInput("evse.phases", self.phases, "1 or 3")


@dataclass(frozen=True, kw_only=True)
class ChargingStation:
    """A charging station (OCPP 1.6: charge point) and what is known of it.

    ``online_since`` is when its present socket opened; None while it has none. ``public`` says whether strangers may
    find it and charge there. A blocked station is refused until it is let in again; a removed one never comes back, and
    stays for its history.
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
    public: bool = True
    blocked_at: datetime | None = None
    block_reason: str | None = None
    removed_at: datetime | None = None

    def __post_init__(self) -> None:
        # 48 characters is OCPP 2.0.1's identifierString for a station's identity.
        require_text("id", self.id, longest=48)
        if self.security_profile not in (0, 1, 2, 3):
            raise BadInput("security_profile", self.security_profile, "0, 1, 2 or 3")
        if len({evse.id for evse in self.evses}) < len(self.evses):
            raise BadInput("evses", [evse.id for evse in self.evses], "EVSEs with different ids")

    @property
    def max_kw(self) -> float:
        return sum(evse.max_kw for evse in self.evses)
