"""Stations whose gateway was killed become offline by their presence."""

import asyncio
from datetime import UTC, datetime

import pytest

from twinev.adapters.messaging.presence import Presence
from twinev.services.watch_presence import WatchPresence

START = datetime(2026, 11, 22, 18, tzinfo=UTC)


@pytest.fixture
def watch_of(database, clock, leadership):
    def build(client, *, patience_seconds: float) -> WatchPresence:
        return WatchPresence(
            presence=Presence(client=client),
            unit_of_work=database.unit_of_work,
            clock=clock,
            leadership=leadership,
            patience_seconds=patience_seconds,
        )

    return build


def online(database) -> dict[str, bool]:
    with database.reading() as work:
        return {station.id: station.online for station in work.stations.list()}


def set_online(database, station_id: str) -> None:
    with database.unit_of_work() as work:
        work.stations.set_online(station_id, True, START, "1")
        work.commit()


def test_station_without_presence_becomes_offline_and_one_with_it_online(nats_server, database, watch_of):
    set_online(database, "A")

    async def scenario():
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await Presence(client=gateway).claim("B", gateway_id="g", connection_id="1")
            await watch_of(api, patience_seconds=0).check()

    asyncio.run(scenario())

    assert online(database) == {"A": False, "B": True}
    with database.reading() as work:
        told = [(event.kind, event.data["station_id"]) for event in work.outbox.pending(9)]
    assert told == [
        ("station.offline", "A"),
        ("station.availability", "A"),
        ("station.online", "B"),
        ("station.availability", "B"),
    ]


def test_difference_that_is_new_is_left_alone(nats_server, database, watch_of):
    set_online(database, "A")

    async def scenario():
        async with nats_server.client("api") as api:
            watch = watch_of(api, patience_seconds=60)
            await watch.check()
            await watch.check()

    asyncio.run(scenario())

    assert online(database)["A"]
