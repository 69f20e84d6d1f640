"""Tariffs and sessions that the tests of pricing share, and the session that `docs/pricing.md` works through.

    .venv/bin/python tests/pricing_examples.py

prints that example as the page shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from twinev.domain.session_cost import SessionCost
from twinev.domain.tariffs import (
    PriceComponent,
    Tariff,
    TariffDimension,
    TariffElement,
    TariffRestrictions,
)
from twinev.services.pricing.energy_curve import EnergyCurve, Reading
from twinev.services.pricing.market_prices import MarketPrices
from twinev.services.pricing.session_cost import cost_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 11, 23, 9, 30, tzinfo=AMSTERDAM).astimezone(UTC)
NO_MARKET = MarketPrices(start=START)


def component(
    kind: str, price: str, *, vat: str | None = None, step: int = 1, fallback: str | None = None
) -> PriceComponent:
    return PriceComponent(
        type=TariffDimension(kind),
        price=Decimal(price),
        vat_percent=None if vat is None else Decimal(vat),
        step_size=step,
        market_fallback=None if fallback is None else Decimal(fallback),
    )


def element(*components: PriceComponent, **restrictions: object) -> TariffElement:
    return TariffElement(price_components=components, restrictions=TariffRestrictions(**restrictions))


def tariff(*elements: TariffElement, **changes: object) -> Tariff:
    described = {
        "id": "T",
        "version": 1,
        "name": "A tariff",
        "elements": elements,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "published_at": datetime(2026, 1, 1, tzinfo=UTC),
        "published_by": "tests",
    }
    return Tariff(**described | changes)


def curve(*legs: tuple[float, str], start: datetime = START) -> EnergyCurve:
    """A session of legs: minutes, and the kWh that flow in them."""
    readings = [Reading(at=start, kwh=Decimal(0))]
    for minutes, kwh in legs:
        last = readings[-1]
        readings.append(Reading(at=last.at + timedelta(minutes=minutes), kwh=last.kwh + Decimal(kwh)))
    return EnergyCurve(readings=tuple(readings))


def cost(
    energy: EnergyCurve, of: Tariff | None, *, zone: ZoneInfo = AMSTERDAM, market: MarketPrices = NO_MARKET
) -> SessionCost:
    return cost_of(energy, of, zone=zone, market=market)


def quarters(start: datetime, prices: Sequence[str | None]) -> MarketPrices:
    return MarketPrices(start=start, eur_per_kwh=tuple(None if price is None else Decimal(price) for price in prices))


#: The example of docs/pricing.md: a start fee, dearer energy in the evening, parking by the quarter of an hour.
WORKED_TARIFF = tariff(
    element(component("FLAT", "0.50", vat="21")),
    element(component("ENERGY", "0.42", vat="21"), start_time=time(17), end_time=time(21)),
    element(component("ENERGY", "0.30", vat="21"), component("PARKING_TIME", "2.00", vat="21", step=900)),
    element(component("PARKING_TIME", "2.00", vat="21", step=900)),
)
WORKED_CURVE = curve(
    (60, "11"), (60, "11"), (40, "0"), start=datetime(2026, 11, 23, 16, 30, tzinfo=AMSTERDAM).astimezone(UTC)
)


def print_worked_example() -> None:
    """Print the periods and the sums of the worked example."""
    worked = cost(WORKED_CURVE, WORKED_TARIFF)
    for period in worked.periods:
        begin = period.start.astimezone(AMSTERDAM)
        print(
            f"{begin:%H:%M}  {period.energy_kwh.normalize():f} kWh  {period.charging_seconds / 60:.0f} min charging  "
            f"{period.parking_seconds / 60:.0f} min parking  {period.cost.excl_vat:.4f}"
        )
    for name in ("fixed", "energy", "time", "parking", "total"):
        price = getattr(worked, name)
        print(f"{name:8}{price.excl_vat} without VAT  {price.incl_vat} with VAT")


if __name__ == "__main__":
    print_worked_example()
