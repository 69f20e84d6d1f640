"""The receipt of a charge detail record: a page to read, print and keep. It needs no script."""

from __future__ import annotations

import secrets
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twinev.api.page_reader import login_and_back, reader_of
from twinev.api.platform import Reading
from twinev.domain.charge_detail_record import ChargeDetailRecord, PaymentStatus
from twinev.domain.money import Price
from twinev.errors import NotAuthenticated
from twinev.services.agree_contract import is_operator
from twinev.services.settle_session import require_own_record

PAYMENT_TEXTS = {
    PaymentStatus.PENDING: "to be paid",
    PaymentStatus.AUTHORISED: "payment authorised",
    PaymentStatus.PAID: "paid",
    PaymentStatus.FAILED: "payment failed",
    PaymentStatus.REFUNDED: "refunded",
    PaymentStatus.NOT_REQUIRED: "nothing to pay",
}
_FOLDER = Path(__file__).resolve().parent.parent
_pages = Environment(loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)

router = APIRouter(include_in_schema=False)


@router.get("/api/v1/cdrs/{cdr_id}/receipt", response_model=None)
def show_receipt(cdr_id: str, request: Request, work: Reading) -> Response:
    """Show the receipt; who is not logged in goes to the login page and comes back."""
    try:
        user = reader_of(request)
    except NotAuthenticated:
        return login_and_back(request)
    record = require_own_record(cdr_id, user_id=None if is_operator(user) else user.id, work=work)
    payment = work.payments.current([cdr_id])[cdr_id]
    nonce = secrets.token_urlsafe(16)
    page = _pages.get_template("receipt.html").render(
        record=record,
        place=record.place,
        cost=record.cost,
        zone=ZoneInfo(record.place.time_zone),
        lines=_lines(record),
        adjustment=_adjustment(record),
        payment=PAYMENT_TEXTS[payment.status],
        nonce=nonce,
        amount=_amount,
        quantity=_quantity,
        duration=_duration,
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:;"
        " frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page, headers=headers)


def _lines(record: ChargeDetailRecord) -> list[dict[str, Any]]:
    """What was billed, by kind; what costs nothing and was not used is left out."""
    cost = record.cost
    kinds = (
        ("Energy", f"{_quantity(cost.billed_kwh)} kWh", cost.energy, cost.billed_kwh),
        ("Charging time", _duration(cost.billed_charging_seconds), cost.time, cost.billed_charging_seconds),
        ("Parking time", _duration(cost.billed_parking_seconds), cost.parking, cost.billed_parking_seconds),
        ("Session fee", "", cost.fixed, cost.fixed.excl_vat),
    )
    return [{"kind": kind, "volume": volume, "price": price} for kind, volume, price, used in kinds if used]


def _adjustment(record: ChargeDetailRecord) -> Price | None:
    """What a least or a most of the tariff adds or takes off."""
    cost = record.cost
    difference = cost.total + -(cost.energy + cost.time + cost.parking + cost.fixed)
    return difference if difference.excl_vat or difference.incl_vat else None


def _amount(value: Decimal, places: int = 2) -> str:
    return f"{value:,.{places}f}".replace("-", "−")


def _quantity(value: Decimal) -> str:
    return f"{value:,.3f}"


def _duration(seconds: Decimal) -> str:
    """A duration to the second, as people write it."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
