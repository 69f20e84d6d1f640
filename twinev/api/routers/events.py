"""Events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.identity import Authenticator, CurrentLogin
from twinev.api.platform import AnyRole, EventStream, ThePlatform
from twinev.services.own_events import OwnEvents
from twinev.services.own_sessions import is_staff
from twinev.wire.rest.system import EventOut

router = APIRouter(prefix="/api/v1/events", tags=["events"])

#: Shorter than the patience of any proxy, and how soon the end of a login ends the stream; of the wall's clock. [s]
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 2000


@router.get("", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def stream_events(
    request: Request, platform: ThePlatform, login: CurrentLogin, user: AnyRole
) -> StreamingResponse:
    """Stream what happens from now on; what happened in between two connections is not repeated.

    A driver hears of his own sessions, bills, reservations and vehicle bookings alone.
    """
    authenticator: Authenticator = request.app.state.identity
    concerns = None if is_staff(user) else OwnEvents(user=user, reading=platform.reading).concerns
    return StreamingResponse(
        event_frames(platform.events, partial(authenticator.is_open, login), HEARTBEAT_SECONDS, concerns=concerns),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _whole(event: EventOut) -> EventOut | None:
    """Staff hears all."""
    return event


async def event_frames(
    events: EventStream,
    is_open: Callable[[], bool],
    heartbeat_seconds: float,
    wall_seconds: Callable[[], float] = time.monotonic,
    shown: Callable[[EventOut], EventOut | None] = _whole,
    *,
    concerns: Callable[[str, Mapping[str, Any]], bool] | None = None,
) -> AsyncIterator[str]:
    """Yield the stream's text; it ends with the login session, or when its reader is far behind.

    The session is looked up every ``heartbeat_seconds``, however much happens; the access token that opened the stream
    may expire meanwhile. ``shown`` says what of an event its reader may know; None keeps it back. Of the events only
    those that ``concerns`` (their kind and data) the reader are told, all without it; it may ask the database.
    """
    async with events.listening() as heard:
        # Only now is nothing missed any more: a reader may wait for this line.
        yield f"retry: {_RECONNECT_MILLISECONDS}\n: listening\n\n"
        check_at = wall_seconds() + heartbeat_seconds
        coming = asyncio.ensure_future(anext(heard))
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=max(0.0, check_at - wall_seconds()))
                if wall_seconds() >= check_at:
                    if not await run_in_threadpool(is_open):
                        return
                    check_at = wall_seconds() + heartbeat_seconds
                    yield ": still here\n\n"
                if not done:
                    continue
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    return
                told = shown(event)
                if told is not None and await _concerned(concerns, event):
                    yield _frame(told)
                coming = asyncio.ensure_future(anext(heard))
        finally:
            coming.cancel()


async def _concerned(concerns: Callable[[str, Mapping[str, Any]], bool] | None, event: EventOut) -> bool:
    return concerns is None or await run_in_threadpool(concerns, event.kind, event.data)


def _frame(event: EventOut) -> str:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
