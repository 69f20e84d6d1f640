"""Builds and runs the OCPP gateway."""

from __future__ import annotations

import asyncio
import signal
import uuid

from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.connection import connect, disconnect
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.gateway_board import GatewayBoard
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.adapters.messaging.watchdog import while_linked
from twinev.adapters.ocpp.gateway import Gateway
from twinev.clock import PlatformClock
from twinev.settings import Settings
from twinev.wiring.nats_url import nats_url


async def run_gateway(settings: Settings) -> None:
    """Serve stations until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    gateway_id = f"gateway-{uuid.uuid4().hex[:8]}"
    url = nats_url(settings, "gateway")
    client = await connect(url, user="gateway", name=gateway_id)
    gateway = Gateway(
        host=settings.bind,
        port=settings.ocpp_port,
        gateway_id=gateway_id,
        clock=PlatformClock.from_text(settings.clock),
        desk=StationDesk(client=client),
        facts=FactPublisher(client=client),
        commands=CommandInbox(client=client),
        presence=Presence(client=client),
    )
    await gateway.start()
    board = asyncio.create_task(GatewayBoard(client=client, gateway_id=gateway_id).run())
    try:
        await while_linked(ended.wait(), client, url)
    finally:
        board.cancel()
        await asyncio.gather(board, return_exceptions=True)
        await gateway.stop()
        await disconnect(client)
