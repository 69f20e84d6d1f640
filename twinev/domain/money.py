"""Money: decimal amounts with and without VAT. What is exact stays exact until it is billed, and is rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from twinev.errors import BadInput

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Price:
    """An amount in the currency of what it belongs to (OCPI 2.2.1 Price)."""

    excl_vat: Decimal
    incl_vat: Decimal

    @classmethod
    def of(cls, excl_vat: Decimal, vat_percent: Decimal | None) -> Price:
        """Add the VAT; None is "no VAT applies", which costs what 0 % costs."""
        return cls(excl_vat=excl_vat, incl_vat=excl_vat * (1 + (vat_percent or ZERO) / 100))

    def __add__(self, other: Price) -> Price:
        return Price(excl_vat=self.excl_vat + other.excl_vat, incl_vat=self.incl_vat + other.incl_vat)

    def __neg__(self) -> Price:
        return Price(excl_vat=-self.excl_vat, incl_vat=-self.incl_vat)

    def rounded(self, to: Decimal = CENT) -> Price:
        """Round half up, away from zero: a credit is what was billed, with the other sign."""
        return Price(
            excl_vat=self.excl_vat.quantize(to, rounding=ROUND_HALF_UP),
            incl_vat=self.incl_vat.quantize(to, rounding=ROUND_HALF_UP),
        )


NOTHING = Price(excl_vat=ZERO, incl_vat=ZERO)


def require_amount(key: str, value: Decimal, *, at_least: Decimal | None = None, places: int = 6) -> Decimal:
    """Return ``value`` when it is a finite amount below a million with at most ``places`` decimals."""
    allowed = f"an amount below 1000000 with at most {places} decimals"
    if at_least is not None:
        allowed += f", at least {at_least}"
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= 1_000_000:
        raise BadInput(key, value, allowed)
    if value != round(value, places) or (at_least is not None and value < at_least):
        raise BadInput(key, value, allowed)
    return value
