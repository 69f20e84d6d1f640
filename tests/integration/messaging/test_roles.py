"""The allow lists, against the real server: what a role needs works, what it must not do is refused."""

from __future__ import annotations

import asyncio
import logging
import stat

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import confirm, connect, disconnect
from twinev.adapters.messaging.embedded_server import prepare_server
from twinev.adapters.messaging.streams import EVENTS_CONSUMER, STREAMS, ensure_streams
from twinev.errors import BadInput

# Who may publish what. Written by hand from the table of ADR 0008, not from the code: the test compares the two.
PUBLISH = {
    "ocpp.up.00.MeterValues": {"gateway"},
    "ocpp.ask.00.Authorize": {"gateway"},
    "ocpp.cmd.00": {"api"},
    "twinev.plan.request": {"api"},
    "twinev.v1.evt.plan.made": {"api"},
    "twinev.v1.in.price.NL": {"platform", "prices"},
    "twinev.v1.in.demand.site": {"platform", "forecasts"},
    "twinev.v1.in.production.site": {"platform", "forecasts"},
    "twinev.v1.in.flexibility.site": {"platform", "flexibility"},
    "twinev.v1.dead.in.price.NL": {"api"},
    "twinev.v2.in.price.NL": set(),
    "$KV.presence.00": {"gateway"},
    "$KV.presence.gateway.00": {"gateway"},
    "$KV.boots.00": {"gateway"},
    "$KV.other.00": set(),
    "_INBOX_api.x": set(),
    "_INBOX_gateway.x": {"api"},
    "_INBOX_planner.x": set(),
    "_INBOX_platform.x": set(),
    "$JS.API.INFO": {"api"},
    "$JS.API.STREAM.CREATE.X": {"api"},
    "$JS.API.STREAM.UPDATE.X": {"api"},
    "$JS.API.STREAM.DELETE.X": set(),
    "$JS.API.STREAM.PURGE.X": set(),
    "$JS.API.STREAM.MSG.DELETE.X": set(),
    "$JS.API.STREAM.SNAPSHOT.X": set(),
    "$JS.API.STREAM.RESTORE.X": set(),
    "$JS.API.STREAM.INFO.OCPP_UP": {"api"},
    "$JS.API.STREAM.INFO.KV_presence": {"api", "gateway"},
    "$JS.API.STREAM.INFO.KV_boots": {"api", "gateway"},
    "$JS.API.DIRECT.GET.KV_boots.x": {"api", "gateway"},
    "$JS.API.STREAM.MSG.GET.OCPP_UP": {"api"},
    "$JS.API.DIRECT.GET.KV_presence.x": {"api", "gateway"},
    "$JS.API.DIRECT.GET.OCPP_UP.x": {"api"},
    "$JS.API.CONSUMER.CREATE.TWINEV_EVT.x": {"api"},
    "$JS.API.CONSUMER.DURABLE.CREATE.OCPP_UP.x": {"api"},
    "$JS.API.CONSUMER.INFO.TWINEV_EVT.platform": {"api", "platform"},
    "$JS.API.CONSUMER.MSG.NEXT.TWINEV_EVT.platform": {"api", "platform"},
    "$JS.API.CONSUMER.MSG.NEXT.TWINEV_IN.inbound": {"api"},
    "$JS.API.CONSUMER.DELETE.TWINEV_EVT.platform": {"api"},
    "$JS.ACK.TWINEV_EVT.platform.1.1.1.1.0": {"api", "platform"},
    "$JS.ACK.OCPP_UP.facts.1.1.1.1.0": {"api"},
    "$SYS.REQ.SERVER.PING": set(),
    "anything.else": set(),
}
SUBSCRIBE = {
    ">": set(),
    "ocpp.>": set(),
    "ocpp.up.>": set(),
    "ocpp.ask.>": {"api"},
    "ocpp.cmd.00": {"gateway"},
    "twinev.>": set(),
    "twinev.plan.request": {"planner"},
    "twinev.v1.evt.>": {"api", "platform"},
    "twinev.v1.in.>": set(),
    "twinev.v1.dead.>": {"platform"},
    "twinev.v1.dead.in.price.*": {"platform", "prices"},
    "twinev.v1.dead.in.demand.*": {"platform", "forecasts"},
    "twinev.v1.dead.in.flexibility.*": {"platform", "flexibility"},
    "$KV.presence.>": set(),
    "_INBOX_api.>": {"api"},
    "_INBOX_gateway.>": {"gateway"},
    "_INBOX_planner.>": {"planner"},
    "_INBOX_platform.>": {"platform"},
    "_INBOX_prices.>": {"prices"},
    "_INBOX_flexibility.>": {"flexibility"},
    "_INBOX.>": set(),
    "$JS.API.>": set(),
    "$SYS.>": set(),
}
USERS = ("api", "gateway", "planner", "platform", "prices", "forecasts", "flexibility")


@pytest.mark.parametrize("user", USERS)
def test_each_user_may_publish_and_hear_what_is_its_own_and_nothing_else(nats_server, user: str) -> None:
    async def scenario() -> tuple[set[str], set[str]]:
        async with nats_server.client(user) as client:
            published = {subject for subject in PUBLISH if not await is_refused(client, client.publish(subject, b""))}
            heard = {subject for subject in SUBSCRIBE if not await is_refused(client, client.subscribe(subject))}
            return published, heard

    published, heard = asyncio.run(scenario())

    assert published == {subject for subject, users in PUBLISH.items() if user in users}
    assert heard == {subject for subject, users in SUBSCRIBE.items() if user in users}


async def is_refused(client, doing) -> bool:
    """Whether the server refuses what was done; its answers come in order, so one round trip is enough."""
    client.violations.clear()
    await doing
    await confirm(client)
    return bool(client.violations)


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


def test_stream_of_an_earlier_version_is_brought_up_to_date_with_what_is_in_it(nats_server) -> None:
    async def scenario() -> tuple[int, int]:
        async with nats_server.client("api") as api, nats_server.client("platform") as platform:
            earlier = next(config for config in STREAMS if config.name == subjects.INBOUND_STREAM)
            await api.jetstream().add_stream(earlier.evolve(max_msg_size=-1, max_bytes=1024 * 1024))
            await platform.jetstream().publish(subjects.inbound("price", "NL"), b"{}")
            await ensure_streams(api)
            info = await api.jetstream().stream_info(subjects.INBOUND_STREAM)
            return info.config.max_msg_size, info.state.messages

    assert asyncio.run(scenario()) == (1024 * 1024, 1)


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


def test_module_hears_on_disk_of_what_it_announces(nats_server) -> None:
    async def scenario() -> str:
        async with nats_server.client("api") as api, nats_server.client("prices") as prices:
            await ensure_streams(api)
            return (await prices.jetstream().publish(subjects.inbound("price", "NL"), b"{}")).stream

    assert asyncio.run(scenario()) == "TWINEV_IN"


def test_modules_have_the_names_and_topics_that_they_are_given(tmp_path) -> None:
    server = prepare_server(directory=tmp_path, port=4222, modules={"market": ("price",)})

    assert set(server.urls) == {"api", "gateway", "planner", "platform", "market"}


@pytest.mark.parametrize("modules", [{"api": ("price",)}, {"a.b": ("price",)}, {"market": (">",)}])
def test_module_that_would_be_somebody_else_is_refused(tmp_path, modules) -> None:
    with pytest.raises(BadInput):
        prepare_server(directory=tmp_path, port=4222, modules=modules)


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
    assert len(set(passwords.values())) == len(passwords) == 7
    for file in (tmp_path / 'a "b" c').iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
