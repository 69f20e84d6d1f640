"""A gateway as a process of its own, for tests that kill it: ``python gateway_process.py NATS_URL RENEW_SECONDS``."""

from __future__ import annotations

import asyncio
import sys
import uuid

import uvloop

from twinev.adapters.messaging.boot_record import BootRecord
from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.connection import connect
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.adapters.ocpp.gateway import Gateway
from twinev.clock import PlatformClock


async def main(url: str, renew_seconds: float) -> None:
    client = await connect(url, user="gateway")
    gateway = Gateway(
        host="127.0.0.1",
        port=0,
        gateway_id=f"gateway-{uuid.uuid4().hex[:8]}",
        clock=PlatformClock(),
        desk=StationDesk(client=client),
        facts=FactPublisher(client=client),
        commands=CommandInbox(client=client),
        boots=BootRecord(client=client),
        presence=Presence(client=client),
        renew_seconds=renew_seconds,
    )
    await gateway.start()
    print(gateway.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2])))
