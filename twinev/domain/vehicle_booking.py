"""Vehicles as the platform keeps them, drivers' own and shared ones, and the bookings of the shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from twinev.domain.checks import require_finite, require_text
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """An EV. A driver's own has an ``owner_id``; a shared one has none, but a site where it stands.

    ``connectors`` are OCPP's connector types; ``max_ac_kw`` and ``max_dc_kw`` are what it takes, 0 where it cannot.
    ``available`` is whether a shared one may be booked at all.
    """

    id: str
    name: str
    battery_kwh: float
    owner_id: str | None = None
    site_id: str | None = None
    connectors: tuple[str, ...] = ("cType2",)
    max_ac_kw: float = 11.0
    max_dc_kw: float = 0.0
    consumption_kwh_per_km: float = 0.18
    v2g: bool = False
    available: bool = True

    def __post_init__(self) -> None:
        require_text("name", self.name)
        require_finite("battery_kwh", self.battery_kwh, at_least=1, at_most=1000)
        require_finite("max_ac_kw", self.max_ac_kw, at_least=0, at_most=100)
        require_finite("max_dc_kw", self.max_dc_kw, at_least=0, at_most=5000)
        require_finite("consumption_kwh_per_km", self.consumption_kwh_per_km, at_least=0.01, at_most=5)
        for connector in self.connectors:
            require_text("connectors", connector, longest=40)
        if (self.owner_id is None) == (self.site_id is None):
            raise BadInput("site_id", self.site_id, "the site of a shared vehicle, and none for a driver's own")

    @property
    def shared(self) -> bool:
        return self.owner_id is None


class BookingStatus(StrEnum):
    """What became of a booking of a shared vehicle."""

    ACTIVE = "active"
    PICKED_UP = "picked_up"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, kw_only=True)
class VehicleBooking:
    """A shared vehicle kept for a user; it lapses ``grace_minutes`` after the start unless it was picked up."""

    id: str
    vehicle_id: str
    user_id: str
    site_id: str
    window: TimeWindow
    grace_minutes: float
    made_at: datetime
    status: BookingStatus = BookingStatus.ACTIVE
    picked_up_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        return min(self.window.start + timedelta(minutes=self.grace_minutes), self.window.end)
