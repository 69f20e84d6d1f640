"""How the drivers' app writes figures: amounts, energies, powers, parts."""

from __future__ import annotations

from decimal import Decimal

from twinev.domain.session_cost import SessionCost

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def amount(value: Decimal, currency: str) -> str:
    """An amount of money to the cent."""
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'−' if value < 0 else ''}{sign}{abs(value):,.2f}"


def total(cost: SessionCost) -> str:
    """What a session costs in all, with VAT."""
    return amount(cost.total.incl_vat, cost.currency)


def kwh(value: float) -> str:
    return f"{value:.1f} kWh".replace("-", "−")


def kw(value: float) -> str:
    return f"{value:.1f} kW".replace("-", "−")


def percent(ratio: float) -> str:
    return f"{100 * ratio:.0f} %"


#: For templates, by the name of the filter.
FILTERS = {"amount": amount, "total": total, "kwh": kwh, "kw": kw, "percent": percent}
