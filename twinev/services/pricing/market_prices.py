"""The day-ahead prices of a zone, in quarters of an hour as the market trades them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from twinev.domain.tariff import SeriesKind
from twinev.services.ports.smart_charging import SeriesStore

STEP = timedelta(minutes=15)
#: The market trades in cents per MWh. [€/kWh]
RESOLUTION_EUR_PER_KWH = Decimal("0.00001")


@dataclass(frozen=True, kw_only=True)
class MarketPrices:
    """``eur_per_kwh`` of each quarter from ``start``, None where nothing is known."""

    start: datetime
    eur_per_kwh: tuple[Decimal | None, ...] = ()

    def at(self, instant: datetime) -> Decimal | None:
        place = (instant - self.start) // STEP
        return self.eur_per_kwh[place] if 0 <= place < len(self.eur_per_kwh) else None

    def boundaries(self) -> Iterator[datetime]:
        """Where one price ends and another begins."""
        for place in range(len(self.eur_per_kwh) + 1):
            yield self.start + STEP * place


def market_prices(series: SeriesStore, zone: str, start: datetime, end: datetime) -> MarketPrices:
    """Read the prices that touch [start, end)."""
    begin = start - (start - start.replace(hour=0, minute=0, second=0, microsecond=0)) % STEP
    count = max(ceil((end - begin) / STEP), 1)
    values = series.values(SeriesKind.PRICE, zone, begin, step_minutes=STEP / timedelta(minutes=1), count=count)
    prices = (None if value is None else Decimal(repr(value)).quantize(RESOLUTION_EUR_PER_KWH) for value in values)
    return MarketPrices(start=begin, eur_per_kwh=tuple(prices))
