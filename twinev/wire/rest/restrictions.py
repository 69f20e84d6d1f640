"""Grid operators' restrictions, how they fare, and what one would do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment

Position = tuple[
    Annotated[float, Field(ge=-180, le=180, description="longitude")],
    Annotated[float, Field(ge=-90, le=90, description="latitude")],
]


class PolygonIn(WireModel):
    """A GeoJSON Polygon without holes (RFC 7946): one closed ring of [longitude, latitude]."""

    type: Literal["Polygon"]
    coordinates: tuple[Annotated[tuple[Position, ...], Field(min_length=4, max_length=1000)]]


class CircleIn(WireModel):
    """Everything within ``radius_km`` of ``centre``, which is [longitude, latitude]."""

    type: Literal["Circle"]
    centre: Position
    radius_km: float = Field(gt=0, le=500)


AreaIn = Annotated[PolygonIn | CircleIn, Field(discriminator="type")]


class RestrictionIn(WireModel):
    """POST /restrictions: the stations by name, or those of sites, or those in an area now; one of the three.

    Without ``v2g`` no EV there may give energy back within the window.
    """

    station_ids: tuple[str, ...] = Field(default=(), max_length=10_000)
    site_ids: tuple[str, ...] = Field(default=(), max_length=1000)
    area: AreaIn | None = None
    # Strict: true is no limit of 1 kW.
    limit_kw: float = Field(ge=0, le=1_000_000, strict=True)
    start: Moment
    end: Moment
    v2g: bool = False


class RestrictionChangeIn(WireModel):
    """PATCH /restrictions/{id}: what is left out stays."""

    limit_kw: float | None = Field(default=None, ge=0, le=1_000_000, strict=True)
    end: Moment | None = None
    v2g: bool | None = None


class RestrictionActOut(WireModel):
    """An entry of a restriction's history: ``act`` is ordered, changed or revoked; the rest is what held after it."""

    at: AwareDatetime
    by: str
    act: str
    limit_kw: float
    end: AwareDatetime
    v2g: bool


class RestrictionCreated(WireModel):
    id: str


class StationEnforcement(WireModel):
    """One station under a restriction: ``state`` as for the whole, ``reason`` where it does not follow."""

    station_id: str
    state: str
    reason: str | None = None
    power_kw: float = 0.0


class RestrictionOut(WireModel):
    """``state`` is an Enforcement; ``power_kw`` the selected stations' measured sum now."""

    id: str
    station_ids: tuple[str, ...]
    limit_kw: float
    start: AwareDatetime
    end: AwareDatetime
    v2g: bool
    created_by: str
    created_at: AwareDatetime
    revoked_at: AwareDatetime | None
    state: str
    power_kw: float
    stations: tuple[StationEnforcement, ...]
    first_enforced_at: AwareDatetime | None = None
    highest_kw: float | None = None
    site_ids: tuple[str, ...] = ()
    area: AreaIn | None = None
    version: str = Field(default="", description="Send it in If-Match to change the restriction")


class OrderedLimitOut(WireModel):
    """A limit that held within [start, end)."""

    start: AwareDatetime
    end: AwareDatetime
    limit_kw: float


class RestrictionMeasured(WireModel):
    """How well a restriction was kept: the stations' measured sum within [start, until), beside what was ordered.

    ``measured_kw`` is the mean over each ``step_seconds``. ``kept_share`` is the part of the time, 0 to 1, in which the
    sum was within the limit; ``excess_kwh`` what flowed above it. Before it begins nothing was measured: null.
    ``silent_station_ids`` had an EV of which nothing was measured for more than 20 minutes: it is missing in the sum.
    """

    start: AwareDatetime
    until: AwareDatetime
    step_seconds: float
    measured_kw: tuple[float, ...]
    ordered: tuple[OrderedLimitOut, ...]
    highest_kw: float | None
    kept_share: float | None
    excess_kwh: float
    silent_station_ids: tuple[str, ...] = ()


class RestrictionPreview(WireModel):
    """What the restriction would do: computed by planning the site with and without it.

    ``start`` and ``slot_minutes`` place the two curves (the selected stations' sum per slot), in kW.
    """

    evs_affected: int
    shortfall_kwh: float
    cost_eur: float
    start: AwareDatetime
    slot_minutes: float
    before_kw: tuple[float, ...]
    after_kw: tuple[float, ...]
    explanations: tuple[str, ...] = ()
