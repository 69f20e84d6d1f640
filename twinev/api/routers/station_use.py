"""Stations taken out of use and into it again, and keys for those that are set up anew."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from twinev.api.etags import TheEnding
from twinev.api.idempotency import OnlyOnce
from twinev.api.places import station_version
from twinev.api.platform import Operator, Platform, ThePlatform
from twinev.api.routers.stations import shown_now
from twinev.domain.charge_points import ChargingStation
from twinev.services.issue_key import issue_key
from twinev.services.take_out_of_use import TakeOutOfUse
from twinev.wire.rest.stations import StationBlockIn, StationKey, StationOut

router = APIRouter(prefix="/api/v1/stations", tags=["stations"])


async def take_out_of_use_of(request: Request) -> TakeOutOfUse:
    """Return the service at ``app.state.take_out_of_use``; wiring puts it there."""
    return request.app.state.take_out_of_use


TheService = Annotated[TakeOutOfUse, Depends(take_out_of_use_of)]


@router.post("/{station_id}/block")
async def block_station(
    station_id: str, body: StationBlockIn, service: TheService, platform: ThePlatform, _user: Operator
) -> StationOut:
    """Refuse a station from now on, and close its socket. Blocking it again only changes the reason."""
    await service.block(station_id, reason=body.reason)
    return await run_in_threadpool(_shown, station_id, platform)


@router.post("/{station_id}/unblock")
async def unblock_station(station_id: str, service: TheService, platform: ThePlatform, _user: Operator) -> StationOut:
    """Let a station in again; it comes by itself."""
    await service.unblock(station_id)
    return await run_in_threadpool(_shown, station_id, platform)


@router.delete("/{station_id}", status_code=HTTPStatus.NO_CONTENT)
async def remove_station(station_id: str, service: TheService, _user: Operator, ending: TheEnding) -> None:
    """Remove a station for good. Its sessions and meter values stay; its id is not given again.

    If-Match may be left out; where it names a version, the station has to be as it was then.
    """

    def require_unchanged(station: ChargingStation) -> None:
        ending.honour_version(f"station {station_id}", station_version(station))

    await service.remove(station_id, require_unchanged=require_unchanged)


@router.post("/{station_id}/keys", status_code=HTTPStatus.CREATED, response_model=StationKey)
async def issue_station_key(station_id: str, platform: ThePlatform, _user: Operator, only_once: OnlyOnce) -> Any:
    """Tell a new key, this once, to set in the station by hand; all older ones are refused from now on."""

    async def issue() -> StationKey:
        return StationKey(station_id=station_id, key=await run_in_threadpool(_issue, station_id, platform))

    return await only_once.answer(issue, told_once=("key",))


def _issue(station_id: str, platform: Platform) -> str:
    with platform.unit_of_work() as work:
        key = issue_key(station_id, work=work, secret_key=platform.secret_key)
        work.commit()
    return key


def _shown(station_id: str, platform: Platform) -> StationOut:
    with platform.reading() as work:
        return shown_now(work.stations.get(station_id), work, platform)
