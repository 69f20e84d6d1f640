"""Restrictions of grid operators: order, preview, look up, revoke."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import require_role
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Platform, Reading, Staff, ThePlatform
from twinev.domain.grid import Enforcement, Restriction
from twinev.domain.users import User
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.preview_restriction import PreviewRestriction
from twinev.services.restrict import MAY_RESTRICT, RestrictionOrder, current_state, restrict, revoke_restriction
from twinev.wire.rest.pages import Page
from twinev.wire.rest.restrictions import (
    RestrictionCreated,
    RestrictionIn,
    RestrictionOut,
    RestrictionPreview,
    StationEnforcement,
)

router = APIRouter(prefix="/api/v1/restrictions", tags=["restrictions"])

GridOperator = Annotated[User, Depends(require_role(*MAY_RESTRICT))]
# A restriction is felt by many at once: a login that the identity server has ended must not give one any more.
ConfirmedGridOperator = Annotated[User, Depends(require_role(*MAY_RESTRICT, confirmed=True))]


def preview_of(request: Request) -> PreviewRestriction:
    """Return the service at ``app.state.preview_restriction``; wiring puts it there."""
    return request.app.state.preview_restriction


ThePreview = Annotated[PreviewRestriction, Depends(preview_of)]


@router.post("", status_code=status.HTTP_201_CREATED, response_model=RestrictionCreated)
async def order_restriction(
    body: RestrictionIn, platform: ThePlatform, user: ConfirmedGridOperator, once: OnlyOnce
) -> JSONResponse:
    """Limit the SUM of the stations' power within [start, end); planning and sending follow at once."""

    async def make() -> RestrictionCreated:
        restriction = await run_in_threadpool(
            restrict, _order(body), user=user, unit_of_work=platform.unit_of_work, clock=platform.clock
        )
        return RestrictionCreated(id=restriction.id)

    return await once.answer(make)


@router.post("/preview")
async def preview_restriction(body: RestrictionIn, preview: ThePreview, user: GridOperator) -> RestrictionPreview:
    """Tell what a restriction would do, by planning the sites with it and without it; nothing is kept or sent."""
    effect = await preview.preview(_order(body), user=user)
    return RestrictionPreview(
        evs_affected=effect.evs_affected,
        shortfall_kwh=effect.shortfall_kwh,
        cost_eur=effect.cost_eur,
        start=effect.start,
        slot_minutes=effect.slot_minutes,
        before_kw=effect.before_kw,
        after_kw=effect.after_kw,
        explanations=effect.explanations,
    )


@router.get("")
def list_restrictions(ask: WantedPage, work: Reading, platform: ThePlatform, _user: Staff) -> Page[RestrictionOut]:
    """List the restrictions with how they fared, newest first."""
    shown = _Shown.read(work, platform)
    rows = work.restrictions.list(limit=ask.one_more, before=ask.after)
    return page_of(rows, ask, out=shown.out, name=lambda restriction: restriction.id)


@router.get("/{restriction_id}")
def get_restriction(restriction_id: str, work: Reading, platform: ThePlatform, _user: Staff) -> RestrictionOut:
    """Show one restriction."""
    return _Shown.read(work, platform).out(work.restrictions.get(restriction_id))


@router.delete("/{restriction_id}", status_code=status.HTTP_204_NO_CONTENT)
def revoke(restriction_id: str, platform: ThePlatform, user: ConfirmedGridOperator) -> None:
    """End a restriction before its time; it stays in the list as revoked."""
    revoke_restriction(restriction_id, user=user, unit_of_work=platform.unit_of_work, clock=platform.clock)


def _order(body: RestrictionIn) -> RestrictionOrder:
    return RestrictionOrder(
        station_ids=body.station_ids, limit_kw=body.limit_kw, start=body.start, end=body.end, v2g=body.v2g
    )


class _Shown:
    """Restrictions as they are shown: with the power that is measured now."""

    def __init__(self, *, work: UnitOfWork, now: datetime, power_kw: dict[str, float]) -> None:
        self._work = work
        self._now = now
        self._power_kw = power_kw

    @classmethod
    def read(cls, work: UnitOfWork, platform: Platform) -> _Shown:
        now = platform.clock.now()
        live = platform.live_view(work)
        power_kw: dict[str, float] = {}
        for (station_id, _), session in live.at_evse.items():
            power_kw[station_id] = power_kw.get(station_id, 0.0) + live.power_kw(session)
        return cls(work=work, now=now, power_kw=power_kw)

    def out(self, restriction: Restriction) -> RestrictionOut:
        kept = self._work.restrictions.state(restriction.id) or {}
        state = current_state(restriction, kept, self._now)
        stations = self._stations(
            restriction, state, {entry["station_id"]: entry for entry in kept.get("stations", ())}
        )
        return RestrictionOut(
            id=restriction.id,
            station_ids=restriction.station_ids,
            limit_kw=restriction.limit_kw,
            start=restriction.start,
            end=restriction.end,
            v2g=restriction.v2g,
            created_by=restriction.created_by,
            created_at=restriction.created_at,
            revoked_at=restriction.revoked_at,
            state=state,
            power_kw=round(sum(station.power_kw for station in stations), 3),
            stations=stations,
            first_enforced_at=_instant(kept.get("first_enforced_at")),
            highest_kw=kept.get("highest_kw"),
        )

    def _stations(
        self, restriction: Restriction, state: Enforcement, kept: dict[str, dict[str, Any]]
    ) -> tuple[StationEnforcement, ...]:
        """Once it is over, a station's state is the last that was seen; before it begins, that of the whole."""
        return tuple(
            StationEnforcement(
                station_id=station_id,
                state=state if state is Enforcement.SCHEDULED else kept.get(station_id, {}).get("state", state),
                reason=kept.get(station_id, {}).get("reason"),
                power_kw=round(self._power_kw.get(station_id, 0.0), 3),
            )
            for station_id in restriction.station_ids
        )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
