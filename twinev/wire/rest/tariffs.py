"""Tariffs, where they rule, and what a session would cost. Amounts are decimal numbers; answers give them as text."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from pydantic import AwareDatetime, Field

from twinev.domain.tariffs import DayOfWeek, TariffDimension
from twinev.wire.base import WireModel
from twinev.wire.moment import Moment

Amount = Decimal


class PriceWire(WireModel):
    """An amount in the currency of what it belongs to."""

    excl_vat: Amount
    incl_vat: Amount


class PriceComponentWire(WireModel):
    """The price of a kWh, an hour or a session, without VAT; ``step_size`` in Wh or seconds.

    With ``market_fallback`` the price is a margin on the day-ahead price of the site's zone, and the fallback counts
    where that is not known.
    """

    type: TariffDimension
    price: Amount
    vat_percent: Amount | None = None
    step_size: int = Field(default=1, ge=1, le=1_000_000)
    market_fallback: Amount | None = None


class TariffRestrictionsWire(WireModel):
    """When the element counts: by the site's clock, and by the session so far. Begins inclusive, ends exclusive."""

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Amount | None = None
    max_kwh: Amount | None = None
    min_power_kw: Amount | None = None
    max_power_kw: Amount | None = None
    min_duration_seconds: int | None = None
    max_duration_seconds: int | None = None
    days_of_week: tuple[DayOfWeek, ...] = Field(default=(), max_length=7)


class TariffElementWire(WireModel):
    price_components: tuple[PriceComponentWire, ...] = Field(min_length=1, max_length=4)
    restrictions: TariffRestrictionsWire = Field(default_factory=TariffRestrictionsWire)


class TariffVersionIn(WireModel):
    """A tariff to publish; without ``valid_from`` it counts at once."""

    name: str = Field(min_length=1, max_length=255)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    elements: tuple[TariffElementWire, ...] = Field(min_length=1, max_length=100)
    min_price: PriceWire | None = None
    max_price: PriceWire | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    text: str = Field(default="", max_length=2000)


class TariffIn(TariffVersionIn):
    """The first version; without an ``id`` the tariff gets one."""

    id: str | None = Field(default=None, min_length=1, max_length=36, pattern="^[A-Za-z0-9._-]+$")


class TariffOut(WireModel):
    id: str
    version: int
    name: str
    currency: str
    elements: tuple[TariffElementWire, ...]
    min_price: PriceWire | None
    max_price: PriceWire | None
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None
    published_at: AwareDatetime
    text: str


class TariffAssignmentIn(WireModel):
    """Which tariff rules where from now on: at a site, a station (``evse_id`` 0) or an EVSE; null leaves it open."""

    site_id: str = Field(min_length=1, max_length=64)
    station_id: str | None = Field(default=None, min_length=1, max_length=48)
    evse_id: int = Field(default=0, ge=0, le=1000)
    tariff_id: str | None = Field(default=None, min_length=1, max_length=36)


class TariffAssignmentOut(WireModel):
    site_id: str
    station_id: str | None
    evse_id: int
    tariff_id: str | None
    since: AwareDatetime
    assigned_by: str


class ChargingPeriodOut(WireModel):
    """A part of a session with the same prices throughout; ``cost`` is not rounded yet."""

    start: AwareDatetime
    end: AwareDatetime
    energy_kwh: Amount
    charging_seconds: Amount
    parking_seconds: Amount
    price_per_kwh: Amount | None
    price_per_charging_hour: Amount | None
    price_per_parking_hour: Amount | None
    cost: PriceWire


class SessionCostOut(WireModel):
    """What a session costs as far as it was measured at ``as_of``; without a ``tariff_id`` it is free."""

    as_of: AwareDatetime
    currency: str
    tariff_id: str | None
    tariff_version: int | None
    periods: tuple[ChargingPeriodOut, ...]
    energy_kwh: Amount
    charging_seconds: Amount
    parking_seconds: Amount
    billed_kwh: Amount
    billed_charging_seconds: Amount
    billed_parking_seconds: Amount
    energy: PriceWire
    time: PriceWire
    parking: PriceWire
    fixed: PriceWire
    total: PriceWire
