"""What one station, or thousands at once, may cost the gateway: frames, messages, memory, handshakes, sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from ocpp_behaviours import behaviour
from websockets.exceptions import ConnectionClosed, InvalidStatus

from twinev.adapters.ocpp.listeners import LARGEST_FRAME_BYTES, SocketLimits
from twinev.adapters.ocpp.rpc import LONGEST_QUEUE
from twinev.adapters.ocpp.station_socket import MOST_UNREAD_BYTES
from twinev.domain.facts import ConnectAnswer, ConnectQuestion

STATUS = {
    "ocpp1.6": {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
    "ocpp2.0.1": {"timestamp": "2026-11-22T18:00:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 1},
}
STATUS["ocpp2.1"] = STATUS["ocpp2.0.1"]


class GatedDesk:
    """An API that answers when it is let, and counts how many wait for it."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0
        self.most_waiting = 0
        self.asked = asyncio.Semaphore(0)

    async def connect(self, _question: ConnectQuestion) -> ConnectAnswer:
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        self.asked.release()
        await self.open.wait()
        self.waiting -= 1
        return ConnectAnswer(verdict="accepted")


@behaviour(
    "C19",
    "A frame over 256 KiB closes its socket with 1009, also when it is small before it is unpacked",
    source="RFC 6455 §7.4.1; 2.0.1 part 4 §3.3; OCPP names no limit",
)
def test_frame_beyond_the_limit_closes_the_socket_with_too_big(bench, protocol: str) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await station.send("x" * (LARGEST_FRAME_BYTES + 1))
            return await station.closed()

    assert asyncio.run(scenario()) == 1009


@behaviour(
    "C20",
    "A frame of just under 256 KiB is read and answered",
    source="OCPP names no limit",
)
def test_frame_at_the_limit_is_answered(bench, protocol: str) -> None:
    async def scenario() -> list:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            frame = json.dumps([2, "m", "DataTransfer", {"vendorId": "v", "data": ""}])
            await station.send(frame.replace('""', f'"{"x" * (LARGEST_FRAME_BYTES - len(frame))}"'))
            return await station.receive()

    assert asyncio.run(scenario())[1] == "m"


@behaviour(
    "C21",
    "CALLs that come without waiting for answers are taken up to 64; more get GenericError, and the socket stays",
    source="OCPP-J 1.6 §4.1.1; 2.0.1 part 4 §4.1.1 (a station waits)",
)
def test_calls_beyond_the_inbox_are_refused(bench, protocol: str) -> None:
    too_many = 3

    async def scenario() -> tuple[list, list]:
        async with bench.running(), bench.station(protocols=(protocol,)) as station:
            await bench.facts.wait_for("ConnectionChanged")
            bench.facts.hold_back()
            # One is under way, 64 wait behind it.
            await station.send([2, "m0", "StatusNotification", STATUS[protocol]])
            await bench.facts.wait_for_one_held()
            for number in range(1, 1 + LONGEST_QUEUE + too_many):
                await station.send([2, f"m{number}", "StatusNotification", STATUS[protocol]])
            refused = [await station.receive() for _ in range(too_many)]
            bench.facts.release.set()
            return refused, [await station.receive() for _ in range(1 + LONGEST_QUEUE)]

    refused, answered = asyncio.run(scenario())

    assert [frame[0:3:2] for frame in refused] == [[4, "GenericError"]] * too_many
    assert [frame[:2] for frame in answered] == [[3, f"m{number}"] for number in range(1 + LONGEST_QUEUE)]


@contextlib.asynccontextmanager
async def deaf_station(bench, protocol: str) -> AsyncIterator[Any]:
    """A station that reads nothing of what it is sent, with little room for it on the way."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", bench.gateway.port))
    options = {"sock": narrow, "close_timeout": 0.1, "compression": None}
    async with bench.station(protocols=(protocol,), **options) as station:
        await bench.facts.wait_for("ConnectionChanged")
        (of_gateway,) = bench.gateway.sockets
        of_gateway.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        station.socket.transport.pause_reading()
        yield station


async def flood_until_cut_off(bench, send: Callable[[int], Awaitable[object]]) -> int:
    """Send on and on, until the gateway ends the connection; the most that it ever kept for the station, in bytes."""
    most_kept = 0
    (of_gateway,) = bench.gateway.sockets
    async with asyncio.timeout(60):
        for number in itertools.count():
            try:
                await send(number)
            except ConnectionClosed:
                break
            most_kept = max(most_kept, of_gateway.transport.get_write_buffer_size())
        await bench.facts.wait_for("ConnectionChanged", 2)
    return most_kept


@behaviour(
    "C22",
    "A station that does not read what it is sent is cut off, and does not cost memory until then",
    source="OCPP leaves it to the central system",
)
def test_station_that_does_not_read_is_cut_off(bench, protocol: str) -> None:
    bench.gateway_options = {"limits": SocketLimits(unread_seconds=0.3)}

    async def scenario() -> int:
        async with bench.running(), deaf_station(bench, protocol) as station:
            # An unknown action comes back with its name: the answer is as large as the question.
            return await flood_until_cut_off(bench, lambda _: station.send([2, "m", "Heartbeat" * 5, {}]))

    assert asyncio.run(scenario()) < MOST_UNREAD_BYTES
    assert [change.online for change in bench.facts.connections] == [True, False]


@behaviour(
    "C23",
    "A station that sends pings and reads no pongs is cut off at 1 MiB of them",
    source="RFC 6455 §5.5.2; OCPP leaves it to the central system",
)
def test_station_that_floods_with_pings_is_cut_off(bench, protocol: str) -> None:
    bench.gateway_options = {"limits": SocketLimits(unread_seconds=60.0)}

    async def scenario() -> int:
        async with bench.running(), deaf_station(bench, protocol) as station:
            return await flood_until_cut_off(bench, lambda number: station.socket.ping(f"{number:0125}"))

    assert asyncio.run(scenario()) < 2 * MOST_UNREAD_BYTES


@behaviour(
    "C24",
    "In a reconnect storm a bounded number of handshakes asks at a time; the others wait their turn, and all come in",
    source="OCPP leaves it to the central system",
)
def test_storm_of_handshakes_waits_its_turn(bench, protocol: str) -> None:
    bench.gateway_options = {"limits": SocketLimits(at_once=4)}
    storm = 60

    async def scenario() -> tuple[int, frozenset[str]]:
        bench.desk = GatedDesk()
        async with bench.running(), asyncio.timeout(60):
            done = asyncio.Event()

            async def come(number: int) -> None:
                async with bench.station(f"/ocpp/CP{number}", protocols=(protocol,)):
                    await done.wait()

            stations = [asyncio.create_task(come(number)) for number in range(storm)]
            for _ in range(4):
                await bench.desk.asked.acquire()
            bench.desk.open.set()
            await bench.facts.wait_for("ConnectionChanged", storm)
            connected = bench.gateway.connected
            done.set()
            await asyncio.gather(*stations)
            return bench.desk.most_waiting, connected

    most_waiting, connected = asyncio.run(scenario())

    assert most_waiting == 4
    assert len(connected) == storm


@behaviour(
    "C25",
    "A handshake whose turn does not come in time gets 503 with a Retry-After of its own, not a closed socket",
    source="RFC 9110 §10.2.3; OCPP leaves it to the central system",
)
def test_handshake_whose_turn_does_not_come_is_told_to_try_again(bench, protocol: str) -> None:
    bench.gateway_options = {"limits": SocketLimits(at_once=1, turn_seconds=0.2)}

    async def scenario() -> list[InvalidStatus]:
        bench.desk = GatedDesk()

        async def come(number: int) -> None:
            async with bench.station(f"/ocpp/CP{number}", protocols=(protocol,)):
                pass

        async with bench.running(), asyncio.timeout(60):
            first = asyncio.create_task(come(0))
            await bench.desk.asked.acquire()
            refused = await asyncio.gather(*(come(number) for number in range(1, 21)), return_exceptions=True)
            bench.desk.open.set()
            await first
            return refused

    refused = asyncio.run(scenario())

    assert {error.response.status_code for error in refused} == {503}
    waits = {int(error.response.headers["Retry-After"]) for error in refused}
    assert min(waits) >= 5
    assert max(waits) <= 15
    assert len(waits) > 1


@behaviour(
    "C26",
    "A gateway that has its number of stations turns more away with 503; a place that becomes free is given again",
    source="RFC 9110 §15.6.4; OCPP leaves it to the central system",
)
def test_full_gateway_turns_stations_away(bench, caplog, protocol: str) -> None:
    bench.gateway_options = {"limits": SocketLimits(most_connections=2)}

    async def scenario() -> list[int]:
        refused = []
        async with bench.running(), bench.station("/ocpp/CP1", protocols=(protocol,)):
            async with bench.station("/ocpp/CP2", protocols=(protocol,)):
                for _ in range(3):
                    with pytest.raises(InvalidStatus) as error:
                        async with bench.station("/ocpp/CP3", protocols=(protocol,)):
                            pass
                    refused.append(error.value.response.status_code)
                await bench.facts.wait_for("ConnectionChanged", 2)
            await bench.facts.wait_for("ConnectionChanged", 3)
            async with bench.station("/ocpp/CP3", protocols=(protocol,)):
                await bench.facts.wait_for("ConnectionChanged", 4)
        return refused

    with caplog.at_level(logging.ERROR, logger="twinev"):
        assert asyncio.run(scenario()) == [503, 503, 503]

    lines = [record.getMessage() for record in caplog.records if "turned away" in record.getMessage()]
    assert len(lines) == 1, "one clear line, not one for each"
    assert "TWINEV_OCPP_CONNECTIONS" in lines[0]


def test_sockets_that_never_say_anything_are_bounded(bench) -> None:
    bench.gateway_options = {"limits": SocketLimits(most_connections=3)}

    async def scenario() -> int:
        async with bench.running():
            opened = [await asyncio.open_connection("127.0.0.1", bench.gateway.port) for _ in range(10)]
            # Twice the number of stations may be there without a word; the others are closed at once.
            ended = [asyncio.create_task(reader.read()) for reader, _ in opened]
            async with asyncio.timeout(10):
                while sum(task.done() for task in ended) < 4:
                    await asyncio.wait([task for task in ended if not task.done()], return_when=asyncio.FIRST_COMPLETED)
            open_still = sum(not task.done() for task in ended)
            for _, writer in opened:
                writer.close()
            await asyncio.gather(*ended, return_exceptions=True)
            return open_still

    assert asyncio.run(scenario()) == 6
