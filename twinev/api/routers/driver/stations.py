"""The page of one charging station: what can be plugged in, how well it suits, and reserving it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, status
from fastapi.responses import RedirectResponse, Response
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, Visitor, confirm_form, driver_page
from twinev.api.local_times import instant_of
from twinev.api.platform import LongReading, Platform, ThePlatform
from twinev.api.reserve_form import LENGTHS_MINUTES, ReserveForm, reserve_values, why_not_text
from twinev.api.routers.auth import Desk
from twinev.api.station_view import station_view
from twinev.domain.login import LoggedIn
from twinev.domain.reservation import Reservation
from twinev.domain.time_window import TimeWindow
from twinev.errors import BadInput, Conflict
from twinev.services.driver_wish import DriverWish
from twinev.services.find_evse import Wish
from twinev.services.reserve import reserve
from twinev.services.see_station import seen_station

router = APIRouter(prefix=f"{PREFIX}/stations", include_in_schema=False, route_class=DriverRoute)


@router.get("/{station_id}", response_model=None)
def show_station(
    *,
    station_id: str,
    request: Request,
    login: Visitor,
    work: LongReading,
    platform: ThePlatform,
    start: AwareDatetime | None = None,
    minutes: Annotated[int | None, Query(ge=1, le=1440)] = None,
    evse: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> Response:
    """Show a station; ``start``, ``minutes`` and ``evse`` are what the form for reserving begins with."""
    form = ReserveForm.of(start=start, minutes=minutes, evse_id=evse)
    return _page(station_id, request=request, login=login, work=work, platform=platform, form=form)


@router.post("/{station_id}/reserve", response_model=None)
async def reserve_station(
    *,
    station_id: str,
    request: Request,
    desk: Desk,
    login: Driver,
    platform: ThePlatform,
    csrf_token: Annotated[str, Form()] = "",
    day: Annotated[str, Form(max_length=20)] = "",
    time: Annotated[str, Form(max_length=20)] = "",
    minutes: Annotated[int, Form(ge=1, le=1440)] = LENGTHS_MINUTES[0],
    evse_id: Annotated[int, Form(ge=0, le=1000)] = 0,
) -> Response:
    """Reserve, and go to the reservations; on a refusal show the form again, and what is in the way."""
    form = ReserveForm(day=day, time=time, minutes=minutes, evse_id=evse_id or None)

    def try_to() -> Response:
        confirm_form(request, desk, login, csrf_token)
        with platform.reading() as work:
            station = seen_station(station_id, user_id=login.user.id, work=work)
            zone = work.sites.get(station.site_id).time_zone
        try:
            made = _reserve(form, station_id, zone=zone, login=login, platform=platform)
        except (BadInput, Conflict) as refusal:
            return _refused(station_id, refusal, request=request, login=login, platform=platform, form=form, zone=zone)
        return RedirectResponse(f"{PREFIX}/reservations?made={made.id}", status.HTTP_303_SEE_OTHER)

    return await run_in_threadpool(try_to)


def _reserve(form: ReserveForm, station_id: str, *, zone: str, login: LoggedIn, platform: Platform) -> Reservation:
    return reserve(
        _wish(form, station_id, zone),
        user=login.user,
        unit_of_work=platform.unit_of_work,
        clock=platform.clock,
        rules=platform.reservation_rules,
    )


def _wish(form: ReserveForm, station_id: str, zone: str) -> Wish:
    start = instant_of(form.day, form.time, zone)
    window = TimeWindow.around(start, start + form.length)
    return Wish(window=window, station_id=station_id, evse_id=form.evse_id)


def _refused(
    station_id: str,
    refusal: BadInput | Conflict,
    *,
    request: Request,
    login: LoggedIn,
    platform: Platform,
    form: ReserveForm,
    zone: str,
) -> Response:
    code = status.HTTP_409_CONFLICT if isinstance(refusal, Conflict) else status.HTTP_422_UNPROCESSABLE_CONTENT
    with platform.reading() as work:
        wish = _wish(form, station_id, zone) if isinstance(refusal, Conflict) else None
        problem = why_not_text(wish, user=login.user, work=work, platform=platform, zone=zone)
        values = {"form": form, "problem": problem, "code": code}
        return _page(station_id, request=request, login=login, work=work, platform=platform, **values)


def _page(
    station_id: str,
    *,
    request: Request,
    login: LoggedIn | None,
    work: LongReading,
    platform: Platform,
    form: ReserveForm,
    problem: str = "",
    code: int = 200,
) -> Response:
    user = login and login.user
    station = seen_station(station_id, user_id=user and user.id, work=work)
    now: datetime = platform.clock.now()
    view = station_view(station, work=work, now=now, rules=platform.reservation_rules, user=user)
    form = form.not_before(view.free_from)
    values: dict[str, Any] = reserve_values(form, user=user, work=work, platform=platform, zone=view.site.time_zone)
    return driver_page(
        request,
        "station.html",
        login=login,
        code=code,
        view=view,
        address=f"{PREFIX}/stations/{quote(station_id, safe='')}",
        energy_kwh=DriverWish.energy_kwh,
        problem=problem,
        **values,
    )
