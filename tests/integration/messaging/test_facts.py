"""Facts on their way up: none is lost when the server dies, none is stored twice, a decision comes back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.fact_publisher import FactPublisher, fact_message_id
from twinev.adapters.messaging.streams import ensure_streams
from twinev.domain.facts import Decision, MetersRead, Sample, StationFact, StatusChanged
from twinev.errors import Unavailable
from twinev.wire.messages import decode, encode

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)


def status_fact(number: int, *, received_at: datetime = NOW) -> StationFact:
    return StationFact(
        station_id="RDAM 123",
        protocol="ocpp1.6",
        action="StatusNotification",
        key=f"status:{number}",
        received_at=received_at,
        fact=StatusChanged(evse_id=1, timestamp=NOW, status="Available", error_code=str(number)),
    )


async def stored_keys(client, count: int) -> list[str]:
    jetstream = client.jetstream()
    consumer = await jetstream.pull_subscribe(subjects.FACTS, durable="reader", stream=subjects.FACTS_STREAM)
    keys: list[str] = []
    while len(keys) < count:
        for message in await consumer.fetch(100, timeout=5):
            keys.append(decode(StationFact, message.data).key)
            await message.ack()
    return keys


def test_facts_survive_the_killing_of_the_server(nats_server) -> None:
    async def scenario() -> tuple[list[str], int]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            publisher = FactPublisher(client=gateway, retry_seconds=60)
            half_way = asyncio.Event()

            async def publish(start: int) -> None:
                for number in range(start, start + 50):
                    await publisher.publish(status_fact(number))
                    if number == 25:
                        half_way.set()

            async def kill_and_restart() -> None:
                await half_way.wait()
                nats_server.kill()
                nats_server.start()

            await asyncio.gather(*(publish(100 * worker) for worker in range(4)), kill_and_restart())
            messages = (await api.jetstream().stream_info(subjects.FACTS_STREAM)).state.messages
            return await stored_keys(api, 200), messages

    keys, messages = asyncio.run(scenario())

    assert messages == 200
    assert sorted(keys) == sorted(f"status:{100 * worker + n}" for worker in range(4) for n in range(50))


def test_fact_message_id_is_equal_for_equal_content_only() -> None:
    fact = status_fact(1)

    assert fact_message_id(replace(fact, received_at=NOW + timedelta(seconds=5))) == fact_message_id(fact)
    assert fact_message_id(replace(fact, fact=replace(fact.fact, status="Faulted"))) != fact_message_id(fact)
    assert fact_message_id(replace(fact, reply_to="_INBOX_gateway.x")) != fact_message_id(fact)


def test_fact_sent_again_by_its_station_is_stored_once(nats_server) -> None:
    async def scenario() -> int:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            publisher = FactPublisher(client=gateway)
            await publisher.publish(status_fact(1))
            await publisher.publish(status_fact(1, received_at=NOW + timedelta(seconds=30)))
            return (await api.jetstream().stream_info(subjects.FACTS_STREAM)).state.messages

    assert asyncio.run(scenario()) == 1


def test_fact_arrives_as_it_was_published(nats_server) -> None:
    amsterdam = timezone(timedelta(hours=1))
    sample = Sample(timestamp=datetime(2026, 11, 22, 19, 0, 0, 250000, amsterdam), value=1234.567, unit="kWh")
    fact = StationFact(
        station_id="Düsseldorf > 1",
        protocol="ocpp2.0.1",
        action="MeterValues",
        key='["MeterValues","received_at\\":"]',
        received_at=NOW + timedelta(microseconds=5),
        fact=MetersRead(evse_id=1, samples=(sample, replace(sample, value=-0.5, phase="L1"))),
        payload={"received_at": NOW.isoformat(), "customData": {"€": [1, None, 2.5, True]}},
    )

    async def scenario() -> StationFact:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            await FactPublisher(client=gateway).publish(fact)
            consumer = await api.jetstream().pull_subscribe(subjects.FACTS, durable="reader")
            (message,) = await consumer.fetch(1, timeout=5)
            return decode(StationFact, message.data)

    assert asyncio.run(scenario()) == fact


def test_publish_and_wait_returns_the_decision_of_the_api(nats_server) -> None:
    async def scenario() -> Decision:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            publisher = FactPublisher(client=gateway)
            waiting = asyncio.create_task(publisher.publish_and_wait(status_fact(1), timeout_seconds=10))
            consumer = await api.jetstream().pull_subscribe(subjects.FACTS, durable="reader")
            (message,) = await consumer.fetch(1, timeout=5)
            fact = decode(StationFact, message.data)
            await api.publish(fact.reply_to, encode(Decision(status="Accepted", ocpp_transaction_id="7")))
            return await waiting

    assert asyncio.run(scenario()) == Decision(status="Accepted", ocpp_transaction_id="7")


def test_decisions_come_to_one_subscription_each_to_its_own_fact(nats_server, monkeypatch) -> None:
    async def scenario() -> tuple[list[Decision], int]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            subscribed = []
            subscribe = gateway.subscribe

            async def counted(subject, *args, **options):
                subscribed.append(subject)
                return await subscribe(subject, *args, **options)

            monkeypatch.setattr(gateway, "subscribe", counted)
            publisher = FactPublisher(client=gateway)
            with pytest.raises(Unavailable):
                await publisher.publish_and_wait(status_fact(0), timeout_seconds=0.05)
            waiting = [
                asyncio.create_task(publisher.publish_and_wait(status_fact(number), timeout_seconds=10))
                for number in (1, 2, 3)
            ]
            consumer = await api.jetstream().pull_subscribe(subjects.FACTS, durable="reader")
            asked: list[StationFact] = []
            while len(asked) < 4:
                asked += [decode(StationFact, message.data) for message in await consumer.fetch(4, timeout=5)]
            # The first of them comes too late for the fact that waited for it.
            for fact in sorted(asked, key=lambda one: one.key):
                answer = Decision(status="Accepted", ocpp_transaction_id=fact.key)
                await api.publish(fact.reply_to, encode(answer))
            return await asyncio.gather(*waiting), len(subscribed)

    decisions, subscriptions = asyncio.run(scenario())

    assert [decision.ocpp_transaction_id for decision in decisions] == [status_fact(n).key for n in (1, 2, 3)]
    assert subscriptions == 1


def test_publish_and_wait_gives_up_when_nobody_decides(nats_server) -> None:
    async def scenario() -> None:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            await FactPublisher(client=gateway).publish_and_wait(status_fact(1), timeout_seconds=0.2)

    with pytest.raises(Unavailable, match="status:1"):
        asyncio.run(scenario())


def test_publish_gives_up_when_no_stream_takes_the_fact(nats_server) -> None:
    async def scenario() -> None:
        async with nats_server.client("gateway") as gateway:
            await FactPublisher(client=gateway, retry_seconds=0.5).publish(status_fact(1))

    with pytest.raises(Unavailable, match="RDAM 123"):
        asyncio.run(scenario())


def test_publish_fails_at_once_when_the_stream_is_full(nats_server) -> None:
    async def scenario() -> float:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            info = await api.jetstream().stream_info(subjects.FACTS_STREAM)
            await api.jetstream().update_stream(info.config.evolve(max_bytes=1500))
            publisher = FactPublisher(client=gateway, retry_seconds=60)
            began = asyncio.get_running_loop().time()
            outcomes = await asyncio.gather(
                *(publisher.publish(status_fact(n)) for n in range(10)), return_exceptions=True
            )
            assert any(isinstance(o, Unavailable) and "maximum bytes" in str(o) for o in outcomes), outcomes
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(scenario()) < 10
