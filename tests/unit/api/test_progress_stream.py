"""A session's progress as a stream: at once, when something changed, and until the session or the login is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from twinev.api.progress_stream import HEARTBEAT_SECONDS, progress_frames
from twinev.wire.rest.sessions import PlannedStepOut, SessionProgressOut
from twinev.wire.rest.system import EventOut

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOCK = SimpleNamespace(now=lambda: AT)
FIRST = SessionProgressOut(
    session_id="s", active=True, charging_state="Charging", energy_kwh=1.0, energy_requested_kwh=10.0, power_kw=7.0,
    planned_kw=7.0, soc=0.5, soc_told=False, target_soc=0.8, departure_at=None, done_at=None, reservation_id=None,
    stop_at_target=True, stop_at=None, cost=None, measured=(), plan=(), explanation=None,
)  # fmt: skip
OVER = FIRST.model_copy(update={"active": False})


class Feed:
    """Events that are there already, and then nothing for ever."""

    def __init__(self, *events: EventOut) -> None:
        self._events = events

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[EventOut]]:
        yield self._heard()

    async def _heard(self) -> AsyncIterator[EventOut]:
        for event in self._events:
            yield event
        await asyncio.Event().wait()


def event(kind: str, **data: str) -> EventOut:
    return EventOut(id="e", kind=kind, at=AT, data=data)


def frames(*reads: SessionProgressOut, feed: Feed | None = None, first=FIRST, is_open=lambda: True, **options) -> list:
    """What the stream says, with ``reads`` as what the database holds at each look."""
    coming = iter(reads)

    async def gathered() -> list[dict]:
        stream = progress_frames(
            feed or Feed(), is_open, lambda: next(coming), first, clock=CLOCK, **{"look_seconds": 0.0} | options
        )
        texts = [text async for text in stream]
        lines = [line for text in texts for line in text.splitlines() if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: "))["data"] for line in lines]

    return asyncio.run(gathered())


def test_stream_tells_at_once_and_ends_with_the_session():
    told = frames(FIRST, FIRST.model_copy(update={"energy_kwh": 2.0}), OVER)

    assert [(one["energy_kwh"], one["active"]) for one in told] == [(1.0, True), (2.0, True), (1.0, False)]


def test_session_that_is_over_is_told_once():
    assert [one["active"] for one in frames(first=OVER)] == [False]


def test_passing_of_time_alone_is_not_told():
    def planned(start: datetime) -> SessionProgressOut:
        step = PlannedStepOut(start=start, end=AT + timedelta(hours=1), power_kw=7.0)
        return FIRST.model_copy(update={"plan": (step,)})

    told = frames(planned(AT + timedelta(minutes=1)), planned(AT + timedelta(minutes=2)), OVER, first=planned(AT))

    assert len(told) == 2


@pytest.mark.parametrize("wakes", [event("session.ended", session_id="s"), event("plan.made", site_id="x")])
def test_event_of_the_session_or_a_plan_is_looked_after_at_once(wakes):
    told = frames(OVER, feed=Feed(wakes), look_seconds=3600.0)

    assert [one["active"] for one in told] == [True, False]


def test_what_happens_to_others_keeps_nobody_from_looking():
    wall = SimpleNamespace(seconds=0.0)

    class Busy(Feed):
        async def _heard(self) -> AsyncIterator[EventOut]:
            while True:
                wall.seconds += 1.0
                yield event("session.updated", session_id="another")

    told = frames(FIRST, OVER, feed=Busy(), look_seconds=3.0, wall_seconds=lambda: wall.seconds)

    assert [one["active"] for one in told] == [True, False]
    assert wall.seconds >= 6.0


def test_end_of_the_login_ends_the_stream():
    wall = SimpleNamespace(seconds=0.0)

    def read() -> None:
        wall.seconds += HEARTBEAT_SECONDS
        return FIRST

    async def gathered() -> list[str]:
        stream = progress_frames(
            Feed(), lambda: wall.seconds < 40, read, FIRST, clock=CLOCK, look_seconds=0.0,
            wall_seconds=lambda: wall.seconds,
        )  # fmt: skip
        return [text async for text in stream]

    texts = asyncio.run(gathered())

    assert 40 <= wall.seconds <= 40 + HEARTBEAT_SECONDS
    assert ": still here\n\n" in texts
