"""Commands that a person sends to a station: reset, unlock, configure, fetch a log, ask for its schedule."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from twinev.api.idempotency import OnlyOnce
from twinev.api.platform import CallingApp, Operator, ThePlatform
from twinev.api.routers.commands import command_out
from twinev.api.station_limits import composite_out
from twinev.services.command_station import new_request_id
from twinev.wire.commands import CommandIn, command_of
from twinev.wire.rest.commands import CommandOut, CompositeScheduleIn, CompositeScheduleOut

router = APIRouter(prefix="/api/v1/stations/{station_id}", tags=["commands"])

_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": CommandOut}}
_TOLD: dict[int | str, dict[str, Any]] = {201: {"model": CompositeScheduleOut}}


@router.post("/commands", status_code=HTTPStatus.CREATED, response_model=None, responses=_CREATED)
async def send_command(
    *, station_id: str, body: CommandIn, platform: ThePlatform, user: Operator, app: CallingApp, only_once: OnlyOnce
) -> Any:
    """Tell the station; the answer says how it took it, and stays on record with who sent it and from where."""

    async def send() -> CommandOut:
        command = command_of(body, request_id=new_request_id())
        return command_out(await platform.command_station.send(station_id, command, issued_by=user.username, app=app))

    return await only_once.answer(send)


@router.post("/composite-schedules", status_code=HTTPStatus.CREATED, response_model=None, responses=_TOLD)
async def ask_composite_schedule(
    *,
    station_id: str,
    body: CompositeScheduleIn,
    platform: ThePlatform,
    user: Operator,
    app: CallingApp,
    only_once: OnlyOnce,
) -> Any:
    """Ask the station what it will really apply at an EVSE from now on (GetCompositeSchedule)."""

    async def ask() -> CompositeScheduleOut:
        sent = await platform.command_station.ask_composite(
            station_id,
            evse_id=body.evse_id,
            duration_seconds=body.duration_seconds,
            issued_by=user.username,
            app=app,
        )
        return composite_out(sent, command_out(sent))

    return await only_once.answer(ask)
