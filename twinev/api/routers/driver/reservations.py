"""A driver's reservations: what waits for him and until when, what became of the others, and taking one back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, status
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, confirm_form, driver_page
from twinev.api.driver_texts import LANGUAGE, texts_for_templates
from twinev.api.platform import Reading, ThePlatform
from twinev.api.routers.auth import Desk
from twinev.domain.reservation import Reservation, ReservationStatus
from twinev.errors import Conflict
from twinev.services.list_reservations import past_reservations, waiting_reservations
from twinev.services.reserve import KEPT_BY_STATION, cancel_at_station, cancel_reservation

router = APIRouter(prefix=f"{PREFIX}/reservations", include_in_schema=False, route_class=DriverRoute)


@router.get("", response_model=None)
def show_reservations(
    *,
    request: Request,
    login: Driver,
    work: Reading,
    platform: ThePlatform,
    made: Annotated[str, Query(max_length=64)] = "",
    cancelled: Annotated[str, Query(max_length=64)] = "",
    failed: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List them; ``made``, ``cancelled`` and ``failed`` are the id of one that something was just done with."""
    user_id, rules, now = login.user.id, platform.reservation_rules, platform.clock.now()
    waiting = waiting_reservations(user_id, work=work)
    past = past_reservations(user_id, work=work)
    t = texts_for_templates(LANGUAGE).reservations
    ids = {one.reservation.id for one in (*waiting, *past)}
    notes = {made: t.made, cancelled: t.cancelled}
    return driver_page(
        request,
        "reservations.html",
        login=login,
        waiting=waiting,
        past=past,
        done=next((text for known, text in notes.items() if known in ids), ""),
        problem=t.cancel_failed if failed in ids else "",
        hold_before=rules.hold_before,
        hold_minutes=round(rules.hold_before / timedelta(minutes=1)),
        no_shows=work.reservations.count(user_id, ReservationStatus.NO_SHOW, since=now - rules.no_shows_within),
        no_show_days=rules.no_shows_within.days,
        station_says=_station_says,
    )


@router.post("/{reservation_id}/cancel", response_model=None)
async def cancel(
    *,
    reservation_id: str,
    request: Request,
    desk: Desk,
    login: Driver,
    platform: ThePlatform,
    csrf_token: Annotated[str, Form()] = "",
) -> Response:
    """Take one back, and show the others."""
    await run_in_threadpool(confirm_form, request, desk, login, csrf_token)
    try:
        cancelled = await run_in_threadpool(
            cancel_reservation, reservation_id, user=login.user, unit_of_work=platform.unit_of_work,
            clock=platform.clock,
        )  # fmt: skip
    except Conflict:
        return _back(f"failed={quote(reservation_id, safe='')}")
    await cancel_at_station(cancelled, command_station=platform.command_station, issued_by=login.user.username)
    return _back(f"cancelled={cancelled.id}")


def _back(query: str) -> Response:
    return RedirectResponse(f"{PREFIX}/reservations?{query}", status.HTTP_303_SEE_OTHER)


def _station_says(reservation: Reservation) -> str:
    """Which text says what the station made of it."""
    if reservation.station_answer is None:
        return "waiting"
    return KEPT_BY_STATION if reservation.station_answer == KEPT_BY_STATION else "other"
