"""An API whose shared threads are all taken still answers stations, and takes their facts in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from twinev.adapters.messaging import question_desk
from twinev.adapters.messaging.fact_consumer import FactConsumer
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.adapters.messaging.streams import ensure_streams
from twinev.domain.facts import ConnectAnswer, ConnectQuestion, StationFact, StatusChanged
from twinev.errors import Unavailable

# More than the shared pool has on any machine (`concurrent.futures.ThreadPoolExecutor`).
MORE_THAN_ALL_THREADS = 40


class Answers:
    """Accepts every station, once ``open`` is set, and notes who asked."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.heard: list[str] = []

    def connect(self, question: ConnectQuestion) -> ConnectAnswer:
        self.open.wait()
        self.heard.append(question.station_id)
        return ConnectAnswer(verdict="accepted")

    boot = authorize = connect


def asked_by(station_id: str) -> ConnectQuestion:
    return ConnectQuestion(station_id=station_id, security_profile=0)


@asynccontextmanager
async def all_shared_threads_taken() -> AsyncIterator[None]:
    done = threading.Event()
    waiting = [asyncio.create_task(asyncio.to_thread(done.wait)) for _ in range(MORE_THAN_ALL_THREADS)]
    try:
        yield
    finally:
        done.set()
        await asyncio.gather(*waiting)


@asynccontextmanager
async def running(service) -> AsyncIterator[None]:
    task = asyncio.create_task(service)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_station_is_answered_while_all_shared_threads_are_taken(nats_server) -> None:
    async def scenario() -> ConnectAnswer:
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as gateway,
            running(QuestionDesk(client=api, answers=Answers()).run()),
            all_shared_threads_taken(),
        ):
            return await _answered(StationDesk(client=gateway, timeout_seconds=10), "A")

    assert asyncio.run(scenario()).verdict == "accepted"


def test_fact_is_taken_in_while_all_shared_threads_are_taken(nats_server, make_fact) -> None:
    taken: list[StationFact] = []

    def record(facts, *, work):
        taken.extend(facts)
        return [None for _ in facts]

    async def scenario() -> None:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            consumer = FactConsumer(
                client=api, unit_of_work=_Work, record=record, leadership=SimpleNamespace(held=lambda: True), clock=None
            )
            async with all_shared_threads_taken(), running(consumer.run()):
                await FactPublisher(client=gateway).publish(make_fact())
                async with asyncio.timeout(20):
                    while not taken:
                        await asyncio.sleep(0.02)

    asyncio.run(scenario())

    assert [fact.key for fact in taken] == [make_fact().key]


def test_question_whose_asker_has_given_up_is_left_alone(nats_server, monkeypatch) -> None:
    monkeypatch.setattr(question_desk, "_STALE_SECONDS", 0.5)
    answers = Answers()
    answers.open.clear()

    async def scenario() -> None:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            impatient, patient = (StationDesk(client=gateway, timeout_seconds=seconds) for seconds in (1, 10))
            async with running(QuestionDesk(client=api, answers=answers).run()):
                given_up = await asyncio.gather(
                    *(_answered(impatient, f"early {number}") for number in range(30)), return_exceptions=True
                )
                assert all(isinstance(outcome, Unavailable) for outcome in given_up)
                answers.open.set()
                assert (await _answered(patient, "late")).verdict == "accepted"

    asyncio.run(scenario())

    # Only those that were being answered already.
    assert len(answers.heard) == question_desk._AT_ONCE + 1
    assert answers.heard.count("late") == 1


async def _answered(desk: StationDesk, station_id: str) -> ConnectAnswer:
    """Ask; again while the desk has not subscribed yet, which is told at once."""
    while True:
        try:
            return await desk.connect(asked_by(station_id))
        except Unavailable as error:
            if "no responders" not in str(error):
                raise
            await asyncio.sleep(0.02)


class _Work:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def commit(self) -> None:
        """Nothing is kept."""


@pytest.fixture
def make_fact():
    now = datetime(2026, 11, 22, 18, tzinfo=UTC)

    def make() -> StationFact:
        said = StatusChanged(evse_id=1, timestamp=now, status="Available", error_code=None)
        return StationFact(
            station_id="A", protocol="ocpp1.6", action="StatusNotification", key="k", received_at=now, fact=said
        )

    return make
