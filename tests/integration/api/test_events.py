"""From a commit to a browser: the outbox, the stream, server-sent events over a real socket."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn

from twinev.adapters.database.tables import outbox
from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.adapters.messaging.event_hub import EventHub
from twinev.adapters.messaging.outbox_relay import OutboxRelay
from twinev.api.app import create_app
from twinev.api.live import PlanMemory
from twinev.api.platform import Platform
from twinev.api.routers import events as event_router
from twinev.domain.session import ChargingSession
from twinev.services.tell_availability import tell_availability

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
STAFF = {"Authorization": "Bearer grid_operator"}


@pytest.fixture
def relay_of(database, leadership):
    def build(client, **options) -> OutboxRelay:
        relay = OutboxRelay(
            client=client,
            unit_of_work=database.unit_of_work,
            reading=database.reading,
            leadership=leadership,
            **options,
        )
        database.on_events(relay.wake)
        return relay

    return build


@pytest.fixture
def served(database, clock, identity):
    """Serve the API on a free port, with the hub of ``client``."""

    @asynccontextmanager
    async def serve(client):
        hub = EventHub(client=client)
        platform = Platform(
            unit_of_work=database.unit_of_work,
            reading=database.reading,
            clock=clock,
            planner=None,
            command_station=None,
            events=hub,
            plan_memory=PlanMemory(),
            secret_key="secret",
        )
        app = create_app(platform=platform, identity=identity, services={"events": hub.run})
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            address = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
            try:
                async with httpx.AsyncClient(base_url=address, headers=STAFF, trust_env=False, timeout=10) as http:
                    while not server.started:
                        await asyncio.sleep(0.01)
                    yield http
            finally:
                server.should_exit = True
                await serving

    return serve


def tell(database, *numbers: int) -> None:
    with database.unit_of_work() as work:
        for number in numbers:
            work.events.add("station.online", {"site_id": "s", "station_id": "A", "number": number})
        work.commit()


async def next_event(lines) -> dict:
    event = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if name in ("id", "event", "data"):
            event[name] = value
        elif not line and event:
            return event
    raise AssertionError("the stream has ended")


async def listening(lines) -> None:
    async for line in lines:
        if line == ": listening":
            return


def waiting(database) -> int:
    with database.reading() as work:
        return work.outbox.lag()[0]


def test_commit_reaches_the_browser(nats_server, database, relay_of, served, going):
    async def scenario():
        async with (
            nats_server.client("api") as client,
            served(client) as http,
            going(relay_of(client).run),
            http.stream("GET", "/events", headers={"Last-Event-ID": "whatever"}) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.aiter_lines()
            await listening(lines)
            await asyncio.to_thread(tell, database, 1)
            return await asyncio.wait_for(next_event(lines), 30)

    event = asyncio.run(scenario())

    assert event["event"] == "station.online"
    body = json.loads(event["data"])
    told = {"site_id": "s", "station_id": "A", "number": 1}
    assert (body["kind"], body["data"], body["id"]) == ("station.online", told, event["id"])


def test_everybody_hears_of_public_evses_and_of_nothing_else(nats_server, database, relay_of, served, going):
    def change() -> None:
        tell(database, 1)
        with database.unit_of_work() as work:
            work.stations.describe(replace(work.stations.get("A"), public=False))
            work.stations.set_online("A", True, START)
            work.stations.set_online("B", True, START)
            tell_availability("A", work=work)
            tell_availability("B", work=work)
            work.commit()

    async def scenario():
        async with (
            nats_server.client("api") as client,
            served(client) as http,
            going(relay_of(client).run),
            http.stream("GET", "/availability/events", headers={"Authorization": ""}) as answer,
        ):
            lines = answer.aiter_lines()
            await listening(lines)
            await asyncio.to_thread(change)
            return await asyncio.wait_for(next_event(lines), 10)

    event = asyncio.run(scenario())

    body = json.loads(event["data"])
    assert event["event"] == "station.availability"
    assert set(body["data"]) == {"station_id", "evse_id", "site_id", "availability", "at"}
    assert (body["data"]["station_id"], body["data"]["availability"]) == ("B", "Unavailable")


def test_events_keep_their_order_and_leave_the_outbox(nats_server, database, relay_of, going, until):
    async def scenario():
        async with nats_server.client("api") as client:
            async with going(relay_of(client).run):
                for first in range(0, 30, 10):
                    await asyncio.to_thread(tell, database, *range(first, first + 10))
                await until(lambda: waiting(database) == 0)
            consumer = await client.jetstream().pull_subscribe(subjects.EVENTS, stream=subjects.EVENTS_STREAM)
            return [json.loads(message.data)["data"]["number"] for message in await consumer.fetch(100, timeout=30)]

    assert asyncio.run(scenario()) == list(range(30))


def test_events_wait_while_nats_is_away_and_come_once(nats_server, database, relay_of, going, until):
    async def scenario():
        async with nats_server.client("api") as client, going(relay_of(client, poll_seconds=0.2).run):
            nats_server.kill()
            await asyncio.to_thread(tell, database, 1, 2)
            assert waiting(database) == 2
            nats_server.start()
            await until(lambda: waiting(database) == 0, within=20)
            state = (await client.jetstream().stream_info(subjects.EVENTS_STREAM)).state
            return state.messages

    assert asyncio.run(scenario()) == 2


def test_event_that_was_published_before_a_crash_is_not_doubled(nats_server, database, relay_of, going, until):
    tell(database, 1)
    with database.reading() as work:
        (event,) = work.outbox.pending(1)

    async def scenario():
        async with nats_server.client("api") as client:
            await relay_of(client)._publish(event)
            async with going(relay_of(client).run):
                await until(lambda: waiting(database) == 0)
            return (await client.jetstream().stream_info(subjects.EVENTS_STREAM)).state.messages

    assert asyncio.run(scenario()) == 1


def test_event_that_breaks_its_schema_goes_to_the_dead_letters_and_holds_up_nothing(
    nats_server, database, relay_of, going, until
):
    wrong = {"id": "wrong", "kind": "station.online", "at": START, "data": {"site_id": "s", "station_id": 7}}
    unknown = {"id": "unknown", "kind": "station.dreamt", "at": START, "data": {"site_id": "s"}}
    with database.unit_of_work() as work:
        # Beside the port, which refuses such an event in tests.
        work._connection.execute(outbox.insert(), [wrong, unknown])
        work.commit()
    tell(database, 1)
    refusals = []

    async def scenario():
        async with nats_server.client("api") as client:
            async with going(relay_of(client, on_refused=lambda: refusals.append(1)).run):
                await until(lambda: waiting(database) == 0)
            letters = await DeadLetters(client=client).newest(9)
            return letters, (await client.jetstream().stream_info(subjects.EVENTS_STREAM)).state.messages

    letters, published = asyncio.run(scenario())

    assert published == 1
    assert [(kept.letter.subject, json.loads(kept.letter.body)["id"]) for kept in letters] == [
        ("twinev.v1.evt.station.dreamt", "unknown"),
        ("twinev.v1.evt.station.online", "wrong"),
    ]
    assert "data.station_id" in letters[1].letter.reason
    assert len(refusals) == 2


def test_stream_outlives_its_access_token_and_ends_with_the_login_session(nats_server, identity, served, monkeypatch):
    monkeypatch.setattr(event_router, "HEARTBEAT_SECONDS", 0.1)

    async def scenario():
        async with (
            nats_server.client("api") as client,
            served(client) as http,
            http.stream("GET", "/events") as answer,
        ):
            lines = answer.aiter_lines()
            await listening(lines)
            identity.token_expired = True
            beats = [line async for line in _some(lines, 6)]
            identity.ended = True
            rest = await asyncio.wait_for(_all(lines), 30)
            return beats, rest

    beats, rest = asyncio.run(scenario())

    assert beats.count(": still here") >= 2
    assert len(rest) < 20


def test_driver_hears_of_his_own_session_and_of_nothing_else(nats_server, database, relay_of, served, going):
    def tell_of_sessions() -> None:
        with database.unit_of_work() as work:
            for owner in ("somebody-else", "driver"):
                begun = ChargingSession(
                    id=f"of-{owner}", site_id="s", station_id="A", evse_id=1, ocpp_transaction_id=owner, id_token=None,
                    user_id=owner, started_at=START,
                )  # fmt: skip
                work.sessions.save(begun)
                named = {"site_id": "s", "station_id": "A", "evse_id": 1, "session_id": begun.id}
                work.events.add("session.started", named | {"ocpp_transaction_id": owner})
            work.commit()

    async def scenario():
        async with (
            nats_server.client("api") as client,
            served(client) as http,
            going(relay_of(client).run),
            http.stream("GET", "/events", headers={"Authorization": "Bearer driver"}) as answer,
        ):
            lines = answer.aiter_lines()
            await listening(lines)
            await asyncio.to_thread(tell, database, 1)
            await asyncio.to_thread(tell_of_sessions)
            return await asyncio.wait_for(next_event(lines), 10)

    event = asyncio.run(scenario())

    assert json.loads(event["data"])["data"]["session_id"] == "of-driver"


async def _some(lines, count: int):
    for _ in range(count):
        yield await anext(lines)


async def _all(lines) -> list[str]:
    return [line async for line in lines]
