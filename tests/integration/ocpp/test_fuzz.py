"""Frames at random over a real socket: none goes without its answer, closes a socket, fails inside, or is kept."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import ocpp_frames
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocpp_behaviours import PROTOCOLS, behaviour

from twinev.adapters.messaging.fact_publisher import fact_message_id
from twinev.adapters.ocpp.dialects import load_dialects
from twinev.domain.commands import ClearChargingProfile, GetCompositeSchedule, RequestStartTransaction
from twinev.domain.facts import Decision, StationFact
from twinev.wire.messages import decode, encode

# For each of three versions: 2,001 in the ordinary run, 21,000 in the long one.
FEW, MANY = 667, 7000
RESULTS, MANY_RESULTS = 100, 1000
REPLAYED = 300
COMMANDS = [
    ClearChargingProfile(profile_id=5),
    GetCompositeSchedule(evse_id=1, duration_seconds=900),
    RequestStartTransaction(evse_id=1, id_token="AB12", remote_start_id=7),
]
ANY_FRAMES = "Whatever comes, valid messages changed at any depth or bytes at random, gets the answer that it is due"


class WrittenFacts:
    """Writes each fact as the way to NATS does, and keeps none: a fact that cannot be written or read is a failure."""

    async def publish(self, fact: StationFact) -> None:
        assert decode(StationFact, encode(fact)).key == fact.key
        fact_message_id(fact)

    async def publish_and_wait(self, fact: StationFact, *, timeout_seconds: float) -> Decision:
        await self.publish(fact)
        return Decision(status="Accepted", ocpp_transaction_id="42")


class Talk:
    """One station's socket that stays open over all frames."""

    def __init__(self, runner: asyncio.Runner, station: Any, bench: Any) -> None:
        self._runner = runner
        self._station = station
        self._bench = bench
        self._numbers = itertools.count()

    def say(self, frame: str | bytes) -> list[list[Any]]:
        """What a frame is answered with; the heartbeat behind it must be answered too."""
        return self._runner.run(self._say(frame))

    def command(self, command: Any, result: Any, broken: bool) -> str:
        """The outcome of a command that is answered with ``result``, or with a frame that is broken by it."""
        return self._runner.run(self._command(command, result, broken))

    async def _say(self, frame: str | bytes) -> list[list[Any]]:
        probe = f"probe-{next(self._numbers)}"
        await self._station.send(frame)
        await self._station.send([2, probe, "Heartbeat", {}])
        answers = []
        while (came := await self._station.receive())[:2] != [3, probe]:
            if came[0] == 2:  # A boot that was accepted is followed by a question.
                await self._station.send([4, came[1], "NotSupported", "", {}])
            else:
                answers.append(came)
        return answers

    async def _command(self, command: Any, result: Any, broken: bool) -> str:
        sending = asyncio.create_task(self._bench.commands.send("CP1", command))
        while not sending.done():
            receiving = asyncio.create_task(self._station.receive())
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
                break
            kind, message_id, action, *_ = receiving.result()
            if kind != 2:
                continue
            if action in ("GetConfiguration", "GetVariables"):
                await self._station.send([4, message_id, "NotSupported", "", {}])
                continue
            await self._station.send(ocpp_frames.as_text([3, message_id, result] + [result] * broken))
            # A result that cannot be read as a frame at all names no CALL; this ends the waiting.
            await self._station.send([4, message_id, "GenericError", "", {}])
        return (await sending).outcome


@pytest.fixture
def talk(bench: Any, caplog: pytest.LogCaptureFixture) -> Callable[[str], contextlib.AbstractContextManager[Talk]]:
    """A gateway and a station that talks to it within a block, in which nothing may be logged as an error."""

    @contextlib.contextmanager
    def talking(protocol: str) -> Iterator[Talk]:
        bench.facts = WrittenFacts()
        with caplog.at_level(logging.ERROR, logger="twinev"), asyncio.Runner() as runner:
            stack = contextlib.AsyncExitStack()
            runner.run(stack.enter_async_context(bench.running()))
            station = runner.run(stack.enter_async_context(bench.station(protocols=(protocol,))))
            try:
                yield Talk(runner, station, bench)
                assert runner.run(_is_open(station))
            finally:
                runner.run(stack.aclose())
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

    return talking


def fuzz_frames(talk, protocol: str, examples: int) -> None:
    said: list[str | bytes] = []
    supported = tuple(load_dialects()[protocol].station_messages)

    with talk(protocol) as station:

        @_many(examples)
        @given(frame=ocpp_frames.frames(protocol, supported))
        def one(frame: str | bytes) -> None:
            said.append(frame)
            answers = station.say(frame)
            assert len(answers) == ocpp_frames.wants_an_answer(frame, protocol), answers
            assert all(answer[0] in (3, 4) for answer in answers)

        one()
        assert len(said) >= examples
        assert _growth_bytes(station, said[-REPLAYED:]) < 100_000


def fuzz_results(talk, protocol: str, examples: int) -> None:
    answered = []

    with talk(protocol) as station:

        @_many(examples)
        @given(data=st.data(), command=st.sampled_from(COMMANDS), broken=st.booleans())
        def one(data: st.DataObject, command: Any, broken: bool) -> None:
            action = type(command).__name__
            if protocol == "ocpp1.6" and isinstance(command, RequestStartTransaction):
                action = "RemoteStartTransaction"
            answered.append(station.command(command, data.draw(ocpp_frames.results(protocol, action)), broken))

        one()

    assert len(answered) >= examples
    assert set(answered) <= {"accepted", "rejected", "not_supported", "call_error"}


@behaviour("R32", ANY_FRAMES, source="OCPP-J 1.6 §4; 2.x part 4 §4")
def test_frames_at_random_are_answered(talk, protocol: str) -> None:
    fuzz_frames(talk, protocol, FEW)


@behaviour(
    "R33",
    "Whatever a station answers to a command, the command has an outcome, and the socket stays",
    source="OCPP-J 1.6 §4.2.2; 2.x part 4 §4.2.2, §4.2.3",
)
def test_results_at_random_end_the_command(talk, protocol: str) -> None:
    fuzz_results(talk, protocol, RESULTS)


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_many_frames_at_random_are_answered(talk, protocol: str) -> None:
    fuzz_frames(talk, protocol, MANY)


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_many_results_at_random_end_the_command(talk, protocol: str) -> None:
    fuzz_results(talk, protocol, MANY_RESULTS)


def _many(examples: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    return settings(
        max_examples=examples,
        # Every ordinary run asks the same; the campaigns find what is new.
        derandomize=examples <= FEW,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def _growth_bytes(station: Talk, frames: list[str | bytes]) -> int:
    """How much more the gateway, and what it stands on, holds after the same frames were said again. [B]"""

    def say_all() -> int:
        for frame in frames:
            station.say(frame)
        gc.collect()
        held = tracemalloc.take_snapshot().filter_traces(
            [tracemalloc.Filter(True, f"*/{package}/*") for package in ("twinev", "websockets", "asyncio")]
        )
        return sum(trace.size for trace in held.traces)

    tracemalloc.start()
    try:
        say_all()  # What is made once: compiled schemas, caches.
        before = say_all()
        return say_all() - before
    finally:
        tracemalloc.stop()


async def _is_open(station: Any) -> bool:
    waiter: Awaitable[None] = await station.socket.ping()
    await asyncio.wait_for(waiter, 30)
    return True
