"""Flexibility orders of a DSO: give, look up, take back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, status
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Reading, Staff, ThePlatform
from twinev.api.routers.restrictions import GridOperator
from twinev.domain.flexibility import FlexibilityOrder
from twinev.services.order_flexibility import order_flexibility, revoke_flexibility_order
from twinev.wire.rest.flexibility import FlexibilityOrderIn, FlexibilityOrderOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/flexibility-orders", tags=["flexibility orders"])


@router.post("", status_code=status.HTTP_201_CREATED, response_model=FlexibilityOrderOut)
async def give_order(body: FlexibilityOrderIn, platform: ThePlatform, user: GridOperator, once: OnlyOnce) -> Any:
    """Move a site's import limit in each step; where a later order overlaps, that one counts."""

    async def give() -> FlexibilityOrderOut:
        order = await run_in_threadpool(
            order_flexibility,
            **body.model_dump(),
            user=user,
            unit_of_work=platform.unit_of_work,
            clock=platform.clock,
        )
        return _out(order, platform.clock.now())

    return await once.answer(give)


@router.get("")
def list_orders(
    ask: WantedPage, work: Reading, platform: ThePlatform, _user: Staff, site_id: str | None = None
) -> Page[FlexibilityOrderOut]:
    """List the orders, the newest first, those of other modules too."""
    now = platform.clock.now()
    rows = work.flexibility_orders.list(limit=ask.one_more, before=ask.after, site_id=site_id)
    return page_of(rows, ask, out=lambda order: _out(order, now), name=lambda order: order.id)


@router.get("/{order_id}")
def get_order(order_id: str, work: Reading, platform: ThePlatform, _user: Staff) -> FlexibilityOrderOut:
    """Show one order."""
    return _out(work.flexibility_orders.get(order_id), platform.clock.now())


@router.delete("/{order_id}")
def revoke_order(order_id: str, platform: ThePlatform, user: GridOperator) -> FlexibilityOrderOut:
    """Take an order back before its end; it stays in the list."""
    revoked = revoke_flexibility_order(order_id, user=user, unit_of_work=platform.unit_of_work, clock=platform.clock)
    return _out(revoked, platform.clock.now())


def _out(order: FlexibilityOrder, now: datetime) -> FlexibilityOrderOut:
    return FlexibilityOrderOut(
        id=order.id,
        site_id=order.site_id,
        start=order.start,
        end=order.end,
        step_minutes=order.step_minutes,
        values_kw=order.values_kw,
        state=_state(order, now),
        ordered_by=order.ordered_by,
        ordered_at=order.ordered_at,
        revoked_by=order.revoked_by,
        revoked_at=order.revoked_at,
    )


def _state(order: FlexibilityOrder, now: datetime) -> str:
    if order.revoked_at is not None:
        return "revoked"
    if order.end <= now:
        return "over"
    return "scheduled" if now < order.start else "in_force"
