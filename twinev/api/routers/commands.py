"""The commands that stations were sent, how each went, and sending one again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import CallingApp, Operator, Reading, Staff, ThePlatform
from twinev.domain.plan import SentCommand
from twinev.services.command_station import new_request_id
from twinev.services.ports.charge_points import CommandFilter, CommandState
from twinev.services.retry_command import require_retryable, why_not_retried
from twinev.wire.commands import command_again
from twinev.wire.moment import Moment
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/commands", tags=["commands"])

_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": CommandOut}}
_FIND = "words that occur in who sent it, with which program, to which station, as what, and in its status"
_FROM_PEOPLE = "true: sent by persons and their programs; false: by the platform itself"


@router.get("")
def list_commands(
    *,
    ask: WantedPage,
    work: Reading,
    _user: Staff,
    station_id: str | None = None,
    action: str | None = None,
    find: Annotated[str, Query(max_length=200, description=_FIND)] = "",
    state: CommandState | None = None,
    from_people: Annotated[bool | None, Query(description=_FROM_PEOPLE)] = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> Page[CommandOut]:
    """List the commands, the newest first."""
    rows = work.commands.list(
        limit=ask.one_more,
        before=ask.after,
        station_id=station_id,
        actions=None if action is None else (action,),
        wanted=CommandFilter(find=find, state=state, from_people=from_people, since=since, until=until),
    )
    return page_of(rows, ask, out=command_out, name=lambda command: command.id)


@router.get("/{command_id}")
def get_command(command_id: str, work: Reading, _user: Staff) -> CommandOut:
    """Show one command."""
    return command_out(work.commands.get(command_id))


@router.post("/{command_id}/retries", status_code=HTTPStatus.CREATED, response_model=None, responses=_CREATED)
async def retry_command(
    *, command_id: str, platform: ThePlatform, user: Operator, app: CallingApp, only_once: OnlyOnce
) -> Any:
    """Send a command once more; it becomes a command of its own. One that is not ``retryable`` is a conflict."""

    def read() -> SentCommand:
        with platform.reading() as work:
            sent = work.commands.get(command_id)
        require_retryable(sent)
        return sent

    async def retry() -> CommandOut:
        sent = await run_in_threadpool(read)
        command = command_again(sent.action, sent.payload, request_id=new_request_id())
        return command_out(await platform.command_station.retry(sent, command, issued_by=user.username, app=app))

    return await only_once.answer(retry)


def command_out(command: SentCommand) -> CommandOut:
    """Tell of a command as the API does."""
    return CommandOut(
        id=command.id,
        station_id=command.station_id,
        action=command.action,
        issued_by=command.issued_by,
        sent_at=command.sent_at,
        answered_at=command.answered_at,
        outcome=command.outcome,
        status=command.status,
        round_trip_ms=command.round_trip_ms,
        plan_id=command.plan_id,
        restriction_id=command.restriction_id,
        app=command.app,
        detail=command.detail,
        response=command.response,
        payload=command.payload,
        retry_of=command.retry_of,
        retryable=why_not_retried(command) is None,
    )
