"""The text of the event stream: it lasts as long as its login session, whatever flows and whatever the token says."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from twinev.api.routers.events import event_frames
from twinev.wire.rest.system import EventOut

HEARTBEAT_SECONDS = 15.0
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Wall:
    """A wall clock that the test moves. [s]"""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Busy:
    """A feed in which an event waits whenever it is asked, each ``every_seconds`` after the one before."""

    def __init__(self, wall: Wall, *, every_seconds: float) -> None:
        self._wall = wall
        self._every_seconds = every_seconds

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[EventOut]]:
        yield self._heard()

    async def _heard(self) -> AsyncIterator[EventOut]:
        for number in itertools.count():
            self._wall.seconds += self._every_seconds
            yield EventOut(id=str(number), kind="session.updated", at=AT, data={})


class Quiet:
    """A feed in which nothing happens."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[EventOut]]:
        yield self._heard()

    async def _heard(self) -> AsyncIterator[EventOut]:
        await asyncio.Event().wait()
        yield EventOut(id="never", kind="session.updated", at=AT, data={})


def test_busy_stream_ends_within_a_heartbeat_of_the_log_out():
    wall, asked_at = Wall(), []

    def is_open() -> bool:
        asked_at.append(wall.seconds)
        return wall.seconds < 1100

    frames = _texts(event_frames(Busy(wall, every_seconds=4), is_open, HEARTBEAT_SECONDS, wall), most=200)

    assert 1100 <= wall.seconds <= 1100 + HEARTBEAT_SECONDS + 4
    assert len([text for text in frames if text.startswith("id: ")]) >= 24
    assert all(later - earlier <= HEARTBEAT_SECONDS + 4 for earlier, later in itertools.pairwise([1000, *asked_at]))


def test_busy_stream_goes_on_with_an_open_session():
    wall = Wall()

    frames = _texts(event_frames(Busy(wall, every_seconds=4), lambda: True, HEARTBEAT_SECONDS, wall), most=200)

    assert len(frames) == 200


def test_events_between_two_checks_ask_nothing_of_the_database():
    wall, asked = Wall(), []

    def is_open() -> bool:
        asked.append(wall.seconds)
        return True

    _texts(event_frames(Busy(wall, every_seconds=0.01), is_open, HEARTBEAT_SECONDS, wall), most=1000)

    assert asked == []


def test_quiet_stream_asks_for_the_session_and_beats():
    wall = Wall()
    answers = iter([True, True, False])

    def is_open() -> bool:
        return next(answers)

    def passing() -> float:
        wall.seconds += HEARTBEAT_SECONDS
        return wall.seconds

    frames = _texts(event_frames(Quiet(), is_open, HEARTBEAT_SECONDS, passing), most=10)

    assert frames[1:] == [": still here\n\n"] * 2


def _texts(stream: AsyncIterator[str], *, most: int) -> list[str]:
    async def read() -> list[str]:
        texts = []
        async for text in stream:
            texts.append(text)
            if len(texts) == most:
                break
        await stream.aclose()
        return texts

    return asyncio.run(asyncio.wait_for(read(), 20))
