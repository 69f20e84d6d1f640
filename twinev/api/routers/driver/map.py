"""The map of free charge points, which needs no account."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from twinev.api.driver_pages import PREFIX, DriverRoute, Visitor, driver_page

router = APIRouter(include_in_schema=False, route_class=DriverRoute)


@router.get(PREFIX, response_model=None)
def show_map(request: Request, login: Visitor) -> Response:
    """Show where one could charge now."""
    return driver_page(request, "map.html", login=login)
