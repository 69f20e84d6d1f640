"""Sites, as they are entered and as they are now."""

from __future__ import annotations

from pydantic import Field

from twinev.wire.base import WireModel
from twinev.wire.rest.places import AddressBody, OpeningHoursBody


class SiteOut(WireModel):
    """A site with its live state: power of all its sessions, and what its supply point allows.

    ``flexibility_kw`` is what is ordered to be added to the import limit ``supply_max_kw`` now: less where negative.
    ``opening_hours`` null is day and night; ``version`` is the site's ETag.
    """

    id: str
    name: str
    latitude_degrees: float
    longitude_degrees: float
    supply_max_kw: float
    supply_min_kw: float
    price_zone: str
    time_zone: str
    charging_kw: float
    demand_kw: float
    production_kw: float
    active_sessions: int
    flexibility_kw: float = 0.0
    fallback_kw: float | None = None
    slot_minutes: int = 15
    horizon_slots: int = 96
    accepts_unknown_tokens: bool = False
    address: AddressBody | None = None
    opening_hours: OpeningHoursBody | None = None
    open_now: bool = True
    version: str = ""


class SiteIn(WireModel):
    """PUT /sites/{id}; ``fallback_kw`` None shares the supply point evenly among the EVSEs."""

    name: str = Field(min_length=1, max_length=255)
    latitude_degrees: float = Field(ge=-90, le=90)
    longitude_degrees: float = Field(ge=-180, le=180)
    supply_max_kw: float = Field(ge=0, le=1_000_000)
    supply_min_kw: float = Field(default=0.0, ge=-1_000_000, le=0)
    fallback_kw: float | None = Field(default=None, ge=0, le=1_000_000)
    price_zone: str = Field(default="NL", min_length=1, max_length=64)
    time_zone: str = Field(default="Europe/Amsterdam", min_length=1, max_length=64)
    slot_minutes: int = Field(default=15, ge=1, le=60)
    horizon_slots: int = Field(default=96, ge=1, le=1000)
    accepts_unknown_tokens: bool = False
    address: AddressBody | None = None
    opening_hours: OpeningHoursBody | None = None


class SiteChangeIn(WireModel):
    """PATCH of a site: what is left out stays; null takes an address, opening hours or a fallback away."""

    name: str | None = Field(default=None, min_length=1, max_length=255)
    latitude_degrees: float | None = Field(default=None, ge=-90, le=90)
    longitude_degrees: float | None = Field(default=None, ge=-180, le=180)
    supply_max_kw: float | None = Field(default=None, ge=0, le=1_000_000)
    supply_min_kw: float | None = Field(default=None, ge=-1_000_000, le=0)
    fallback_kw: float | None = Field(default=None, ge=0, le=1_000_000)
    price_zone: str | None = Field(default=None, min_length=1, max_length=64)
    time_zone: str | None = Field(default=None, min_length=1, max_length=64)
    slot_minutes: int | None = Field(default=None, ge=1, le=60)
    horizon_slots: int | None = Field(default=None, ge=1, le=1000)
    accepts_unknown_tokens: bool | None = None
    address: AddressBody | None = None
    opening_hours: OpeningHoursBody | None = None
