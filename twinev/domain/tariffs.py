"""What charging costs: tariffs of elements with restrictions and price components, after OCPI 2.2.1.

Left out of OCPI's Tariff: restrictions by current (the power says the same) and prices of reservations. Added: an
ENERGY component may follow the day-ahead market, as a margin on the price of the site's zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from twinev.domain.checks import require_text, require_utc
from twinev.domain.money import ZERO, Price, require_amount
from twinev.errors import BadInput


class TariffDimension(StrEnum):
    """OCPI TariffDimensionType: what a component is the price of."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


class DayOfWeek(StrEnum):
    """OCPI DayOfWeek, in the order of ``date.weekday()``."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


DAYS = tuple(DayOfWeek)


@dataclass(frozen=True, kw_only=True)
class PriceComponent:
    """The price of one dimension, without VAT: per kWh, per hour, or once.

    ``step_size`` is the block that is billed: Wh of energy, seconds of time. ``vat_percent`` None means that no VAT
    applies. With ``market_fallback`` (ENERGY only) ``price`` is a margin on the day-ahead price of the site's zone;
    the fallback stands in for hours whose market price nobody announced. [€/kWh]
    """

    type: TariffDimension
    price: Decimal
    vat_percent: Decimal | None = None
    step_size: int = 1
    market_fallback: Decimal | None = None

    def __post_init__(self) -> None:
        require_amount("price", self.price, at_least=None if self.follows_market else ZERO)
        if self.vat_percent is not None:
            require_amount("vat_percent", self.vat_percent, at_least=ZERO, places=4)
            if self.vat_percent > 100:
                raise BadInput("vat_percent", self.vat_percent, "a percentage from 0 to 100")
        if not 1 <= self.step_size <= 1_000_000:
            raise BadInput("step_size", self.step_size, "a whole number from 1 to 1000000")
        if self.market_fallback is not None:
            require_amount("market_fallback", self.market_fallback)
            if self.type is not TariffDimension.ENERGY:
                raise BadInput("market_fallback", self.market_fallback, "given with ENERGY alone")

    @property
    def follows_market(self) -> bool:
        return self.market_fallback is not None


@dataclass(frozen=True, kw_only=True)
class TariffRestrictions:
    """When an element counts, by the site's wall clock and by the session so far (OCPI TariffRestrictions).

    Each begin is inclusive, each end exclusive. An ``end_time`` at or before ``start_time`` is on the next day. Powers
    are those at the moment; kWh and durations are since the session began.
    """

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_power_kw: Decimal | None = None
    max_power_kw: Decimal | None = None
    min_duration_seconds: int | None = None
    max_duration_seconds: int | None = None
    days_of_week: tuple[DayOfWeek, ...] = ()

    def __post_init__(self) -> None:
        for name in ("min_kwh", "max_kwh", "min_power_kw", "max_power_kw"):
            if getattr(self, name) is not None:
                require_amount(name, getattr(self, name), at_least=ZERO)
        for name in ("min_duration_seconds", "max_duration_seconds"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds <= 31_536_000:
                raise BadInput(name, seconds, "seconds, up to a year")
        for name in ("start_time", "end_time"):
            clock = getattr(self, name)
            if clock is not None and (clock.tzinfo is not None or clock.second or clock.microsecond):
                raise BadInput(name, clock.isoformat(), "hours and minutes of the site's clock, such as 17:30")


@dataclass(frozen=True, kw_only=True)
class TariffElement:
    """Prices that count while the restrictions hold; of several elements the first that has the dimension rules."""

    price_components: tuple[PriceComponent, ...]
    restrictions: TariffRestrictions = field(default_factory=TariffRestrictions)

    def __post_init__(self) -> None:
        if not self.price_components:
            raise BadInput("price_components", [], "at least one")
        types = [component.type for component in self.price_components]
        if len(set(types)) < len(types):
            raise BadInput("price_components", types, "each type once in an element")

    def component(self, dimension: TariffDimension) -> PriceComponent | None:
        return next((component for component in self.price_components if component.type is dimension), None)


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """One version of a tariff. It is never changed: what comes after it is the next version, from its own begin.

    Parameters
    ----------
    valid_from, valid_to : datetime
        Sessions that begin in [valid_from, valid_to) are priced by it, to their end.
    min_price, max_price : Price, optional
        The least and the most that a session costs.
    """

    id: str
    version: int
    name: str
    currency: str = "EUR"
    elements: tuple[TariffElement, ...]
    min_price: Price | None = None
    max_price: Price | None = None
    valid_from: datetime
    valid_to: datetime | None = None
    published_at: datetime
    published_by: str
    text: str = ""

    def __post_init__(self) -> None:
        # OCPI's ids have at most 36 characters.
        require_text("id", self.id, longest=36)
        require_text("name", self.name)
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise BadInput("currency", self.currency, "three letters of ISO 4217, such as EUR")
        if not self.elements:
            raise BadInput("elements", [], "at least one")
        require_utc("valid_from", self.valid_from)
        if self.valid_to is not None and require_utc("valid_to", self.valid_to) <= self.valid_from:
            raise BadInput("valid_to", self.valid_to.isoformat(), f"a time after valid_from, {self.valid_from}")
        for name in ("min_price", "max_price"):
            _require_price(name, getattr(self, name))

    @property
    def follows_market(self) -> bool:
        return any(component.follows_market for element in self.elements for component in element.price_components)

    def in_force_at(self, instant: datetime) -> bool:
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


@dataclass(frozen=True, kw_only=True)
class TariffAssignment:
    """Which tariff rules where from ``since`` on; no ``tariff_id`` leaves it to the wider place.

    No ``station_id``: the whole site. ``evse_id`` 0: the whole station.
    """

    site_id: str
    station_id: str | None = None
    evse_id: int = 0
    tariff_id: str | None
    since: datetime
    assigned_by: str

    def __post_init__(self) -> None:
        if self.evse_id and self.station_id is None:
            raise BadInput("evse_id", self.evse_id, "given with its station_id")


def _require_price(name: str, price: Price | None) -> None:
    if price is None:
        return
    for part in ("excl_vat", "incl_vat"):
        require_amount(f"{name}.{part}", getattr(price, part), at_least=ZERO)
    if price.incl_vat < price.excl_vat:
        raise BadInput(f"{name}.incl_vat", price.incl_vat, f"at least excl_vat, {price.excl_vat}")
