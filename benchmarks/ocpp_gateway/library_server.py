"""The peer: a plain OCPP 1.6 server as the `ocpp` library is meant to be used, validating, keeping nothing.

python -m benchmarks.ocpp_gateway.library_server PORT
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import uvloop
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol


class PlainChargePoint(ChargePoint):
    """Answers what the benchmark's stations send."""

    @on("Heartbeat")
    def on_heartbeat(self) -> call_result.Heartbeat:
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on("MeterValues")
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        return call_result.MeterValues()


async def run(port: int) -> None:
    """Serve for ever."""

    async def connected(socket: ServerConnection) -> None:
        assert socket.request is not None
        try:
            await PlainChargePoint(socket.request.path.rpartition("/")[2], socket).start()
        except ConnectionClosed:
            return

    async with serve(connected, "127.0.0.1", port, subprotocols=[Subprotocol("ocpp1.6")], compression=None):
        await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1])))
