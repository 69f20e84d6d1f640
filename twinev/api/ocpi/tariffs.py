"""Our tariffs as OCPI Tariffs.

OCPI has no price that follows a market. Such a component is shown as elements of a quarter of an hour or more, dated,
each with the price that is known for it, then by its fallback for all other times. OCPI looks for the first element
that has a dimension, so the components beside it may stand in an element of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from twinev.api.ocpi.desk import OcpiDesk
from twinev.api.ocpi.values import date_time, number, price
from twinev.domain.tariffs import PriceComponent, Tariff, TariffElement, TariffRestrictions
from twinev.services.pricing.market_prices import STEP, MarketPrices
from twinev.services.pricing.wall_clock import holds_by_clock

MARKET_TEXT = "Energy follows the day-ahead market: the dated prices are those that are known by now."
_LONGEST_TEXT = 512


@dataclass(frozen=True, kw_only=True)
class _Dated:
    """A price that counts from ``start`` to ``end``, both on one day of the site's clock."""

    start: datetime
    end: datetime
    price: Decimal


def ocpi_tariff(tariff: Tariff, desk: OcpiDesk, *, zone: ZoneInfo, market: MarketPrices) -> dict[str, Any]:
    """The OCPI Tariff of a version, with the market's prices that are given."""
    shown: dict[str, Any] = {
        **desk.owner,
        "id": tariff.id,
        "currency": tariff.currency,
        "type": "REGULAR",
        "elements": [part for element in tariff.elements for part in _elements(element, zone, market)],
        "start_date_time": date_time(tariff.valid_from),
        "last_updated": date_time(tariff.published_at),
    }
    texts = (tariff.text or tariff.name, MARKET_TEXT if tariff.follows_market else "")
    shown["tariff_alt_text"] = [{"language": "en", "text": " ".join(filter(None, texts))[:_LONGEST_TEXT]}]
    if tariff.valid_to is not None:
        shown["end_date_time"] = date_time(tariff.valid_to)
    if tariff.min_price is not None:
        shown["min_price"] = price(tariff.min_price)
    if tariff.max_price is not None:
        shown["max_price"] = price(tariff.max_price)
    return shown


def _elements(element: TariffElement, zone: ZoneInfo, market: MarketPrices) -> Iterator[dict[str, Any]]:
    following = [component for component in element.price_components if component.follows_market]
    fixed = [component for component in element.price_components if not component.follows_market]
    for component in following:
        for dated in _dated_prices(component, element.restrictions, zone, market):
            yield _element([(component, dated.price)], _on_the_clock(dated, element.restrictions, zone))
    everything = [(component, component.price) for component in fixed]
    everything += [(component, component.market_fallback) for component in following]
    yield _element(everything, _restrictions(element.restrictions))


def _dated_prices(
    component: PriceComponent, limits: TariffRestrictions, zone: ZoneInfo, market: MarketPrices
) -> list[_Dated]:
    """The known prices while the element may count, neighbours of one price and day joined."""
    found: list[_Dated] = []
    for place, known in enumerate(market.eur_per_kwh):
        start = market.start + STEP * place
        if known is None or not holds_by_clock(limits, start, zone):
            continue
        here = _Dated(start=start, end=start + STEP, price=known + component.price)
        last = found[-1] if found else None
        if last and (last.end, last.price) == (start, here.price) and _same_stretch(last.start, here.start, zone):
            found[-1] = replace(last, end=here.end)
        else:
            found.append(here)
    return found


def _same_stretch(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    """Whether two instants are on one day, with no change of clocks between them."""
    before, after = one.astimezone(zone), other.astimezone(zone)
    return before.date() == after.date() and before.utcoffset() == after.utcoffset()


def _on_the_clock(dated: _Dated, limits: TariffRestrictions, zone: ZoneInfo) -> dict[str, Any]:
    start, end = dated.start.astimezone(zone), dated.end.astimezone(zone)
    shown = _restrictions(replace(limits, start_time=None, end_time=None, days_of_week=()))
    shown |= {
        "start_date": start.date().isoformat(),
        "end_date": (start.date() + timedelta(days=1)).isoformat(),
        "start_time": f"{start:%H:%M}",
    }
    if end.date() == start.date():
        shown["end_time"] = f"{end:%H:%M}"
    return shown


def _element(components: list[tuple[PriceComponent, Decimal]], restrictions: dict[str, Any]) -> dict[str, Any]:
    shown = []
    for component, amount in components:
        part = {"type": component.type, "price": number(amount, 6), "step_size": component.step_size}
        if component.vat_percent is not None:
            part["vat"] = number(component.vat_percent)
        shown.append(part)
    return {"price_components": shown} | ({"restrictions": restrictions} if restrictions else {})


def _restrictions(limits: TariffRestrictions) -> dict[str, Any]:
    shown = {
        "start_time": limits.start_time and f"{limits.start_time:%H:%M}",
        "end_time": limits.end_time and f"{limits.end_time:%H:%M}",
        "start_date": limits.start_date and limits.start_date.isoformat(),
        "end_date": limits.end_date and limits.end_date.isoformat(),
        "min_kwh": None if limits.min_kwh is None else number(limits.min_kwh),
        "max_kwh": None if limits.max_kwh is None else number(limits.max_kwh),
        "min_power": None if limits.min_power_kw is None else number(limits.min_power_kw),
        "max_power": None if limits.max_power_kw is None else number(limits.max_power_kw),
        "min_duration": limits.min_duration_seconds,
        "max_duration": limits.max_duration_seconds,
        "day_of_week": [str(day) for day in limits.days_of_week] or None,
    }
    return {key: value for key, value in shown.items() if value is not None}
