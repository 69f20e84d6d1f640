"""Restrictions of grid operators: order, preview, look up, change, revoke."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.etags import TheEdit, TheEnding, tell_version
from twinev.api.idempotency import OnlyOnce
from twinev.api.identity import require_role
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import LongReading, Reading, Staff, ThePlatform
from twinev.api.restriction_out import ShownRestrictions, restriction_version, restrictions_csv
from twinev.domain.area import area_from_json
from twinev.domain.grid import Restriction
from twinev.domain.users import User
from twinev.services.measure_restriction import measure_restriction
from twinev.services.ports.smart_charging import RestrictionFilter
from twinev.services.preview_restriction import PreviewRestriction
from twinev.services.restrict import (
    MAY_RESTRICT,
    RestrictionOrder,
    change_restriction,
    restrict,
    revoke_restriction,
)
from twinev.wire.moment import Moment
from twinev.wire.rest.pages import Page
from twinev.wire.rest.restrictions import (
    OrderedLimitOut,
    RestrictionActOut,
    RestrictionChangeIn,
    RestrictionCreated,
    RestrictionIn,
    RestrictionMeasured,
    RestrictionOut,
    RestrictionPreview,
)

MOST_EXPORTED = 10_000

router = APIRouter(prefix="/api/v1/restrictions", tags=["restrictions"])

GridOperator = Annotated[User, Depends(require_role(*MAY_RESTRICT))]
# A restriction is felt by many at once: a login that the identity server has ended must not give one any more.
ConfirmedGridOperator = Annotated[User, Depends(require_role(*MAY_RESTRICT, confirmed=True))]


async def preview_of(request: Request) -> PreviewRestriction:
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
async def preview_restriction(
    body: RestrictionIn, preview: ThePreview, user: GridOperator, in_place_of: str | None = None
) -> RestrictionPreview:
    """Tell what a restriction would do, by planning the sites with it and without it; nothing is kept or sent.

    ``in_place_of`` is the id of a restriction that would be changed to this: then with the change and without.
    """
    effect = await preview.preview(_order(body), user=user, in_place_of=in_place_of)
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


async def filter_of(
    *,
    platform: ThePlatform,
    state: Literal["open", "over", "revoked"] | None = None,
    site_id: str | None = None,
    station_id: str | None = None,
    created_by: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> RestrictionFilter:
    """Read which restrictions are wanted; ``since`` and ``until`` keep those whose window reaches into that time."""
    return RestrictionFilter(
        state=state,
        now=platform.clock.now(),
        site_id=site_id,
        station_id=station_id,
        created_by=created_by,
        since=since,
        until=until,
    )


Wanted = Annotated[RestrictionFilter, Depends(filter_of)]


@router.get("")
def list_restrictions(
    ask: WantedPage, wanted: Wanted, work: Reading, platform: ThePlatform, _user: Staff
) -> Page[RestrictionOut]:
    """List the restrictions with how they fared, newest first."""
    shown = ShownRestrictions.read(work, platform)
    rows = work.restrictions.list(limit=ask.one_more, before=ask.after, wanted=wanted)
    shown.read_states(rows)
    return page_of(rows, ask, out=shown.out, name=lambda restriction: restriction.id)


@router.get("/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export_restrictions(wanted: Wanted, work: LongReading, platform: ThePlatform, _user: Staff) -> Response:
    """The same as a table for a spreadsheet: the newest 10,000."""
    shown = ShownRestrictions.read(work, platform)
    found = work.restrictions.list(limit=MOST_EXPORTED, wanted=wanted)
    shown.read_states(found)
    rows = [shown.out(one) for one in found]
    headers = {"Content-Disposition": 'attachment; filename="restrictions.csv"'}
    return Response(restrictions_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{restriction_id}")
def get_restriction(
    restriction_id: str, work: Reading, platform: ThePlatform, _user: Staff, response: Response
) -> RestrictionOut:
    """Show one restriction; ETag is the version to change it from."""
    restriction = work.restrictions.get(restriction_id)
    tell_version(response, restriction_version(restriction))
    return ShownRestrictions.read(work, platform).out(restriction)


@router.get("/{restriction_id}/history")
def get_history(restriction_id: str, work: Reading, _user: Staff) -> list[RestrictionActOut]:
    """Tell who ordered, changed and revoked it, and when."""
    work.restrictions.get(restriction_id)
    return [
        RestrictionActOut(at=one.at, by=one.by, act=one.act, limit_kw=one.limit_kw, end=one.end, v2g=one.v2g)
        for one in work.restrictions.history(restriction_id)
    ]


@router.get("/{restriction_id}/measured")
def get_measured(restriction_id: str, work: LongReading, platform: ThePlatform, _user: Staff) -> RestrictionMeasured:
    """Tell how well it was kept until now: what was measured beside what was ordered."""
    measured = measure_restriction(restriction_id, now=platform.clock.now(), work=work)
    ordered = tuple(OrderedLimitOut(**vars(limit)) for limit in measured.ordered)
    return RestrictionMeasured(**vars(measured) | {"ordered": ordered})


@router.patch("/{restriction_id}")
def patch_restriction(
    *,
    restriction_id: str,
    body: RestrictionChangeIn,
    platform: ThePlatform,
    user: ConfirmedGridOperator,
    edit: TheEdit,
    response: Response,
) -> RestrictionOut:
    """Change the limit, the end or the leave for V2G of an order that is not over; planning follows at once."""

    def require_unchanged(restriction: Restriction) -> None:
        edit.require_version(f"restriction {restriction_id}", restriction_version(restriction))

    changed = change_restriction(
        restriction_id,
        **body.model_dump(),
        require_unchanged=require_unchanged,
        user=user,
        unit_of_work=platform.unit_of_work,
        clock=platform.clock,
    )
    tell_version(response, restriction_version(changed))
    with platform.reading() as work:
        return ShownRestrictions.read(work, platform).out(changed)


@router.delete("/{restriction_id}", status_code=status.HTTP_204_NO_CONTENT)
def revoke(restriction_id: str, platform: ThePlatform, user: ConfirmedGridOperator, ending: TheEnding) -> None:
    """End a restriction before its time; it stays in the list as revoked.

    If-Match may be left out; where it names a version, the restriction has to be as it was then.
    """

    def require_unchanged(restriction: Restriction) -> None:
        ending.honour_version(f"restriction {restriction_id}", restriction_version(restriction))

    revoke_restriction(
        restriction_id,
        require_unchanged=require_unchanged,
        user=user,
        unit_of_work=platform.unit_of_work,
        clock=platform.clock,
    )


def _order(body: RestrictionIn) -> RestrictionOrder:
    given = {name: getattr(body, name) for name in ("station_ids", "site_ids", "limit_kw", "start", "end", "v2g")}
    return RestrictionOrder(**given, area=None if body.area is None else area_from_json(body.area.model_dump()))
