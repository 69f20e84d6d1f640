"""The gateway with all its ports over NATS, in the test's own process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from nats.aio.client import Client

from twinev.adapters.messaging.boot_record import BootRecord
from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.adapters.ocpp.gateway import Gateway
from twinev.adapters.ocpp.ports import Clock


@contextlib.asynccontextmanager
async def running_gateway(client: Client, clock: Clock) -> AsyncIterator[Gateway]:
    """Listen on a free port until the test is done; ``client`` is a connection as the user ``gateway``."""
    gateway = Gateway(
        host="127.0.0.1",
        port=0,
        gateway_id="g1",
        clock=clock,
        desk=StationDesk(client=client),
        facts=FactPublisher(client=client),
        commands=CommandInbox(client=client),
        boots=BootRecord(client=client),
        presence=Presence(client=client),
    )
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()
