"""News of the platform reaches the page's loop, many events as one, and ends with the login."""

from __future__ import annotations

import asyncio
import queue

from twinev.errors import NotAuthenticated
from twinev.ui.news import News
from twinev.wire.rest.system import EventOut


def event(kind: str, now) -> EventOut:
    return EventOut(id="1", kind=kind, at=now, data={})


def test_storm_of_events_is_one_piece_of_news(now) -> None:
    heard: list[frozenset[str]] = []
    events: queue.SimpleQueue = queue.SimpleQueue()

    async def listen() -> None:
        told = asyncio.Event()
        news = News(events=lambda: iter(events.get, None), gathered_seconds=0.05)
        news.on_news(lambda kinds: (heard.append(kinds), told.set()))
        news.start()
        for kind in ("session.started", "plan.made", "session.started"):
            events.put(event(kind, now))
        async with asyncio.timeout(10):
            await told.wait()
        events.put(None)

    asyncio.run(listen())

    assert heard == [frozenset({"session.started", "plan.made"})]


def test_end_of_the_login_ends_the_news_quietly(now) -> None:
    ended = []

    def events():
        ended.append(True)
        raise NotAuthenticated("your session has ended")
        yield

    async def listen() -> None:
        News(events=events).start()
        async with asyncio.timeout(10):
            while not ended:
                await asyncio.sleep(0.001)

    asyncio.run(listen())

    assert ended == [True]
