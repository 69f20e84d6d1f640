"""The search: what could be reserved, when and at what price, and why it is recommended."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, driver_page
from twinev.api.local_times import day_and_clock, days_ahead, next_step
from twinev.api.platform import LongReading, ThePlatform
from twinev.api.reserve_form import LENGTHS_MINUTES
from twinev.api.search_choices import search_choices

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

#: What an EVSE must give at least: the usual sizes. [kW]
POWERS_KW = (7, 11, 22, 50, 100, 150)


@router.get(f"{PREFIX}/search", response_model=None)
def show_search(request: Request, login: Driver, work: LongReading, platform: ThePlatform) -> Response:
    """Show the form; its script asks for the recommendations."""
    choices, now = search_choices(work, login), platform.clock.now()
    zone = choices["zone"]
    return driver_page(
        request,
        "search.html",
        login=login,
        days=days_ahead(now, zone, days=platform.reservation_rules.horizon.days),
        time=day_and_clock(next_step(now), zone)[1],
        lengths=LENGTHS_MINUTES[1:],
        powers_kw=POWERS_KW,
        **choices,
    )
