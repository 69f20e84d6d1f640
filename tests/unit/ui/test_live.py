"""The live state: what it reads, and what it says when the API is away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from twinev.errors import NotAuthenticated, TwinEVError, Unavailable
from twinev.ui.live import Connection, Live
from twinev.wire.rest.system import HealthOut


@dataclass
class FakeClient:
    """Answers with one site's state; ``error`` is raised instead where it is set."""

    now: datetime
    site: object
    error: TwinEVError | None = None
    asked: list[str] = field(default_factory=list)
    open_restrictions: list = field(default_factory=list)

    def health(self) -> HealthOut:
        if self.error is not None:
            raise self.error
        return HealthOut(status="ok", version="0", now=self.now, parts=())

    def sites(self) -> list:
        return [self.site]

    def stations(self) -> list:
        return []

    def restrictions(self, *, at_most: int | None = None, state: str | None = None) -> list:
        self.asked.append(f"restrictions {state or at_most}")
        return list(self.open_restrictions if state == "open" else ())


@dataclass
class FakeMonotonic:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def client(now, make_site) -> FakeClient:
    return FakeClient(now=now, site=make_site())


@pytest.fixture
def monotonic() -> FakeMonotonic:
    return FakeMonotonic()


@pytest.fixture
def live(client, monotonic) -> Live:
    return Live(client=client, poll_seconds=0.01, monotonic=monotonic)


def test_live_tells_each_part_the_new_state(live, make_site) -> None:
    seen = []
    live.on_snapshot(seen.append)
    asyncio.run(live.refresh())
    assert seen[0].sites == (make_site(),)


def test_live_says_that_the_api_is_away_and_recovers(live, client) -> None:
    connections: list[Connection] = []
    live.on_connection(connections.append)
    for error in (None, Unavailable("nobody there"), None):
        client.error = error
        asyncio.run(live.refresh())
    assert [connection.lost for connection in connections] == [None, "nobody there", None]


def test_live_keeps_the_last_state_while_the_api_is_away(live, client) -> None:
    asyncio.run(live.refresh())
    kept = live.snapshot
    client.error = Unavailable("nobody there")
    asyncio.run(live.refresh())
    assert live.snapshot is kept


def test_live_stops_when_the_session_has_ended(live, client) -> None:
    client.error = NotAuthenticated("ended")
    asyncio.run(asyncio.wait_for(live.run(), 5))
    assert live.connection.ended


def test_part_that_fails_does_not_stop_the_others(live, caplog) -> None:
    seen = []
    live.on_snapshot(lambda snapshot: 1 / 0)
    live.on_snapshot(seen.append)
    asyncio.run(live.refresh())
    assert len(seen) == 1
    assert "could not show" in caplog.text


def test_live_asks_again_at_once_when_hurried(client) -> None:
    async def two_rounds() -> None:
        live = Live(client=client, poll_seconds=3600)
        rounds = asyncio.Queue()
        live.on_snapshot(rounds.put_nowait)
        task = asyncio.create_task(live.run())
        await asyncio.wait_for(rounds.get(), 5)
        live.hurry()
        await asyncio.wait_for(rounds.get(), 5)
        task.cancel()

    asyncio.run(two_rounds())
    assert client.asked == ["restrictions 50", "restrictions open"] * 2


def test_open_restriction_is_shown_however_long_ago_it_was_ordered(live, client, make_restriction) -> None:
    client.open_restrictions = [make_restriction()]

    assert live.read().restrictions == tuple(client.open_restrictions)


def test_platform_time_goes_on_between_two_rounds(live, monotonic, now) -> None:
    live.read()
    monotonic.seconds += 0.7
    assert live.now() == now + timedelta(seconds=0.7)


def test_accelerated_clock_is_noticed(live, client, monotonic, now) -> None:
    live.read()
    monotonic.seconds += 2
    client.now = now + timedelta(seconds=120.5)
    assert live.read().speed == 60


def test_delays_of_the_network_are_not_taken_for_another_speed(live, client, monotonic, now) -> None:
    live.read()
    monotonic.seconds += 2
    client.now = now + timedelta(seconds=2.1)
    assert live.read().speed == 1
