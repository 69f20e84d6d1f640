"""Charging stations with their EVSEs: as they are now, registered, and described anew."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from twinev.api.etags import TheEdit, tell_version
from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.places import evses_of, station_version, with_location
from twinev.api.platform import Operator, Platform, Reading, Staff, ThePlatform
from twinev.api.station_limits import station_limits_out
from twinev.api.station_out import station_out
from twinev.domain.charge_points import ChargingStation
from twinev.errors import NotFound
from twinev.services.add_station import add_station
from twinev.services.edit_station import edit_station
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.show_limits import show_limits
from twinev.services.tell_availability import tell_availability
from twinev.wire.rest.pages import Page
from twinev.wire.rest.station_limits import StationLimitsOut
from twinev.wire.rest.stations import StationChangeIn, StationCreated, StationIn, StationOut

router = APIRouter(prefix="/api/v1/stations", tags=["stations"])


@router.get("")
def list_stations(
    ask: WantedPage, work: Reading, platform: ThePlatform, _user: Staff, site_id: str | None = None
) -> Page[StationOut]:
    """List the stations, by id."""
    live = platform.live_view(work, site_id=site_id)
    rows = rows_after(work.stations.list(site_id=site_id), ask, name=_id)
    faults = work.station_faults.all()
    return page_of(rows, ask, out=lambda station: station_out(station, live, faults.get(station.id)), name=_id)


@router.get("/{station_id}")
def get_station(station_id: str, work: Reading, platform: ThePlatform, _user: Staff, response: Response) -> StationOut:
    """Show one station; its ETag is what an edit has to name."""
    station = _present(work, station_id)
    tell_version(response, station_version(station))
    return shown_now(station, work, platform)


@router.get("/{station_id}/limits")
def get_station_limits(station_id: str, work: Reading, platform: ThePlatform, _user: Staff) -> StationLimitsOut:
    """Show what the station was told, what that comes to, what it reports, and what others limit it to."""
    return station_limits_out(show_limits(station_id, work=work, now=platform.clock.now()))


@router.post("", status_code=HTTPStatus.CREATED, response_model=StationCreated)
async def create_station(body: StationIn, platform: ThePlatform, _user: Operator, only_once: OnlyOnce) -> Any:
    """Register a station and tell its key, this once. A registered id is a conflict."""

    async def create() -> StationCreated:
        return await run_in_threadpool(_create, body, platform)

    return await only_once.answer(create, told_once=("key",))


@router.patch("/{station_id}")
def patch_station(
    *,
    station_id: str,
    body: StationChangeIn,
    platform: ThePlatform,
    _user: Operator,
    edit: TheEdit,
    response: Response,
) -> StationOut:
    """Describe a station anew; what is left out stays. If-Match names the version that the edit was made from."""
    given = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    if body.evses is not None:
        given["evses"] = evses_of(body.evses)

    def require_unchanged(station: ChargingStation) -> None:
        edit.require_version(f"station {station_id}", station_version(station))

    with platform.unit_of_work() as work:
        changes = with_location(given, work.stations.get(station_id).location)
        edited = edit_station(station_id, changes, work=work, require_unchanged=require_unchanged)
        answer = shown_now(edited, work, platform)
        work.commit()
    tell_version(response, answer.version)
    return answer


def shown_now(station: ChargingStation, work: UnitOfWork, platform: Platform) -> StationOut:
    """Tell of a station with its live state."""
    return station_out(station, platform.live_view(work, site_id=station.site_id), work.station_faults.get(station.id))


def _create(body: StationIn, platform: Platform) -> StationCreated:
    given = with_location(body.model_dump()) | {"evses": evses_of(body.evses)}
    with platform.unit_of_work() as work:
        added = add_station(given.pop("id"), work=work, secret_key=platform.secret_key, **given)
        work.events.add("station.added", {"site_id": body.site_id, "station_id": body.id})
        tell_availability(body.id, work=work)
        work.commit()
    return StationCreated(id=added.station.id, key=added.key)


def _present(work: UnitOfWork, station_id: str) -> ChargingStation:
    station = work.stations.get(station_id)
    if station.removed_at is not None:
        raise NotFound("charging station", station_id)
    return station


def _id(station: ChargingStation) -> str:
    return station.id
