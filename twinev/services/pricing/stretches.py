"""Cuts a session into stretches within which no price can change, and gives each the components that rule there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from twinev.domain.money import ZERO
from twinev.domain.tariffs import PriceComponent, Tariff, TariffDimension, TariffRestrictions
from twinev.services.pricing.energy_curve import EnergyCurve, Reading, microseconds
from twinev.services.pricing.market_prices import MarketPrices
from twinev.services.pricing.wall_clock import clock_changes, holds_by_clock

#: Below this mean power between two readings the EV is parked: its electronics alone draw as much. [kW]
PARKED_BELOW_KW = Decimal("0.05")


Rate = tuple[PriceComponent, Decimal]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a session; ``rates`` are the prices that count in it, per kWh, per hour or once."""

    start: datetime
    end: datetime
    kwh: Decimal
    power_kw: Decimal
    rates: Mapping[TariffDimension, Rate]

    @property
    def charging(self) -> bool:
        return self.power_kw >= PARKED_BELOW_KW or (self.start == self.end and self.kwh > 0)

    @property
    def seconds(self) -> Decimal:
        return microseconds(self.end - self.start) / 1_000_000


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """What restrictions look at: the energy and the seconds since the session began, and the power now."""

    reading: Reading
    power_kw: Decimal
    seconds: Decimal


def cut(curve: EnergyCurve, tariff: Tariff | None, *, zone: ZoneInfo, market: MarketPrices) -> list[Stretch]:
    """Return the stretches in order; without a tariff nothing has a price."""
    knots = {reading.at: reading.kwh for reading in curve.readings}
    if tariff is not None:
        knots |= _price_knots(curve, tariff, zone, market)
    readings = [Reading(at=at, kwh=knots[at]) for at in sorted(knots)]
    if len(readings) == 1:
        # Begun and ended in one instant: what flowed still has its price.
        readings *= 2
        readings[0] = Reading(at=curve.start, kwh=ZERO)
    stretches: list[Stretch] = []
    for before, after in pairwise(readings):
        power_kw = curve.power_kw_at(before.at)
        seconds = microseconds(before.at - curve.start) / 1_000_000
        moment = _Moment(reading=before, power_kw=power_kw, seconds=seconds)
        rates = {} if tariff is None else _rates(tariff, moment, zone, market)
        kwh = after.kwh - before.kwh
        stretches.append(Stretch(start=before.at, end=after.at, kwh=kwh, power_kw=power_kw, rates=rates))
    return stretches


def _price_knots(curve: EnergyCurve, tariff: Tariff, zone: ZoneInfo, market: MarketPrices) -> dict[datetime, Decimal]:
    """The energies at every instant where a restriction or the market may change the price."""
    instants = set(clock_changes(tariff, zone, curve.start, curve.end))
    exact: dict[datetime, Decimal] = {}
    if tariff.follows_market:
        instants |= set(market.boundaries())
    for element in tariff.elements:
        limits = element.restrictions
        for seconds in (limits.min_duration_seconds, limits.max_duration_seconds):
            if seconds is not None:
                instants.add(curve.start + timedelta(seconds=seconds))
        for kwh in (limits.min_kwh, limits.max_kwh):
            reached_at = None if kwh is None else curve.instant_of(kwh)
            if reached_at is not None:
                exact[reached_at] = kwh
    inside = {instant: curve.kwh_at(instant) for instant in instants if curve.start < instant < curve.end}
    return inside | {instant: kwh for instant, kwh in exact.items() if curve.start < instant < curve.end}


def _rates(tariff: Tariff, moment: _Moment, zone: ZoneInfo, market: MarketPrices) -> dict[TariffDimension, Rate]:
    """Of each dimension the first component whose element counts at the moment, and its price."""
    counting = [element for element in tariff.elements if _holds(element.restrictions, moment, zone)]
    rates: dict[TariffDimension, Rate] = {}
    for dimension in TariffDimension:
        component = next(filter(None, (element.component(dimension) for element in counting)), None)
        if component is not None:
            rates[dimension] = (component, _price(component, market.at(moment.reading.at)))
    return rates


def _holds(limits: TariffRestrictions, moment: _Moment, zone: ZoneInfo) -> bool:
    return (
        _between(moment.reading.kwh, limits.min_kwh, limits.max_kwh)
        and _between(moment.power_kw, limits.min_power_kw, limits.max_power_kw)
        and _between(moment.seconds, limits.min_duration_seconds, limits.max_duration_seconds)
        and holds_by_clock(limits, moment.reading.at, zone)
    )


def _between(value: Decimal, least: Decimal | int | None, below: Decimal | int | None) -> bool:
    return (least is None or value >= least) and (below is None or value < below)


def _price(component: PriceComponent, market_eur_per_kwh: Decimal | None) -> Decimal:
    """The price of a unit without VAT: what is fixed, or the market's price and the margin on it."""
    if not component.follows_market:
        return component.price
    if market_eur_per_kwh is None:
        return component.market_fallback
    return market_eur_per_kwh + component.price
