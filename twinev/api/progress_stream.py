"""A session's progress as server-sent events: at once, and whenever it has changed, until the session is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from twinev.api.platform import EventStream
from twinev.services.ports.clock import Clock
from twinev.wire.rest.sessions import SessionProgressOut
from twinev.wire.rest.system import EventOut

KIND = "session.progress"
#: Meter values make no event of the platform's, so the database is asked so often; of the wall's clock. [s]
LOOK_SECONDS = 3.0
#: How soon the end of a login ends the stream, and a proxy sees that it lives. [s]
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 2000


async def progress_frames(
    events: EventStream,
    is_open: Callable[[], bool],
    read: Callable[[], SessionProgressOut],
    first: SessionProgressOut,
    *,
    clock: Clock,
    look_seconds: float = LOOK_SECONDS,
    wall_seconds: Callable[[], float] = time.monotonic,
) -> AsyncIterator[str]:
    """Yield the stream's text.

    Parameters
    ----------
    read : Callable
        Reads the progress now; called in a thread.
    first : SessionProgressOut
        What was read before the stream began.
    look_seconds : float
        How long nobody looks while no event speaks of the session or its site's plan. [s]
    """
    async with events.listening() as heard:
        yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
        told, number = first, 0
        yield _frame(told, number, clock)
        check_at, look_at = wall_seconds() + HEARTBEAT_SECONDS, wall_seconds() + look_seconds
        coming = asyncio.ensure_future(anext(heard))
        try:
            while told.active:
                done, _ = await asyncio.wait({coming}, timeout=max(0.0, look_at - wall_seconds()))
                if wall_seconds() >= check_at:
                    if not await asyncio.to_thread(is_open):
                        return
                    check_at = wall_seconds() + HEARTBEAT_SECONDS
                    yield ": still here\n\n"
                if done:
                    try:
                        event = coming.result()
                    except StopAsyncIteration:
                        return
                    coming = asyncio.ensure_future(anext(heard))
                    if not _may_concern(event, told) and wall_seconds() < look_at:
                        continue
                now_so = await asyncio.to_thread(read)
                look_at = wall_seconds() + look_seconds
                if _differs(now_so, told):
                    told, number = now_so, number + 1
                    yield _frame(told, number, clock)
        finally:
            coming.cancel()


def _may_concern(event: EventOut, told: SessionProgressOut) -> bool:
    return event.data.get("session_id") == told.session_id or event.kind == "plan.made"


def _differs(one: SessionProgressOut, other: SessionProgressOut) -> bool:
    """Whether there is something to see: that the plan's first stretch begins now, and no more a moment ago, is not."""
    return one.model_copy(update={"plan": _from_ends(one)}) != other.model_copy(update={"plan": _from_ends(other)})


def _from_ends(progress: SessionProgressOut) -> tuple[tuple[object, float], ...]:
    return tuple((step.end, step.power_kw) for step in progress.plan)


def _frame(progress: SessionProgressOut, number: int, clock: Clock) -> str:
    event = EventOut(id=str(number), kind=KIND, at=clock.now(), data=progress.model_dump(mode="json"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
