"""The price at a charge point where it has no tariff of its own: that of its zone, as other modules announced it."""

from __future__ import annotations

from datetime import datetime

from twinev.domain.tariff import SeriesKind
from twinev.services.ports.station_price import IntendedStay
from twinev.services.ports.unit_of_work import UnitOfWork


class SeriesPrice:
    """`twinev.services.ports.station_price.PriceOfStation` over the stored series of the price."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._known: dict[tuple[str, datetime, datetime], float | None] = {}

    def mean_eur_per_kwh(self, stay: IntendedStay) -> float | None:
        """The mean of what is known of the zone's price over the stay; each is read once. [€/kWh]"""
        zone, start, end = key = (stay.site.price_zone, stay.start, stay.end)
        if key not in self._known:
            minutes = (end - start).total_seconds() / 60
            (self._known[key],) = self._work.series.values(SeriesKind.PRICE, zone, start, step_minutes=minutes, count=1)
        return self._known[key]
