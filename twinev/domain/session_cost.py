"""What a session costs, by its charging periods and by kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from twinev.domain.money import Price


@dataclass(frozen=True, kw_only=True)
class ChargingPeriod:
    """A part of a session with the same prices throughout (OCPI ChargingPeriod); it ends where the next begins.

    ``cost`` is exact, with what its blocks and flat fees add. Prices are without VAT; None where that has no price.
    """

    start: datetime
    end: datetime
    energy_kwh: Decimal
    charging_seconds: Decimal
    parking_seconds: Decimal
    price_per_kwh: Decimal | None
    price_per_charging_hour: Decimal | None
    price_per_parking_hour: Decimal | None
    cost: Price


@dataclass(frozen=True, kw_only=True)
class SessionCost:
    """The cost of a session as far as it is known at ``as_of``.

    Each kind is rounded to cents on its own and ``total`` is their sum, unless the tariff has a least or a most.
    ``billed_kwh``, ``billed_charging_seconds`` and ``billed_parking_seconds`` are in whole blocks of the tariff.
    """

    as_of: datetime
    currency: str
    tariff_id: str | None
    tariff_version: int | None
    periods: tuple[ChargingPeriod, ...]
    energy_kwh: Decimal
    charging_seconds: Decimal
    parking_seconds: Decimal
    billed_kwh: Decimal
    billed_charging_seconds: Decimal
    billed_parking_seconds: Decimal
    energy: Price
    time: Price
    parking: Price
    fixed: Price
    total: Price
