"""The price at a charge point where it has no tariff of its own: that of its zone, as other modules announced it."""

from __future__ import annotations

from datetime import datetime

from twinev.domain.charge_points import ChargingStation, Site
from twinev.domain.tariff import SeriesKind
from twinev.services.ports.unit_of_work import UnitOfWork


class SeriesPrice:
    """`twinev.services.ports.station_price.PriceOfStation` over the stored series of the price."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._known: dict[tuple[str, datetime, datetime], float | None] = {}

    def mean_eur_per_kwh(self, _station: ChargingStation, site: Site, start: datetime, end: datetime) -> float | None:
        """The mean of what is known of the zone's price over [start, end); each is read once. [€/kWh]"""
        key = (site.price_zone, start, end)
        if key not in self._known:
            minutes = (end - start).total_seconds() / 60
            (self._known[key],) = self._work.series.values(
                SeriesKind.PRICE, site.price_zone, start, step_minutes=minutes, count=1
            )
        return self._known[key]
