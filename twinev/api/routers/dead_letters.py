"""Messages of other modules that were refused, each with the reason, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query, Request

from twinev.api.identity import require_role
from twinev.domain.users import Role, User
from twinev.errors import BadInput
from twinev.wire.inbound import DeadLetter
from twinev.wire.rest.pages import Page
from twinev.wire.rest.system import DeadLetterOut

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])

Administrator = Annotated[User, Depends(require_role(Role.ADMINISTRATOR))]


class KeptLetter(Protocol):
    """A dead letter and its number in the stream."""

    @property
    def number(self) -> int: ...
    @property
    def letter(self) -> DeadLetter: ...


class DeadLetterBox(Protocol):
    """`twinev.adapters.messaging.dead_letters.DeadLetters`."""

    async def newest(self, limit: int, *, before: int | None = None) -> Sequence[KeptLetter]: ...


async def box_of(request: Request) -> DeadLetterBox:
    """Return what wiring put at ``app.state.dead_letters``."""
    return request.app.state.dead_letters


@router.get("")
async def list_dead_letters(
    box: Annotated[DeadLetterBox, Depends(box_of)],
    _user: Administrator,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[DeadLetterOut]:
    """List refused messages, newest first, with the original of each. They are kept for thirty days."""
    letters = await box.newest(limit, before=_number(cursor))
    items = tuple(DeadLetterOut(id=str(kept.number), **kept.letter.model_dump()) for kept in letters)
    return Page(items=items, next_cursor=items[-1].id if len(items) == limit else None)


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal()):
        raise BadInput("cursor", cursor, "the next_cursor of an earlier page")
    return int(cursor)
