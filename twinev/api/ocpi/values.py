"""OCPI's simple types: times, numbers, ids of limited length, prices."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

from twinev.domain.money import Price

_HASHED = 32


def date_time(instant: datetime) -> str:
    """RFC 3339 in UTC, with milliseconds at most."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number(value: Decimal | float, places: int = 4) -> float:
    """A JSON number with at most four decimals, as OCPI has them."""
    return round(float(value), places)


def price(amount: Price) -> dict[str, float]:
    return {"excl_vat": number(amount.excl_vat), "incl_vat": number(amount.incl_vat)}


def short_id(text: str, longest: int = 36) -> str:
    """An id that fits a CiString; one that is too long, or not printable ASCII, is named by its digest."""
    if len(text) <= longest and text.isascii() and text.isprintable():
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:_HASHED]


def evse_uid(station_id: str, evse_id: int) -> str:
    """Our name of an EVSE in OCPI."""
    return short_id(f"{station_id}*{evse_id}")
