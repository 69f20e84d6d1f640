"""The commands that stations were sent, and how each went."""

from __future__ import annotations

from fastapi import APIRouter

from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Reading, Staff
from twinev.domain.plan import SentCommand
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.pages import Page

router = APIRouter(prefix="/api/v1/commands", tags=["commands"])


@router.get("")
def list_commands(ask: WantedPage, work: Reading, _user: Staff, station_id: str | None = None) -> Page[CommandOut]:
    """List the commands, the newest first."""
    rows = work.commands.list(limit=ask.one_more, before=ask.after, station_id=station_id)
    return page_of(rows, ask, out=command_out, name=lambda command: command.id)


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
    )
