"""TwinEV's gateway with nothing behind it: the same sockets, RPC layer and translation, and facts that go nowhere.

python -m benchmarks.ocpp_gateway.bare_gateway PORT
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

import uvloop

from twinev.adapters.ocpp.gateway import Gateway
from twinev.adapters.ocpp.ports import CommandHandler
from twinev.clock import PlatformClock
from twinev.domain.facts import (
    AuthorizeQuestion,
    BootAnswer,
    BootQuestion,
    ConnectAnswer,
    ConnectQuestion,
    Decision,
    StationFact,
)


class _Nothing:
    """Every port of the gateway: accepts everything at once and keeps nothing."""

    async def connect(self, question: ConnectQuestion) -> ConnectAnswer:
        return ConnectAnswer(verdict="accepted")

    async def boot(self, question: BootQuestion) -> BootAnswer:
        return BootAnswer(status="Accepted", interval_seconds=300, current_time=datetime.now().astimezone())

    async def authorize(self, question: AuthorizeQuestion) -> Decision:
        return Decision(status="Accepted")

    async def publish(self, fact: StationFact) -> None:
        return

    async def publish_and_wait(self, fact: StationFact, *, timeout_seconds: float) -> Decision:
        return Decision(status="Accepted", ocpp_transaction_id="1")

    async def open(self, station_id: str, handle: CommandHandler) -> _Nothing:
        return self

    async def claim(self, station_id: str, *, gateway_id: str, connection_id: str) -> _Nothing:
        return self

    async def last_answer(self, station_id: str) -> str:
        return "Accepted"

    async def note(self, station_id: str, status: str) -> None:
        return

    async def renew(self) -> bool:
        return True

    async def release(self) -> None:
        return

    async def close(self) -> None:
        return


async def run(port: int) -> None:
    """Serve for ever."""
    nothing = _Nothing()
    gateway = Gateway(
        host="127.0.0.1",
        port=port,
        gateway_id="bare",
        clock=PlatformClock(),
        desk=nothing,
        facts=nothing,
        commands=nothing,
        boots=nothing,
        presence=nothing,
    )
    await gateway.start()
    await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
