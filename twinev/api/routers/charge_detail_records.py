"""Charge detail records, their receipts and payments: drivers see their own, operators all."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import CurrentUser
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Operator, Reading, ThePlatform
from twinev.api.routers.tariffs import cost_out, tariff_out
from twinev.api.shown_once import ShownOnce
from twinev.domain.charge_detail_record import ChargeDetailRecord, PaymentChange, PaymentStatus
from twinev.domain.users import User
from twinev.services.agree_contract import is_operator
from twinev.services.follow_payment import note_payment
from twinev.services.ports.pricing import PaymentProvider
from twinev.services.price_session import price_session, require_own_session
from twinev.services.settle_session import require_own_record
from twinev.wire.rest.charge_detail_records import ChargeDetailRecordOut, ChargingPlaceOut, PaymentIn, PaymentOut
from twinev.wire.rest.pages import Page
from twinev.wire.rest.tariffs import SessionCostOut

router = APIRouter(prefix="/api/v1/cdrs", tags=["cdrs"])
session_router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])


async def payments_of(request: Request) -> PaymentProvider:
    """Return the provider at ``app.state.payments``; wiring puts it there."""
    return request.app.state.payments


_RECORDS: ShownOnce[ChargeDetailRecordOut] = ShownOnce()

ThePayments = Annotated[PaymentProvider, Depends(payments_of)]


@router.get("")
def list_records(
    *,
    ask: WantedPage,
    work: Reading,
    user: CurrentUser,
    user_id: Annotated[str | None, Query(max_length=64, description="for operators")] = None,
    site_id: str | None = None,
    session_id: str | None = None,
    payment_status: PaymentStatus | None = None,
) -> Page[ChargeDetailRecordOut]:
    """List one's own records, for operators all or a user's; the newest first."""
    rows = work.charge_detail_records.list(
        limit=ask.one_more,
        before=ask.after,
        user_id=user_id if is_operator(user) else user.id,
        site_id=site_id,
        session_id=session_id,
        status=payment_status,
    )
    payments = work.payments.current([record.id for record in rows])
    return page_of(rows, ask, out=lambda record: _out(record, payments[record.id]), name=lambda record: record.id)


@router.get("/{cdr_id}")
def get_record(cdr_id: str, work: Reading, user: CurrentUser) -> ChargeDetailRecordOut:
    """Show a record."""
    record = require_own_record(cdr_id, user_id=_only(user), work=work)
    return _out(record, work.payments.current([cdr_id])[cdr_id])


@router.get("/{cdr_id}/payments")
def list_payments(cdr_id: str, work: Reading, user: CurrentUser) -> Page[PaymentOut]:
    """List the steps of the payment, the first one first; on one page."""
    require_own_record(cdr_id, user_id=_only(user), work=work)
    return Page[PaymentOut](items=tuple(PaymentOut(**asdict(change)) for change in work.payments.history(cdr_id)))


@router.post("/{cdr_id}/payments", status_code=status.HTTP_201_CREATED, response_model=PaymentOut)
async def create_payment(
    *, cdr_id: str, body: PaymentIn, platform: ThePlatform, payments: ThePayments, user: Operator, once: OnlyOnce
) -> JSONResponse:
    """Note that a payment was authorised, came in, failed or was paid back; who notes it is recorded."""

    async def make() -> PaymentOut:
        change = await run_in_threadpool(
            note_payment,
            cdr_id,
            body.status,
            reference=body.reference,
            user=user,
            payments=payments,
            unit_of_work=platform.unit_of_work,
            clock=platform.clock,
        )
        return PaymentOut(**asdict(change))

    return await once.answer(make)


@session_router.get("/{session_id}/cost")
def get_session_cost(session_id: str, work: Reading, user: CurrentUser) -> SessionCostOut:
    """Tell what a session has cost so far, or in the end; drivers see their own sessions."""
    session = require_own_session(session_id, user_id=_only(user), work=work)
    return cost_out(price_session(session, work=work).cost)


def _only(user: User) -> str | None:
    """Whose records the user may see; None for all."""
    return None if is_operator(user) else user.id


def _out(record: ChargeDetailRecord, payment: PaymentChange) -> ChargeDetailRecordOut:
    return _RECORDS.of(record.id, (record, payment.status), _record_out)


def _record_out(record: ChargeDetailRecord, payment_status: PaymentStatus) -> ChargeDetailRecordOut:
    return ChargeDetailRecordOut(
        id=record.id,
        session_id=record.session_id,
        number=record.number,
        credit_reference_id=record.credit_reference_id,
        user_id=record.user_id,
        contract_id=record.contract_id,
        place=ChargingPlaceOut(**asdict(record.place)),
        started_at=record.started_at,
        ended_at=record.ended_at,
        stop_reason=record.stop_reason,
        tariff=None if record.tariff is None else tariff_out(record.tariff),
        cost=cost_out(record.cost),
        made_at=record.made_at,
        payment_status=payment_status,
    )
