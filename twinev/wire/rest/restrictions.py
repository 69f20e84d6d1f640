"""Grid operators' restrictions, how they fare, and what one would do."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel


class RestrictionIn(WireModel):
    station_ids: tuple[str, ...] = Field(min_length=1, max_length=10_000)
    # Strict: true is no limit of 1 kW.
    limit_kw: float = Field(ge=0, le=1_000_000, strict=True)
    start: AwareDatetime
    end: AwareDatetime
    v2g: bool = False


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
