"""Two gateways side by side, each a process: a station moves between them, and one of them is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nats.aio.client import Client
from polling import answer_of
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from twinev.adapters.messaging.fact_consumer import FactConsumer
from twinev.adapters.messaging.presence import Presence, SocketHolder
from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.adapters.messaging.station_commands import StationCommandSender
from twinev.adapters.messaging.streams import ensure_streams
from twinev.domain.commands import CommandReply, RequestStopTransaction
from twinev.services.answer_stations import AnswerStations
from twinev.services.record_facts import record_facts
from twinev.services.watch_presence import WatchPresence

# How long a presence stands without being renewed.
SHORT_SECONDS, LONG_SECONDS = 2.0, 600.0
RENEW_SECONDS = 0.5
NEVER_SECONDS = 600.0
STOP = RequestStopTransaction(ocpp_transaction_id="42")


@dataclass(frozen=True, kw_only=True)
class GatewayProcess:
    process: asyncio.subprocess.Process
    port: int


class Station:
    """A 1.6 station that takes every command, and counts how many reached which of its sockets."""

    def __init__(self) -> None:
        self.told: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def at(self, gateway: GatewayProcess, *, named: str) -> AsyncIterator[ClientConnection]:
        self.told[named] = 0
        address = f"ws://127.0.0.1:{gateway.port}/ocpp/A"
        async with connect(address, subprotocols=["ocpp1.6"], ping_interval=None) as socket:
            serving = asyncio.create_task(self._serve(socket, named))
            try:
                yield socket
            finally:
                await socket.close()
                await serving

    async def _serve(self, socket: ClientConnection, named: str) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                kind, message_id, *_ = json.loads(text)
                if kind == 2:
                    self.told[named] += 1
                    await socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))


@pytest.fixture
def running(nats_server, database, clock, leadership, going):
    """The API's part of the system."""

    @contextlib.asynccontextmanager
    async def run(*, presence_seconds: float) -> AsyncIterator[Client]:
        shared = {"unit_of_work": database.unit_of_work, "leadership": leadership, "clock": clock}
        answers = AnswerStations(
            unit_of_work=database.unit_of_work, reading=database.reading, clock=clock, secret_key="secret"
        )
        async with nats_server.client("api") as api:
            await ensure_streams(api, presence_seconds=presence_seconds)
            watch = WatchPresence(presence=Presence(client=api), check_seconds=0.1, patience_seconds=0.5, **shared)
            facts = FactConsumer(client=api, record=record_facts, **shared)
            async with going(facts.run, QuestionDesk(client=api, answers=answers).run, watch.run):
                yield api

    return run


@contextlib.asynccontextmanager
async def gateway(nats_server, *, renew_seconds: float = RENEW_SECONDS) -> AsyncIterator[GatewayProcess]:
    script = Path(__file__).with_name("gateway_process.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), nats_server.embedded.urls["gateway"], str(renew_seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield GatewayProcess(process=process, port=int(await asyncio.wait_for(process.stdout.readline(), 120)))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def stop_session(api: Client, *, timeout_seconds: float = 5.0) -> CommandReply:
    return await StationCommandSender(client=api).send("A", STOP, timeout_seconds=timeout_seconds)


def is_online(database) -> bool:
    with database.reading() as work:
        return work.stations.get("A").online


def test_station_moves_to_another_gateway_and_commands_follow_it(nats_server, database, running, until) -> None:
    station = Station()

    async def scenario() -> tuple[list[str], int]:
        outcomes = []
        async with running(presence_seconds=LONG_SECONDS) as api, gateway(nats_server) as second:
            # By itself the first gateway would not notice before the end of the test.
            async with (
                gateway(nats_server, renew_seconds=NEVER_SECONDS) as first,
                station.at(first, named="1st") as old,
            ):
                await until(lambda: is_online(database))
                outcomes.append((await stop_session(api)).outcome)
                before = (await Presence(client=api).online())["A"]
                async with station.at(second, named="2nd"):
                    await moved(api, before)
                    outcomes += [(await stop_session(api)).outcome for _ in range(3)]
                    async with asyncio.timeout(20):
                        await old.wait_closed()
                    assert is_online(database)
                await until(lambda: not is_online(database))
                outcomes.append((await stop_session(api)).outcome)
            return outcomes, old.close_code

    async def moved(api: Client, before: SocketHolder) -> None:
        """Return when the presence says that another socket has the station."""
        async with asyncio.timeout(20), contextlib.aclosing(Presence(client=api).changes()) as changes:
            async for _, holder in changes:
                if holder != before:
                    return

    outcomes, close_code = asyncio.run(scenario())

    assert outcomes == ["accepted"] * 4 + ["offline"]
    assert station.told == {"1st": 1, "2nd": 3}
    assert close_code == 1001


def test_station_of_a_killed_gateway_is_offline_after_a_while_and_comes_back_through_another(
    nats_server, database, running, until
) -> None:
    station = Station()

    async def scenario() -> list[str]:
        outcomes = []
        async with (
            running(presence_seconds=SHORT_SECONDS) as api,
            gateway(nats_server) as first,
            gateway(nats_server) as second,
        ):
            async with station.at(first, named="first") as socket:
                await until(lambda: is_online(database))
                outcomes.append((await stop_session(api)).outcome)
                first.process.kill()
                await first.process.wait()
                async with asyncio.timeout(20):
                    await socket.wait_closed()
                # Nobody listens for its commands any more: known at once when NATS has seen the gateway's end, too.
                await answer_of(lambda: is_offline(api))
                await until(lambda: not is_online(database))
            async with station.at(second, named="second"):
                await until(lambda: is_online(database))
                outcomes.append((await stop_session(api)).outcome)
        return outcomes

    async def is_offline(api: Client) -> bool:
        return (await stop_session(api, timeout_seconds=1)).outcome == "offline"

    assert asyncio.run(scenario()) == ["accepted", "accepted"]
    assert station.told == {"first": 1, "second": 1}
