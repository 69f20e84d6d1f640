"""How sites are used: anonymous, by month and by day."""

from __future__ import annotations

from pydantic import AwareDatetime

from twinev.wire.base import WireModel


class UsageOut(WireModel):
    """A month or a day of a site, by the site's clock. Where ``shown`` is False fewer than five people charged, or
    showing it would give such a cell away: then every figure is None.

    ``occupancy`` and ``utilisation`` are from 0 to 1: plugged-in time, and energy, of what the EVSEs could have had.
    """

    site_id: str
    period: str
    start: AwareDatetime
    end: AwareDatetime
    shown: bool
    sessions: int | None = None
    energy_kwh: float | None = None
    occupancy: float | None = None
    utilisation: float | None = None
    peak_kw: float | None = None


class PublicMetrics(WireModel):
    """GET /metrics: settled months, by site, the newest first; figures are rounded (docs/metrics.md)."""

    least_users: int
    items: tuple[UsageOut, ...]


class StaffMetrics(WireModel):
    """GET /metrics/staff: a month with its days, and the grid's restrictions in it: how many, and how many held."""

    least_users: int
    month: UsageOut
    days: tuple[UsageOut, ...]
    restrictions: int
    restrictions_kept: int
