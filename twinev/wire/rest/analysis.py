"""How a month went: its figures, its days, and the months before it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel


class FigureOut(WireModel):
    """A figure; docs/analysis.md defines each. Where ``value`` is None, ``reason`` says why.

    ``known`` is the part of what it speaks of for which there is data, 0 to 1; None where it is whole by its nature.
    """

    name: str
    unit: str = Field(description="1, share (0 to 1), kWh, kW, EUR, EUR/kWh or kg")
    value: float | None
    known: float | None = None
    reason: str | None = None


class MonthFigures(WireModel):
    """A month, or what has come of it. ``settled``: nothing is expected to change in it any more."""

    month: str
    start: AwareDatetime
    end: AwareDatetime
    settled: bool
    figures: tuple[FigureOut, ...]


class DayFigures(WireModel):
    """A day with the values of the same figures, by their names."""

    day: str
    values: dict[str, float | None]


class Co2FactorOut(WireModel):
    """What a kWh from the grid is taken to emit, and who says so."""

    g_per_kwh: float
    source: str


class AnalysisOut(WireModel):
    """GET /analysis: a month of one site, or of all together (``site_id`` None).

    ``hours_kw`` is the mean power of all EVs in each of the 24 hours of the day, by the sites' clocks; None in an hour
    that has not come yet.
    """

    site_id: str | None
    as_of: AwareDatetime
    month: MonthFigures
    days: tuple[DayFigures, ...]
    hours_kw: tuple[float | None, ...]
    co2_factor: Co2FactorOut | None = None


class AnalysisMonths(WireModel):
    """GET /analysis/months: the newest first, back to the first session."""

    site_id: str | None
    as_of: AwareDatetime
    items: tuple[MonthFigures, ...]
