"""Charging stations as a process of their own: takes orders as JSON lines on stdin, answers each with one on stdout.

connect       {"port", "stations": {id: key}}: open a socket for each at once; refused ones come again as they are
              told; answered when every heartbeat is answered
closed_loop   {"stations": n, "messages": m}: n stations send their next MeterValues as soon as one is answered
open_loop     {"per_second", "seconds"}: MeterValues at a steady rate whatever the answers do, spread over all
              stations; a latency counts from the moment at which the message was due
disconnect    {}: close all sockets
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from typing import Any

import numpy as np
import orjson
import uvloop

from benchmarks.ocpp_gateway.station import AGAIN_SECONDS, Station

_TICK_SECONDS = 0.001
_ORDER_WITHIN_SECONDS = 900.0


class Generator:
    """Holds the stations."""

    def __init__(self) -> None:
        self._stations: dict[str, Station] = {}
        self._numbers: dict[str, int] = {}
        self._refusals: dict[str, int] = {}
        self._latencies: list[float] = []
        self._refused_messages = 0
        self._to_send = 0
        self._unanswered = 0
        self._all_ready = asyncio.Event()
        self._all_answered = asyncio.Event()
        self._wanted: dict[str, str] = {}
        self._port = 0
        self._readiness: list[float] = []
        self._began = 0.0

    async def connect(self, port: int, stations: dict[str, str]) -> dict[str, Any]:
        self._port, self._wanted, self._refusals = port, stations, {}
        self._readiness, self._began = [], time.perf_counter()
        self._all_ready.clear()
        await asyncio.gather(*(self._open(station_id) for station_id in stations))
        await self._all_ready.wait()
        seconds = time.perf_counter() - self._began
        half = float(np.percentile(self._readiness, 50))
        return {"seconds": seconds, "half_seconds": half, "refusals": self._refusals}

    async def closed_loop(self, stations: int, messages: int) -> dict[str, Any]:
        self._start_counting(messages)
        self._to_send = max(0, messages - stations)
        now = time.perf_counter()
        for station in list(self._stations.values())[: min(stations, messages)]:
            station.send_meter_values(now)
        await self._all_answered.wait()
        return self._counted(time.perf_counter() - now)

    async def open_loop(self, per_second: float, seconds: float) -> dict[str, Any]:
        count = int(per_second * seconds)
        self._start_counting(count)
        stations = list(self._stations.values())
        began, sent = time.perf_counter(), 0
        while sent < count:
            due = min(count, int((time.perf_counter() - began) * per_second))
            for number in range(sent, due):
                stations[number % len(stations)].send_meter_values(began + number / per_second)
            sent = max(sent, due)
            await asyncio.sleep(_TICK_SECONDS)
        sending = time.perf_counter() - began
        await self._all_answered.wait()
        return {**self._counted(time.perf_counter() - began), "sending_seconds": sending}

    async def let_go(self) -> dict[str, Any]:
        self._wanted = {}
        return {}

    async def disconnect(self) -> dict[str, Any]:
        self._wanted = {}
        for station in list(self._stations.values()):
            station.transport.close()
        while self._stations:
            await asyncio.sleep(0.05)
        return {}

    async def _open(self, station_id: str) -> None:
        loop = asyncio.get_running_loop()
        station = Station(
            station_id=station_id,
            key=self._wanted[station_id],
            on_ready=self._note_ready,
            on_closed=lambda status, again_seconds: self._note_closed(station_id, status, again_seconds),
            on_answered=self._note_answer,
        )
        station.continue_after(self._numbers.get(station_id, 0))
        self._stations[station_id] = station
        try:
            await loop.create_connection(lambda: station, "127.0.0.1", self._port)
        except OSError:
            self._note_closed(station_id, 0, AGAIN_SECONDS)

    def _note_ready(self) -> None:
        self._readiness.append(time.perf_counter() - self._began)
        if all(station.ready for station in self._stations.values()) and len(self._stations) == len(self._wanted):
            self._all_ready.set()

    def _note_closed(self, station_id: str, status: int, again_seconds: float) -> None:
        station = self._stations.pop(station_id)
        self._numbers[station_id] = station.number
        if station_id in self._wanted:
            reason = str(status) if status else "closed"
            self._refusals[reason] = self._refusals.get(reason, 0) + 1
            loop = asyncio.get_running_loop()
            loop.call_later(again_seconds, lambda: loop.create_task(self._open(station_id)))

    def _note_answer(self, station: Station, seconds: float, accepted: bool) -> None:
        self._latencies.append(seconds)
        self._refused_messages += not accepted
        if self._to_send:
            self._to_send -= 1
            station.send_meter_values(time.perf_counter())
        self._unanswered -= 1
        if not self._unanswered:
            self._all_answered.set()

    def _start_counting(self, messages: int) -> None:
        self._latencies, self._refused_messages, self._unanswered = [], 0, messages
        self._all_answered.clear()

    def _counted(self, seconds: float) -> dict[str, Any]:
        p50, p99, most = np.percentile(self._latencies, (50, 99, 100)) * 1000
        return {
            "messages": len(self._latencies),
            "refused": self._refused_messages,
            "seconds": seconds,
            "p50_ms": float(p50),
            "p99_ms": float(p99),
            "max_ms": float(most),
        }


async def serve() -> None:
    """Carry out orders until stdin closes."""
    generator = Generator()
    orders = {
        "connect": generator.connect,
        "closed_loop": generator.closed_loop,
        "open_loop": generator.open_loop,
        "let_go": generator.let_go,
        "disconnect": generator.disconnect,
    }
    # A fault in a station ends the measurement; nobody would notice a station less.
    asyncio.get_running_loop().set_exception_handler(_end)
    # A pause of its own collector would be told as the server's latency.
    gc.disable()
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        order = orjson.loads(line)
        async with asyncio.timeout(_ORDER_WITHIN_SECONDS):
            result = await orders[order.pop("do")](**order)
        sys.stdout.buffer.write(orjson.dumps(result) + b"\n")
        sys.stdout.buffer.flush()


def _end(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    loop.default_exception_handler(context)
    os._exit(1)


if __name__ == "__main__":
    uvloop.run(serve())
