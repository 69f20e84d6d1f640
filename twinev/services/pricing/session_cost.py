"""Adds up a session: each stretch by its tariff, blocks of `step_size` once, cents at the very end.

OCPI 2.2.1, PriceComponent: the step size counts once for ENERGY, and once for TIME and PARKING_TIME together, where
parking takes it if there is any. It rounds the total of the session up, by the step of the last component used, and
what that adds has that component's price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from twinev.domain.money import NOTHING, ZERO, Price
from twinev.domain.session_cost import ChargingPeriod, SessionCost
from twinev.domain.tariffs import Tariff, TariffDimension
from twinev.services.pricing.energy_curve import EnergyCurve
from twinev.services.pricing.market_prices import MarketPrices
from twinev.services.pricing.stretches import Rate, Stretch, cut

ENERGY, TIME, PARKING, FLAT = (
    TariffDimension.ENERGY,
    TariffDimension.TIME,
    TariffDimension.PARKING_TIME,
    TariffDimension.FLAT,
)
#: What a price is for, in the unit that is counted here: kWh and seconds.
_UNITS_PER_PRICE = {ENERGY: Decimal(1), TIME: Decimal(3600), PARKING: Decimal(3600), FLAT: Decimal(1)}
_UNITS_PER_STEP = {ENERGY: Decimal("0.001"), TIME: Decimal(1), PARKING: Decimal(1)}


@dataclass(kw_only=True)
class _Kind:
    """What has come together of one dimension; ``last`` is where it was last used, and at which price."""

    used: Decimal = ZERO
    billed: Decimal = ZERO
    cost: Price = NOTHING
    last: tuple[int, Rate] | None = None


@dataclass(kw_only=True)
class _Bill:
    kinds: dict[TariffDimension, _Kind] = field(default_factory=lambda: {kind: _Kind() for kind in TariffDimension})
    of_stretch: list[Price] = field(default_factory=list)

    def add(self, dimension: TariffDimension, amount: Decimal, rate: Rate, stretch: int) -> None:
        """Bill an amount of a dimension, at a rate, in a stretch."""
        component, price = rate
        kind = self.kinds[dimension]
        cost = Price.of(amount * price / _UNITS_PER_PRICE[dimension], component.vat_percent)
        kind.billed += amount
        kind.cost += cost
        kind.last = (stretch, rate)
        self.of_stretch[stretch] += cost

    def round_up(self, dimension: TariffDimension) -> None:
        """Bill what is missing to a whole block."""
        kind = self.kinds[dimension]
        if kind.last is None:
            return
        stretch, rate = kind.last
        step = rate[0].step_size * _UNITS_PER_STEP[dimension]
        missing = (kind.billed / step).to_integral_value(rounding=ROUND_CEILING) * step - kind.billed
        self.add(dimension, missing, rate, stretch)


def cost_of(curve: EnergyCurve, tariff: Tariff | None, *, zone: ZoneInfo, market: MarketPrices) -> SessionCost:
    """Price a session's curve.

    Parameters
    ----------
    tariff : Tariff, optional
        The version in force when the session began; without one charging is free.
    zone : ZoneInfo
        The site's; the tariff's times and dates are by its wall clock.
    market : MarketPrices
        Of the site's price zone, for components that follow the market.
    """
    stretches = cut(curve, tariff, zone=zone, market=market)
    bill = _bill(stretches)
    cents = {dimension: kind.cost.rounded() for dimension, kind in bill.kinds.items()}
    whole = cents[ENERGY] + cents[TIME] + cents[PARKING] + cents[FLAT]
    kinds = bill.kinds
    return SessionCost(
        as_of=curve.end,
        currency="EUR" if tariff is None else tariff.currency,
        tariff_id=None if tariff is None else tariff.id,
        tariff_version=None if tariff is None else tariff.version,
        periods=_periods(stretches, bill.of_stretch),
        energy_kwh=curve.total_kwh,
        charging_seconds=kinds[TIME].used,
        parking_seconds=kinds[PARKING].used,
        billed_kwh=kinds[ENERGY].billed,
        billed_charging_seconds=kinds[TIME].billed,
        billed_parking_seconds=kinds[PARKING].billed,
        energy=cents[ENERGY],
        time=cents[TIME],
        parking=cents[PARKING],
        fixed=cents[FLAT],
        total=_within_limits(whole, tariff).rounded(),
    )


def _bill(stretches: Sequence[Stretch]) -> _Bill:
    bill = _Bill(of_stretch=[NOTHING] * len(stretches))
    for place, stretch in enumerate(stretches):
        amounts = _amounts(stretch)
        for dimension, amount in amounts.items():
            bill.kinds[dimension].used += amount
            if dimension in stretch.rates and amount:
                bill.add(dimension, amount, stretch.rates[dimension], place)
        if FLAT in stretch.rates and not bill.kinds[FLAT].billed:
            bill.add(FLAT, Decimal(1), stretch.rates[FLAT], place)
    bill.round_up(ENERGY)
    bill.round_up(TIME if bill.kinds[PARKING].last is None else PARKING)
    return bill


def _amounts(stretch: Stretch) -> Mapping[TariffDimension, Decimal]:
    return {
        ENERGY: stretch.kwh,
        TIME: stretch.seconds if stretch.charging else ZERO,
        PARKING: ZERO if stretch.charging else stretch.seconds,
    }


def _within_limits(total: Price, tariff: Tariff | None) -> Price:
    if tariff is not None and tariff.min_price is not None:
        total = Price(
            excl_vat=max(total.excl_vat, tariff.min_price.excl_vat),
            incl_vat=max(total.incl_vat, tariff.min_price.incl_vat),
        )
    if tariff is not None and tariff.max_price is not None:
        total = Price(
            excl_vat=min(total.excl_vat, tariff.max_price.excl_vat),
            incl_vat=min(total.incl_vat, tariff.max_price.incl_vat),
        )
    return total


def _periods(stretches: Sequence[Stretch], costs: Sequence[Price]) -> tuple[ChargingPeriod, ...]:
    """Join neighbours that have the same prices and are both charging, or both not."""
    periods: list[ChargingPeriod] = []
    for stretch, cost in zip(stretches, costs, strict=True):
        period = _period(stretch, cost)
        if periods and _alike(periods[-1], period):
            periods[-1] = _joined(periods[-1], period)
        else:
            periods.append(period)
    return tuple(periods)


def _period(stretch: Stretch, cost: Price) -> ChargingPeriod:
    prices = {dimension: price for dimension, (_, price) in stretch.rates.items()}
    return ChargingPeriod(
        start=stretch.start,
        end=stretch.end,
        energy_kwh=stretch.kwh,
        charging_seconds=_amounts(stretch)[TIME],
        parking_seconds=_amounts(stretch)[PARKING],
        price_per_kwh=prices.get(ENERGY),
        price_per_charging_hour=prices.get(TIME),
        price_per_parking_hour=prices.get(PARKING),
        cost=cost,
    )


def _alike(one: ChargingPeriod, other: ChargingPeriod) -> bool:
    return (
        (one.price_per_kwh, one.price_per_charging_hour, one.price_per_parking_hour)
        == (other.price_per_kwh, other.price_per_charging_hour, other.price_per_parking_hour)
    ) and bool(one.parking_seconds) == bool(other.parking_seconds)


def _joined(one: ChargingPeriod, other: ChargingPeriod) -> ChargingPeriod:
    return replace(
        one,
        end=other.end,
        energy_kwh=one.energy_kwh + other.energy_kwh,
        charging_seconds=one.charging_seconds + other.charging_seconds,
        parking_seconds=one.parking_seconds + other.parking_seconds,
        cost=one.cost + other.cost,
    )
