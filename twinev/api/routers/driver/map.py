"""The map of free charge points, which needs no account."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from twinev.api.driver_pages import PREFIX, DriverRoute, Visitor, driver_page
from twinev.api.platform import LongReading
from twinev.api.search_choices import places_out, search_choices

router = APIRouter(include_in_schema=False, route_class=DriverRoute)


@router.get(PREFIX, response_model=None)
def show_map(request: Request, login: Visitor, work: LongReading) -> Response:
    """Show where one could charge now; its script asks for the recommendations."""
    return driver_page(request, "map.html", login=login, **search_choices(work, login))


@router.get(f"{PREFIX}/places", response_model=None)
def list_places(work: LongReading) -> Response:
    """List the public sites: what a typed place is looked up in, and the outlines on the map."""
    return JSONResponse(places_out(work), headers={"Cache-Control": "no-cache"})
