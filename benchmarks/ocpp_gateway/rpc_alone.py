"""CPU of the RPC layers alone, no socket: a frame in, validated, answered. Prints JSON.

    python -m benchmarks.ocpp_gateway.rpc_alone MESSAGES

The library's ChargePoint and TwinEV's Rpc in turn, in this one process and thread, on the same frames.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from benchmarks.ocpp_gateway.library_server import PlainChargePoint
from benchmarks.ocpp_gateway.messages import meter_values
from twinev.adapters.ocpp.dialects import load_dialects
from twinev.adapters.ocpp.rpc import Reply, Rpc

ROUNDS = 5


class _Answers:
    """Stands for the socket: counts the CALLRESULTs."""

    def __init__(self) -> None:
        self.results = 0

    async def send(self, frame: str) -> None:
        self.results += frame.startswith("[3,")


async def measure(messages: int) -> dict[str, float]:
    """Microseconds of CPU per message, the median of the rounds."""
    library_answers, own_answers = _Answers(), _Answers()
    library = PlainChargePoint("BENCH", library_answers)
    rpc = Rpc(dialect=load_dialects()["ocpp1.6"], send=own_answers.send, handle=_handle, name="BENCH")
    serving = asyncio.create_task(rpc.serve())

    async def own(frame: str) -> None:
        wanted = own_answers.results + 1
        await rpc.receive(frame)
        while own_answers.results < wanted:
            await asyncio.sleep(0)

    taken: dict[str, list[float]] = {"library": [], "own": []}
    for number in range(ROUNDS):
        frames = [meter_values(number * messages + i).decode() for i in range(messages)]
        taken["library"].append(await _cpu_us(library.route_message, frames))
        taken["own"].append(await _cpu_us(own, frames))
    serving.cancel()
    for answers in (library_answers, own_answers):
        assert answers.results == ROUNDS * messages, f"{answers.results} CALLRESULTs to {ROUNDS * messages} CALLs"
    return {name: statistics.median(values) for name, values in taken.items()}


async def _handle(action: str, payload: dict[str, Any]) -> Reply:
    return Reply(payload={})


async def _cpu_us(take: Callable[[str], Awaitable[None]], frames: list[str]) -> float:
    began = time.process_time()
    for frame in frames:
        await take(frame)
    return (time.process_time() - began) / len(frames) * 1e6


if __name__ == "__main__":
    print(json.dumps(uvloop.run(measure(int(sys.argv[1])))))
