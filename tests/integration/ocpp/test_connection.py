"""A socket's life: announced and claimed, replaced by a newer one, lost to another gateway, half-open, closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ocpp_behaviours import behaviour
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from twinev.adapters.ocpp.listeners import SocketLimits
from twinev.domain.commands import CommandMessage, RequestStopTransaction
from twinev.domain.facts import ConnectAnswer

STOP = RequestStopTransaction(ocpp_transaction_id="42")
STOPS = {"ocpp1.6": "RemoteStopTransaction", "ocpp2.0.1": "RequestStopTransaction", "ocpp2.1": "RequestStopTransaction"}


class PingedClient(ClientConnection):
    """A client that tells of the pings that it answers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pings: asyncio.Queue[bytes] = asyncio.Queue()

    def process_event(self, event: Any) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings.put_nowait(bytes(event.data))


class Proxy:
    """Passes bytes between a station and the gateway until it freezes: then nothing comes, and nothing closes."""

    def __init__(self, port: int) -> None:
        self._gateway_port = port
        self._pumps: list[asyncio.Task[None]] = []
        self.port = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.freeze()
            await asyncio.gather(*self._pumps, return_exceptions=True)
            for writer in self._writers:
                writer.close()

    def freeze(self) -> None:
        for pump in self._pumps:
            pump.cancel()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        self._writers = (writer, onward)
        self._pumps += [
            asyncio.create_task(self._pump(reader, onward)),
            asyncio.create_task(self._pump(onward_reader, writer)),
        ]

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@behaviour(
    "C11",
    "A connected station is announced with its connection, claimed and renewed, and cleared away when it goes",
    source="OCPP leaves it to the central system",
)
def test_connection_is_announced_claimed_renewed_and_cleared_away(bench, protocol: str) -> None:
    async def scenario() -> tuple[dict, bool]:
        async with bench.running():
            async with bench.station(protocols=(protocol,)):
                await bench.facts.wait_for("ConnectionChanged")
                held, listening = dict(bench.presence.holders), "CP1" in bench.commands.inboxes
            await bench.facts.wait_for("ConnectionChanged", 2)
            return held, listening

    held, listening = asyncio.run(scenario())

    on, off = bench.facts.connections
    assert (on.online, off.online, on.gateway_id) == (True, False, "g1")
    assert held == {"CP1": on.connection_id}
    assert on.connection_id == off.connection_id
    assert listening
    assert bench.commands.inboxes == {}
    assert bench.presence.holders == {}


@behaviour(
    "C12",
    "A station's newest authenticated socket wins: the older one is closed (1001), commands go to the newer",
    source="OCPP-J 1.6 §5.4; 2.0.1 part 4 §5.3",
)
def test_newest_socket_wins_and_the_station_stays_online(bench, protocol: str) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station(protocols=(protocol,)) as older:
            await bench.facts.wait_for("ConnectionChanged")
            async with bench.station(protocols=(protocol,)) as newer:
                await bench.facts.wait_for("ConnectionChanged", 2)
                code = await older.closed()
                sending = asyncio.create_task(bench.commands.send("CP1", STOP))
                await newer.answer_call(STOPS[protocol], {"status": "Accepted"})
                assert (await sending).outcome == "accepted"
                assert bench.gateway.connected == {"CP1"}
                return code

    assert asyncio.run(scenario()) == 1001
    assert [change.online for change in bench.facts.connections] == [True, True, False]


def test_older_socket_whose_claim_is_slow_does_not_take_the_station_back(bench) -> None:
    claim = bench.presence.claim
    first_under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slow_first_claim(station_id: str, **options: str) -> object:
        if not first_under_way.is_set():
            first_under_way.set()
            await go_on.wait()
        return await claim(station_id, **options)

    bench.presence.claim = slow_first_claim

    async def scenario() -> tuple[int, str]:
        async with bench.running(), bench.station() as older:
            await first_under_way.wait()
            async with bench.station() as newer:
                # The newer one is there, and waits for the older one to be out of its way.
                await newer.send([2, "m", "Heartbeat", {}])
                go_on.set()
                code = await older.closed()
                (online,) = await bench.facts.wait_for("ConnectionChanged")
                assert (await newer.receive())[:2] == [3, "m"]
                assert bench.presence.holders == {"CP1": online.fact.connection_id}
                return code, bench.gateway.sockets[0].subprotocol

    assert asyncio.run(scenario()) == (1001, "ocpp1.6")
    assert [change.online for change in bench.facts.connections] == [True, False]


@behaviour(
    "C13",
    "Who cannot authenticate as a station never disturbs its live socket",
    source="security whitepaper ed. 2 A00.FR.203; 2.0.1 part 2 A00.FR.203",
)
def test_unauthenticated_attempt_does_not_disturb_the_live_socket(bench, protocol: str) -> None:
    async def scenario() -> str:
        async with bench.running(), bench.station(protocols=(protocol,), key="key") as live:
            await bench.facts.wait_for("ConnectionChanged")
            bench.desk.connect_answer = ConnectAnswer(verdict="unauthorised")
            for _ in range(3):
                with pytest.raises(InvalidStatus):
                    async with bench.station(protocols=(protocol,), key="guessed"):
                        pass
            sending = asyncio.create_task(bench.commands.send("CP1", STOP))
            await live.answer_call(STOPS[protocol], {"status": "Accepted"})
            return (await sending).outcome

    assert asyncio.run(scenario()) == "accepted"
    assert [change.online for change in bench.facts.connections] == [True, False]


@behaviour(
    "C14",
    "A station that has moved to another gateway is given up here: its socket is closed (1001), it stays online",
    source="OCPP leaves it to the central system",
)
def test_station_with_a_newer_socket_at_another_gateway_is_given_up(bench, protocol: str) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await bench.facts.wait_for("ConnectionChanged")
            bench.presence.holders["CP1"] = "a connection of another gateway"
            return await station.closed()

    assert asyncio.run(scenario()) == 1001
    assert [change.online for change in bench.facts.connections] == [True]
    assert bench.presence.holders == {"CP1": "a connection of another gateway"}


@behaviour(
    "C15",
    "A command that reaches the gateway a station has left is neither sent nor answered there: the newer one does both",
    source="OCPP leaves it to the central system",
)
def test_command_at_the_gateway_that_a_station_has_left_is_not_answered(bench, protocol: str) -> None:
    bench.renew_seconds = 60.0

    async def scenario() -> tuple[object, int, list]:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await bench.facts.wait_for("ConnectionChanged")
            handle = bench.commands.inboxes["CP1"].handle
            bench.presence.holders["CP1"] = "a connection of another gateway"
            message = CommandMessage(command_id="c", station_id="CP1", command=STOP, timeout_seconds=5)
            answers = await asyncio.gather(handle(message), handle(message))
            code = await station.closed()
            return answers, code, [frame async for frame in station.socket]

    answers, code, frames = asyncio.run(scenario())

    assert (answers, code, frames) == ([None, None], 1001, [])


@behaviour(
    "C38",
    "A command that arrives while a new connection is being noted waits for that, and is then carried out",
    source="OCPP leaves it to the central system",
)
def test_command_that_comes_before_the_claim_waits_for_it(bench, protocol: str) -> None:
    claim = bench.presence.claim
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slow_claim(station_id: str, **options: str) -> object:
        under_way.set()
        await go_on.wait()
        return await claim(station_id, **options)

    bench.presence.claim = slow_claim

    async def scenario() -> str:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await under_way.wait()
            sending = asyncio.create_task(bench.commands.send("CP1", STOP))
            await asyncio.sleep(0)
            go_on.set()
            await station.answer_call(STOPS[protocol], {"status": "Accepted"})
            return (await sending).outcome

    assert asyncio.run(scenario()) == "accepted"


@behaviour(
    "C16",
    "A station is sent away (1013) when its connection cannot be noted",
    source="RFC 6455 §7.4 and its registry of close codes",
)
def test_station_is_sent_away_when_nats_does_not_take_its_connection(bench, protocol: str) -> None:
    async def scenario() -> int:
        async with bench.running():
            bench.facts.away = True
            async with bench.station(protocols=(protocol,)) as station:
                return await station.closed()

    assert asyncio.run(scenario()) == 1013
    assert bench.presence.holders == {}


@behaviour(
    "C17",
    "A socket whose other end has fallen silent is found by pings, closed, and its station told offline",
    source="OCPP-J 1.6 §5.3; 2.0.1 part 4 §5.2; RFC 6455 §5.5.2",
)
def test_half_open_socket_is_found(bench, protocol: str) -> None:
    bench.gateway_options = {"limits": SocketLimits(ping_seconds=0.2, close_seconds=0.2)}

    async def scenario() -> tuple[list[bool], frozenset[str]]:
        async with bench.running() as running, Proxy(running.gateway.port).running() as proxy:
            options = {"port": proxy.port, "close_timeout": 0.1, "create_connection": PingedClient}
            async with bench.station(protocols=(protocol,), **options) as station:
                # Who answers pings is there, without a single message.
                for _ in range(3):
                    await asyncio.wait_for(station.socket.pings.get(), 30)
                assert bench.gateway.connected == {"CP1"}
                proxy.freeze()
                changes = await bench.facts.wait_for("ConnectionChanged", 2)
            return [change.fact.online for change in changes], bench.gateway.connected

    assert asyncio.run(scenario()) == ([True, False], frozenset())


@behaviour(
    "C18",
    "A gateway that stops closes its sockets (1001) and says that their stations are offline",
    source="RFC 6455 §7.4.1",
)
def test_stopping_the_gateway_closes_sockets_and_tells(bench, protocol: str) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await bench.facts.wait_for("ConnectionChanged")
            await bench.gateway.stop()
            return await station.closed()

    assert asyncio.run(scenario()) == 1001
    assert [change.online for change in bench.facts.connections] == [True, False]
