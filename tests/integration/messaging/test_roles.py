"""The allow lists, against the real server: what a role needs works, what it must not do is refused."""

from __future__ import annotations

import asyncio
import logging
import stat

import nats

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import confirm, connect, disconnect, inbox_prefix
from twinev.adapters.messaging.embedded_server import prepare_server
from twinev.adapters.messaging.streams import EVENTS_CONSUMER, ensure_streams

FORBIDDEN_PUBLISH = [
    ("gateway", "ocpp.cmd.00"),
    ("gateway", "twinev.v1.evt.plan.made"),
    ("gateway", "$JS.API.STREAM.DELETE.OCPP_UP"),
    ("gateway", f"{inbox_prefix('api')}.x"),
    ("gateway", "twinev.plan.request"),
    ("planner", "ocpp.cmd.00"),
    ("planner", "ocpp.up.00.MeterValues"),
    ("planner", "$JS.API.INFO"),
    ("platform", "ocpp.cmd.00"),
    ("platform", "ocpp.up.00.MeterValues"),
    ("platform", "twinev.v1.evt.plan.made"),
    ("platform", f"$JS.API.CONSUMER.CREATE.{subjects.EVENTS_STREAM}.x"),
    ("api", "ocpp.up.00.MeterValues"),
    ("api", "twinev.v1.in.price.NL"),
]
FORBIDDEN_SUBSCRIBE = [
    ("gateway", "ocpp.up.>"),
    ("gateway", f"{inbox_prefix('api')}.>"),
    ("gateway", "twinev.v1.evt.>"),
    ("planner", "ocpp.>"),
    ("planner", ">"),
    ("platform", "ocpp.cmd.>"),
    ("platform", f"{inbox_prefix('gateway')}.>"),
    ("api", f"{inbox_prefix('platform')}.>"),
]


class Violations:
    """Collects what the server refuses, as the client's error callback tells it."""

    def __init__(self) -> None:
        self.seen: asyncio.Queue[str] = asyncio.Queue()

    async def take(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            await self.seen.put(str(error).lower())


async def refused(server, user: str, *, publish: str | None = None, subscribe: str | None = None) -> str:
    violations = Violations()
    client = await nats.connect(
        server.embedded.urls[user], error_cb=violations.take, inbox_prefix=inbox_prefix(user), max_reconnect_attempts=20
    )
    try:
        if publish is not None:
            await client.publish(publish, b"{}")
        if subscribe is not None:
            await client.subscribe(subscribe)
        await confirm(client)
        return await asyncio.wait_for(violations.seen.get(), 5)
    finally:
        await client.close()


def test_roles_are_refused_what_is_not_theirs(nats_server) -> None:
    async def scenario() -> None:
        for user, subject in FORBIDDEN_PUBLISH:
            assert f'publish to "{subject.lower()}"' in await refused(nats_server, user, publish=subject)
        for user, subject in FORBIDDEN_SUBSCRIBE:
            assert f'subscription to "{subject.lower()}"' in await refused(nats_server, user, subscribe=subject)

    asyncio.run(scenario())


def test_planner_may_answer_what_it_was_asked(nats_server) -> None:
    async def scenario() -> bytes:
        async def answer(message) -> None:
            await message.respond(b"plan")

        async with nats_server.client("api") as api, nats_server.client("planner") as planner:
            await planner.subscribe(subjects.PLAN_REQUEST, queue="planner", cb=answer)
            await confirm(planner)
            return (await api.request(subjects.PLAN_REQUEST, b"problem", timeout=5)).data

    assert asyncio.run(scenario()) == b"plan"


def test_platform_reads_the_events_that_it_missed(nats_server) -> None:
    async def scenario() -> bytes:
        async with nats_server.client("api") as api, nats_server.client("platform") as platform:
            await ensure_streams(api)
            await api.jetstream().publish(subjects.event("plan.made"), b"{}")
            reader = await platform.jetstream().pull_subscribe_bind(EVENTS_CONSUMER, subjects.EVENTS_STREAM)
            (message,) = await reader.fetch(1, timeout=5)
            await message.ack_sync()
            return message.data

    assert asyncio.run(scenario()) == b"{}"


def test_streams_are_made_once_and_kept(nats_server) -> None:
    async def scenario() -> tuple[object, int]:
        async with nats_server.client("api") as api:
            await ensure_streams(api)
            await api.jetstream().publish(subjects.event("plan.made"), b"{}")
            await ensure_streams(api)
            await ensure_streams(api, presence_seconds=20)
            facts = await api.jetstream().stream_info(subjects.FACTS_STREAM)
            events = await api.jetstream().stream_info(subjects.EVENTS_STREAM)
            return facts.config, events.state.messages

    facts, messages = asyncio.run(scenario())

    assert (facts.retention, facts.discard, facts.storage) == ("workqueue", "new", "file")
    assert messages == 1


def test_nobody_connects_without_a_password(nats_server) -> None:
    async def scenario() -> bytes:
        async with nats_server.client("api"):
            pass
        # By hand: the client library leaves its socket open when a first connection is refused.
        reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.port)
        await reader.readline()
        writer.write(b'CONNECT {"verbose": false}\r\nPING\r\n')
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer

    assert b"Authorization Violation" in asyncio.run(scenario())


def test_violation_reaches_the_log(nats_server, caplog) -> None:
    async def scenario() -> None:
        client = await connect(nats_server.embedded.urls["planner"], user="planner", name="the planner")
        await client.publish("ocpp.cmd.00", b"")
        await confirm(client)
        await disconnect(client)

    with caplog.at_level(logging.ERROR):
        asyncio.run(scenario())

    assert "the planner" in caplog.text
    assert "ermissions violation" in caplog.text


def test_prepare_server_keeps_passwords_and_hides_its_files(tmp_path) -> None:
    first = prepare_server(directory=tmp_path / 'a "b" c', port=4222)
    second = prepare_server(directory=tmp_path / 'a "b" c', port=4333)

    passwords = {user: url.split("@")[0] for user, url in first.urls.items()}
    assert {user: url.split("@")[0] for user, url in second.urls.items()} == passwords
    assert len(set(passwords.values())) == len(passwords) == 4
    for file in (tmp_path / 'a "b" c').iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
