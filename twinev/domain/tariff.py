"""Values over time that come from outside: prices, demand, production, flexibility orders; and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinev.domain.checks import require_finite, require_text, require_utc
from twinev.errors import BadInput


class SeriesKind(StrEnum):
    """What a series tells, and of whom: a price belongs to a zone, the others to a site."""

    PRICE = "price_eur_per_kwh"
    DEMAND = "demand_kw"
    PRODUCTION = "production_kw"
    FLEXIBILITY = "flexibility_kw"
    RENEWABLE_SHARE = "renewable_share"
    #: What a site's own meters say afterwards, for the analysis; no plan looks at it.
    MEASURED_DEMAND = "measured_demand_kw"
    MEASURED_PRODUCTION = "measured_production_kw"


#: What plans are made with.
PLANNED_WITH = (
    SeriesKind.PRICE,
    SeriesKind.DEMAND,
    SeriesKind.PRODUCTION,
    SeriesKind.FLEXIBILITY,
    SeriesKind.RENEWABLE_SHARE,
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """``values`` of equal ``step_minutes`` from ``start``; the unit is in the kind's name."""

    kind: SeriesKind
    subject: str
    start: datetime
    step_minutes: int
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        require_text("subject", self.subject, longest=64)
        object.__setattr__(self, "start", require_utc("start", self.start))
        if self.step_minutes < 1:
            raise BadInput("step_minutes", self.step_minutes, "a whole number of at least 1")
        if not self.values:
            raise BadInput("values", [], "at least one number")
        for position, value in enumerate(self.values):
            require_finite(f"values[{position}]", value)
