"""The API's messaging loops as a process of their own, for tests that kill it: inbound messages in, events out."""

from __future__ import annotations

import asyncio
import sys

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.leadership import leadership_over
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.connection import connect
from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.adapters.messaging.inbound_consumer import InboundConsumer
from twinev.adapters.messaging.outbox_relay import OutboxRelay
from twinev.clock import PlatformClock
from twinev.services.take_announcement import take_announcement


async def main(nats_url: str, database_url: str) -> None:
    """Run until it is killed."""
    client = await connect(nats_url, user="api")
    engine = open_engine(database_url)
    database = Database(engine=engine, clock=PlatformClock())
    shared = {"client": client, "unit_of_work": database.unit_of_work, "leadership": leadership_over(engine)}
    relay = OutboxRelay(reading=database.reading, **shared)
    database.on_events(relay.wake)
    inbound = InboundConsumer(
        take=take_announcement, dead_letters=DeadLetters(client=client), clock=PlatformClock(), **shared
    )
    print("ready", flush=True)
    await asyncio.gather(relay.run(), inbound.run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
