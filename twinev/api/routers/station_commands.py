"""Commands that a person sends to a station: reset, unlock, configure, fetch a log, and what else is not charging."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from twinev.api.idempotency import OnlyOnce
from twinev.api.platform import CallingApp, Operator, ThePlatform
from twinev.api.routers.commands import command_out
from twinev.services.command_station import new_request_id
from twinev.wire.commands import CommandIn, command_of
from twinev.wire.rest.commands import CommandOut

router = APIRouter(prefix="/api/v1/stations/{station_id}/commands", tags=["commands"])

_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": CommandOut}}


@router.post("", status_code=HTTPStatus.CREATED, response_model=None, responses=_CREATED)
async def send_command(
    *, station_id: str, body: CommandIn, platform: ThePlatform, user: Operator, app: CallingApp, only_once: OnlyOnce
) -> Any:
    """Tell the station; the answer says how it took it, and stays on record with who sent it and from where."""

    async def send() -> CommandOut:
        command = command_of(body, request_id=new_request_id())
        return command_out(await platform.command_station.send(station_id, command, issued_by=user.username, app=app))

    return await only_once.answer(send)
