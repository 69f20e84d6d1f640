"""Vehicles, drivers' own and shared ones, and the reservations of the shared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment

Name = Annotated[str, Field(min_length=1, max_length=255)]
Battery = Annotated[float, Field(ge=1, le=1000)]
Connectors = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=10)]
AcPower = Annotated[float, Field(ge=0, le=100)]
DcPower = Annotated[float, Field(ge=0, le=5000)]
Consumption = Annotated[float, Field(ge=0.01, le=5)]
SiteId = Annotated[str, Field(max_length=64)]


class VehicleIn(WireModel):
    """POST /vehicles: the caller's own, or with ``shared`` an operator's for everybody, which stands at a site."""

    name: Name
    battery_kwh: Battery
    connectors: Connectors = ("cType2",)
    max_ac_kw: AcPower = 11.0
    max_dc_kw: DcPower = 0.0
    consumption_kwh_per_km: Consumption = 0.18
    v2g: bool = False
    shared: bool = False
    site_id: SiteId | None = None
    available: bool = True


class VehicleChangeIn(WireModel):
    """PATCH /vehicles/{id}: what is left out stays."""

    name: Name | None = None
    battery_kwh: Battery | None = None
    connectors: Connectors | None = None
    max_ac_kw: AcPower | None = None
    max_dc_kw: DcPower | None = None
    consumption_kwh_per_km: Consumption | None = None
    v2g: bool | None = None
    site_id: SiteId | None = None
    available: bool | None = None


class VehicleOut(WireModel):
    """A vehicle; ``mine`` is the caller's own."""

    id: str
    name: str
    battery_kwh: float
    connectors: tuple[str, ...]
    max_ac_kw: float
    max_dc_kw: float
    consumption_kwh_per_km: float
    v2g: bool
    shared: bool
    mine: bool
    site_id: str | None
    available: bool


class VehicleReservationIn(WireModel):
    """POST /vehicles/{id}/reservations; the window is widened to whole five minutes."""

    start: Moment
    end: Moment


class VehicleReservationOut(WireModel):
    """A shared vehicle kept for a driver; it lapses at ``expires_at`` unless it was picked up."""

    id: str
    vehicle_id: str
    user_id: str
    site_id: str
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime
    made_at: AwareDatetime
    status: Literal["active", "picked_up", "returned", "cancelled", "no_show"]
    picked_up_at: AwareDatetime | None
    ended_at: AwareDatetime | None
