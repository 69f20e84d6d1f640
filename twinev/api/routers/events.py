"""Events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from twinev.api.identity import Authenticator, CurrentLogin
from twinev.api.platform import EventStream, Staff, ThePlatform
from twinev.wire.rest.system import EventOut

router = APIRouter(prefix="/api/v1/events", tags=["events"])

#: Shorter than the patience of any proxy, and how soon the end of a login ends the stream; of the wall's clock. [s]
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 2000


@router.get("", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def stream_events(
    request: Request, platform: ThePlatform, login: CurrentLogin, _user: Staff
) -> StreamingResponse:
    """Stream what happens from now on; what happened in between two connections is not repeated."""
    authenticator: Authenticator = request.app.state.identity
    return StreamingResponse(
        event_frames(platform.events, partial(authenticator.is_open, login), HEARTBEAT_SECONDS),
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
) -> AsyncIterator[str]:
    """Yield the stream's text; it ends with the login session, or when its reader is far behind.

    The session is looked up every ``heartbeat_seconds``, however much happens; the access token that opened the stream
    may expire meanwhile. ``shown`` says what of an event its reader may know; None keeps it back.
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
                    if not await asyncio.to_thread(is_open):
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
                if told is not None:
                    yield _frame(told)
                coming = asyncio.ensure_future(anext(heard))
        finally:
            coming.cancel()


def _frame(event: EventOut) -> str:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
