"""Events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from twinev.api.identity import current_login
from twinev.api.platform import EventStream, Staff, ThePlatform
from twinev.errors import NotAuthenticated
from twinev.wire.rest import EventOut

router = APIRouter(prefix="/api/v1/events", tags=["events"])

#: Shorter than the patience of any proxy, and how soon the end of a login ends the stream. [s]
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 2000


@router.get("", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def stream_events(request: Request, platform: ThePlatform, _user: Staff) -> StreamingResponse:
    """Stream what happens from now on; what happened in between two connections is not repeated."""

    def check_login() -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        identity = request.app.state.identity
        if scheme.lower() == "bearer":
            identity.of_token(token)
        else:
            current_login(request)

    return StreamingResponse(
        _frames(platform.events, check_login, HEARTBEAT_SECONDS),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(events: EventStream, check_login: Callable[[], None], heartbeat_seconds: float) -> AsyncIterator[str]:
    """Yield the stream's text; it ends with the login, or when its reader is far behind."""
    async with events.listening() as heard:
        # Only now is nothing missed any more: a reader may wait for this line.
        yield f"retry: {_RECONNECT_MILLISECONDS}\n: listening\n\n"
        coming = asyncio.ensure_future(anext(heard))
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=heartbeat_seconds)
                if not done:
                    try:
                        await asyncio.to_thread(check_login)
                    except NotAuthenticated:
                        return
                    yield ": still here\n\n"
                    continue
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    return
                yield _frame(event)
                coming = asyncio.ensure_future(anext(heard))
        finally:
            coming.cancel()


def _frame(event: EventOut) -> str:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
