"""The public charge points, for everybody: which there are, whether one could charge there, and how that changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.places import address_out, connectors_out
from twinev.api.platform import Reading, ThePlatform
from twinev.api.routers.events import event_frames
from twinev.api.shown_once import ShownOnce
from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.station_access import may_use
from twinev.services.tell_availability import EVENT
from twinev.wire.rest.availability import AvailabilityChanged, EvseAvailabilityOut
from twinev.wire.rest.pages import Page
from twinev.wire.rest.system import EventOut

router = APIRouter(prefix="/api/v1/availability", tags=["availability"])

#: Each is a socket and a queue, and nobody has to say who it is.
MOST_LISTENERS = 500
HEARTBEAT_SECONDS = 15.0

_SHOWN: ShownOnce[EvseAvailabilityOut] = ShownOnce()


class Listeners:
    """Counts who listens at the moment."""

    def __init__(self) -> None:
        self._number = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        self._number += 1
        try:
            yield
        finally:
            self._number -= 1

    @property
    def full(self) -> bool:
        return self._number >= MOST_LISTENERS


@router.get("")
def list_availability(
    *,
    ask: WantedPage,
    work: Reading,
    platform: ThePlatform,
    site_id: Annotated[str | None, Query(max_length=64)] = None,
    connector_type: Annotated[str | None, Query(max_length=40, description="such as cCCS2")] = None,
    available: Annotated[bool | None, Query(description="only those where one can charge now, or cannot")] = None,
) -> Page[EvseAvailabilityOut]:
    """List the EVSEs of public stations, by station and number. No login is needed."""
    now = platform.clock.now()
    sites = {site.id: site for site in work.sites.list()}
    open_now = {site.id: site.open_at(now) for site in sites.values()}
    named = work.station_access.stations()
    wanted = [
        (station, evse)
        for station in work.stations.list(site_id=site_id)
        if may_use(station, named.get(station.id, ()), None)
        for evse in station.evses
        if (connector_type is None or any(connector.type == connector_type for connector in evse.connectors))
        and (available is None or available is (open_now[station.site_id] and _is_free(station, evse)))
    ]

    def out(place: tuple[ChargingStation, Evse]) -> EvseAvailabilityOut:
        station, evse = place
        shown_of = (station, evse, sites[station.site_id], open_now[station.site_id])
        return _SHOWN.of((station.id, evse.id), shown_of, _out)

    return page_of(rows_after(wanted, ask, name=_name), ask, out=out, name=_name)


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def stream_availability(request: Request, platform: ThePlatform) -> StreamingResponse:
    """Stream changes of public EVSEs' availability from now on. No login is needed."""
    listeners: Listeners = request.app.state.availability_listeners
    if listeners.full:
        text = f"{MOST_LISTENERS} listen already, which is the most; ask GET /api/v1/availability now and then"
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, text, headers={"Retry-After": "30"})

    async def stream() -> AsyncIterator[str]:
        async with listeners.one():
            async for frame in event_frames(platform.events, lambda: True, HEARTBEAT_SECONDS, shown=_public):
                yield frame

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


def _public(event: EventOut) -> EventOut | None:
    """What everybody may know of an event; None where that is nothing."""
    if event.kind != EVENT or not event.data.get("public"):
        return None
    told = ("station_id", "evse_id", "site_id", "availability")
    changed = AvailabilityChanged(at=event.at, **{name: event.data[name] for name in told})
    return event.model_copy(update={"data": changed.model_dump(mode="json")})


def _out(station: ChargingStation, evse: Evse, site: Site, open_now: bool) -> EvseAvailabilityOut:
    return EvseAvailabilityOut(
        station_id=station.id,
        evse_id=evse.id,
        name=station.name,
        site_id=site.id,
        site_name=site.name,
        address=address_out(site.address),
        latitude_degrees=station.location.latitude_degrees,
        longitude_degrees=station.location.longitude_degrees,
        max_kw=evse.max_kw,
        connectors=connectors_out(evse),
        availability=availability_of(station, evse),
        open_now=open_now,
    )


def _is_free(station: ChargingStation, evse: Evse) -> bool:
    return availability_of(station, evse) is Availability.AVAILABLE


def _name(place: tuple[ChargingStation, Evse]) -> str:
    station, evse = place
    # No station's id has a character below the space: the order is that of the ids, then the numbers.
    return f"{station.id}\x1f{evse.id:04d}"
