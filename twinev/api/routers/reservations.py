"""Reservations of EVSEs: make, look up, take back; drivers their own, operators all."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Driving, Reading, ThePlatform
from twinev.domain.reservation import Reservation, ReservationStatus
from twinev.domain.time_window import TimeWindow
from twinev.domain.users import OPERATORS
from twinev.errors import BadInput
from twinev.services.find_evse import Wish
from twinev.services.reserve import cancel_at_station, cancel_reservation, own_reservation, reserve
from twinev.wire.rest.pages import Page
from twinev.wire.rest.reservations import AllowanceOut, ReservationIn, ReservationOut, Status

router = APIRouter(prefix="/api/v1/reservations", tags=["reservations"])

_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": ReservationOut}}


@router.post("", status_code=status.HTTP_201_CREATED, response_model=None, responses=_CREATED)
async def make_reservation(body: ReservationIn, platform: ThePlatform, user: Driving, once: OnlyOnce) -> JSONResponse:
    """Keep an EVSE for the caller; a conflict says what is in the way."""
    wish = _wish(body)

    async def make() -> ReservationOut:
        rules = platform.reservation_rules
        made = await run_in_threadpool(
            reserve, wish, user=user, unit_of_work=platform.unit_of_work, clock=platform.clock, rules=rules
        )
        return _out(made)

    return await once.answer(make)


@router.get("")
def list_reservations(
    *,
    ask: WantedPage,
    work: Reading,
    user: Driving,
    user_id: str | None = None,
    station_id: str | None = None,
    reservation_status: Status | None = None,
) -> Page[ReservationOut]:
    """List reservations, the last made first: an operator's list has all drivers', a driver's his own."""
    rows = work.reservations.list(
        limit=ask.one_more,
        before=ask.after,
        user_id=user.id if user.roles.isdisjoint(OPERATORS) else user_id,
        station_id=station_id,
        status=None if reservation_status is None else ReservationStatus(reservation_status),
    )
    return page_of(rows, ask, out=_out, name=lambda reservation: reservation.id)


@router.get("/allowance")
def get_allowance(work: Reading, platform: ThePlatform, user: Driving) -> AllowanceOut:
    """Tell what the caller may reserve, what he has, and how often he did not come."""
    rules = platform.reservation_rules
    since = platform.clock.now() - rules.no_shows_within
    return AllowanceOut(
        max_active=rules.max_active,
        active=len(work.reservations.active(user_id=user.id)),
        shortest_minutes=rules.shortest.total_seconds() / 60,
        longest_minutes=rules.longest.total_seconds() / 60,
        horizon_days=rules.horizon.total_seconds() / 86400,
        grace_minutes=rules.grace_minutes,
        no_shows=work.reservations.count(user.id, ReservationStatus.NO_SHOW, since=since),
        no_show_days=rules.no_shows_within.total_seconds() / 86400,
    )


@router.get("/{reservation_id}")
def get_reservation(reservation_id: str, work: Reading, user: Driving) -> ReservationOut:
    """Show one reservation."""
    return _out(own_reservation(reservation_id, user=user, work=work))


@router.delete("/{reservation_id}")
async def delete_reservation(reservation_id: str, platform: ThePlatform, user: Driving) -> ReservationOut:
    """Take a reservation back before its driver came; it stays in the list as cancelled."""
    cancelled = await run_in_threadpool(
        cancel_reservation, reservation_id, user=user, unit_of_work=platform.unit_of_work, clock=platform.clock
    )
    await cancel_at_station(cancelled, command_station=platform.command_station, issued_by=user.username)
    return _out(cancelled)


def _wish(body: ReservationIn) -> Wish:
    if body.evse_id is not None and body.station_id is None:
        raise BadInput("evse_id", body.evse_id, "a number beside a station_id")
    return Wish(
        window=TimeWindow.around(body.start, body.end),
        connector_type=body.connector_type,
        site_id=body.site_id,
        station_id=body.station_id,
        evse_id=body.evse_id,
    )


def _out(reservation: Reservation) -> ReservationOut:
    return ReservationOut(
        id=reservation.id,
        user_id=reservation.user_id,
        site_id=reservation.site_id,
        station_id=reservation.station_id,
        evse_id=reservation.evse_id,
        connector_type=reservation.connector_type,
        start=reservation.window.start,
        end=reservation.window.end,
        grace_minutes=reservation.grace_minutes,
        expires_at=reservation.expires_at,
        made_at=reservation.made_at,
        status=reservation.status.value,
        station_answer=reservation.station_answer,
        ended_at=reservation.ended_at,
        session_id=reservation.session_id,
    )
