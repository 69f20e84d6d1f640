"""Facts on their way from the stream into the database: in order, once, whatever fails meanwhile."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.fact_consumer import FactConsumer
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.domain.facts import (
    Sample,
    StationFact,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from twinev.errors import Unavailable
from twinev.services.record_facts import record_facts

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def fact(said, key: str, station_id: str = "A") -> StationFact:
    return StationFact(station_id=station_id, protocol="ocpp2.0.1", action="X", key=key, received_at=START, fact=said)


def register(second: int, kwh: float) -> Sample:
    return Sample(timestamp=START + second * SECOND, value=kwh, unit="kWh")


def a_session(station_id: str, *, updates: int) -> list[StationFact]:
    """A transaction from its start to its end, with a meter value a second."""
    tx = f"tx-{station_id}"
    said = [TransactionStarted(evse_id=1, timestamp=START, ocpp_transaction_id=tx, samples=(register(0, 100.0),))]
    said += [
        TransactionUpdated(ocpp_transaction_id=tx, timestamp=START + n * SECOND, samples=(register(n, 100 + n / 1000),))
        for n in range(1, updates + 1)
    ]
    end = START + (updates + 1) * SECOND
    said.append(TransactionEnded(ocpp_transaction_id=tx, timestamp=end, reason="EVDisconnected"))
    return [fact(one, f"{station_id}:{number}", station_id) for number, one in enumerate(said)]


@pytest.fixture
def consumer_of(database, leadership, clock):
    def build(client, *, record=record_facts, unit_of_work=database.unit_of_work, batch_size=50) -> FactConsumer:
        return FactConsumer(
            client=client,
            unit_of_work=unit_of_work,
            record=record,
            leadership=leadership,
            clock=clock,
            batch_size=batch_size,
        )

    return build


def ended_sessions(database) -> dict[str, tuple[float, int]]:
    """Energy and number of meter values of each session that has ended."""
    with database.reading() as work:
        return {
            session.station_id: (round(session.energy_kwh, 3), len(work.meter_values.of_session(session)))
            for session in work.sessions.list(limit=100, active=False)
        }


async def published(client, facts) -> None:
    publisher = FactPublisher(client=client)
    for one in facts:
        await publisher.publish(one)


def test_facts_become_sessions_and_leave_the_stream(nats_server, database, consumer_of, going, until):
    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(consumer_of(api).run),
        ):
            await published(gateway, a_session("A", updates=20) + a_session("B", updates=20))
            await until(lambda: len(ended_sessions(database)) == 2)
            # Acknowledged after the commit, and taken out by the server after that.
            async with asyncio.timeout(15):
                while (await api.jetstream().stream_info(subjects.FACTS_STREAM)).state.messages:
                    await asyncio.sleep(0.02)

    asyncio.run(scenario())

    assert ended_sessions(database) == {"A": (0.02, 21), "B": (0.02, 21)}


def test_consumer_lags_while_old_facts_wait_and_no_longer(nats_server, database, *, consumer_of, clock, going, until):
    old, fresh = a_session("A", updates=148), a_session("B", updates=148)
    lagging = []

    def record(facts, *, work):
        lagging.append((facts[0].station_id, consumer.lags))
        return record_facts(facts, work=work)

    async def scenario():
        nonlocal consumer
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await published(gateway, [replace(one, received_at=clock.now() - 10 * SECOND) for one in old])
            consumer = consumer_of(api, record=record)
            assert consumer.lags, "nobody knows before it reads"
            async with going(consumer.run):
                await until(lambda: not consumer.lags)
                assert "A" in ended_sessions(database)
                await published(gateway, [replace(one, received_at=clock.now()) for one in fresh])
                await until(lambda: "B" in ended_sessions(database))
            assert consumer.lags, "nobody knows when it reads no longer"

    consumer = None
    asyncio.run(scenario())

    assert [lags for station_id, lags in lagging if station_id == "A"] == [True] * 3
    assert {lags for station_id, lags in lagging if station_id == "B"} == {False}


def test_replayed_facts_change_nothing(nats_server, database, consumer_of, going, until):
    facts = a_session("A", updates=20)
    # Stations that retry send a new message; the content is the same, when it arrived is not.
    again = [replace(one, received_at=START + timedelta(hours=1), payload={"again": True}) for one in facts]

    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(consumer_of(api).run),
        ):
            await published(gateway, facts + again + a_session("B", updates=1))
            await until(lambda: "B" in ended_sessions(database))

    asyncio.run(scenario())

    assert ended_sessions(database)["A"] == (0.02, 21)
    with database.reading() as work:
        assert work.facts.set_aside_since(START) == 0
        kinds = [event.kind for event in work.outbox.pending(100) if event.data["station_id"] == "A"]
    assert kinds == ["session.started", "session.ended"]


def test_consumer_that_dies_in_a_batch_loses_and_doubles_nothing(nats_server, database, consumer_of, going, until):
    facts = a_session("A", updates=200)
    begun = asyncio.Event()

    async def scenario():
        loop = asyncio.get_running_loop()

        def stuck(_facts, *, work):
            loop.call_soon_threadsafe(begun.set)
            raise Unavailable("the database is away")

        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await published(gateway, facts)
            async with going(consumer_of(api, record=stuck).run):
                await asyncio.wait_for(begun.wait(), 15)
            # The first consumer is gone with a batch that was delivered and not acknowledged.
            async with going(consumer_of(api).run):
                await until(lambda: "A" in ended_sessions(database), within=10)

    asyncio.run(scenario())

    assert ended_sessions(database) == {"A": (0.2, 201)}


def test_commit_without_acknowledgement_is_harmless(nats_server, database, consumer_of, going, until):
    facts = a_session("A", updates=50)
    committed = asyncio.Event()

    async def scenario():
        loop = asyncio.get_running_loop()

        def record_and_die(batch, *, work):
            record_facts(batch, work=work)
            work.commit()
            loop.call_soon_threadsafe(committed.set)
            raise Unavailable("the process dies before it can acknowledge")

        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await published(gateway, facts)
            async with going(consumer_of(api, record=record_and_die).run):
                await asyncio.wait_for(committed.wait(), 15)
            async with going(consumer_of(api).run):
                await until(lambda: "A" in ended_sessions(database))

    asyncio.run(scenario())

    assert ended_sessions(database) == {"A": (0.05, 51)}


def test_consumer_goes_on_when_nats_was_killed(nats_server, database, consumer_of, going, until):
    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(consumer_of(api).run),
        ):
            await published(gateway, a_session("A", updates=30))
            await until(lambda: "A" in ended_sessions(database))
            nats_server.kill()
            nats_server.start()
            await published(gateway, a_session("B", updates=30))
            await until(lambda: "B" in ended_sessions(database))

    asyncio.run(scenario())

    assert ended_sessions(database) == {"A": (0.03, 31), "B": (0.03, 31)}


def test_database_that_is_away_for_a_while_delays_facts_and_loses_none(
    nats_server, database, consumer_of, going, until
):
    refused = []

    def away_at_first(batch, *, work):
        if len(refused) < 3:
            refused.append(len(batch))
            raise Unavailable("the database is away")
        return record_facts(batch, work=work)

    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(consumer_of(api, record=away_at_first).run),
        ):
            await published(gateway, a_session("A", updates=10))
            await until(lambda: "A" in ended_sessions(database))

    asyncio.run(scenario())

    assert len(refused) == 3
    assert ended_sessions(database) == {"A": (0.01, 11)}


def test_poisonous_fact_is_set_aside_alone(nats_server, database, consumer_of, going, until):
    poison = fact(StatusChanged(evse_id=1, timestamp=START, status="NoSuchStatus"), "poison")

    async def scenario():
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            facts = a_session("A", updates=10)
            await published(gateway, [*facts[:5], poison])
            await gateway.jetstream().publish(subjects.fact("A", "X"), b"not a fact")
            await published(gateway, facts[5:])
            async with going(consumer_of(api).run):
                await until(lambda: "A" in ended_sessions(database))

    asyncio.run(scenario())

    assert ended_sessions(database) == {"A": (0.01, 11)}
    with database.reading() as work:
        assert work.facts.set_aside_since(START) == 2


def test_decision_is_published_after_the_commit(nats_server, database, consumer_of, going):
    start = TransactionStarted(evse_id=1, timestamp=START, id_token="card", meter_start_kwh=5.0)

    async def scenario():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            going(consumer_of(api).run),
        ):
            publisher = FactPublisher(client=gateway)
            first = await publisher.publish_and_wait(fact(start, "start"), timeout_seconds=10)
            with database.reading() as work:
                assert work.sessions.of_transaction("A", first.ocpp_transaction_id)
            # The station did not hear the answer and asks again: it is the same transaction.
            again = await publisher.publish_and_wait(fact(start, "start"), timeout_seconds=10)
            assert again == first
            return first

    decision = asyncio.run(scenario())

    assert decision.status == "Accepted"
    assert decision.ocpp_transaction_id == "1"


def test_samples_of_a_long_session_are_kept_in_batches_cut_anywhere(database):
    said = a_session("A", updates=2000)

    for first in range(0, len(said), 300):
        with database.unit_of_work() as work:
            record_facts(said[first : first + 300], work=work)
            work.commit()

    assert ended_sessions(database) == {"A": (2.0, 2001)}
