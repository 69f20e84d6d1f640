"""What a domain type checks at its birth: finite, in range, aware UTC."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from twinev.errors import BadInput


def require_finite(key: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> float:
    """Return ``value`` when it is a finite number within the bounds, else raise `BadInput`."""
    allowed = _range_text(at_least, at_most)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadInput(key, value, allowed)
    if (at_least is not None and value < at_least) or (at_most is not None and value > at_most):
        raise BadInput(key, value, allowed)
    return float(value)


def require_text(key: str, value: str, *, longest: int = 255) -> str:
    """Return ``value`` when it is a non-empty string of at most ``longest`` characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BadInput(key, value, f"text of 1 to {longest} characters")
    return value


def require_utc(key: str, value: datetime) -> datetime:
    """Return ``value`` in UTC; a naive datetime is refused, for nobody knows its hour."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BadInput(key, value, "a date and time with a time zone, such as 2026-11-22T18:00:00+01:00")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise BadInput(key, value.isoformat(), "a date and time within the years 1 to 9999") from error


def _range_text(at_least: float | None, at_most: float | None) -> str:
    if at_least is not None and at_most is not None:
        return f"a number from {at_least:g} to {at_most:g}"
    if at_least is not None:
        return f"a number of at least {at_least:g}"
    if at_most is not None:
        return f"a number of at most {at_most:g}"
    return "a finite number"
