"""The lines of Python in docs/messages/README.md, run as they stand there, against a real server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.adapters.messaging.inbound_consumer import InboundConsumer
from twinev.adapters.messaging.outbox_relay import OutboxRelay
from twinev.clock import PlatformClock
from twinev.domain.tariff import SeriesKind
from twinev.services.take_announcement import take_announcement

PAGE = Path(__file__).resolve().parents[3] / "docs" / "messages" / "README.md"


def example() -> str:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return block


def end_a_session(database) -> None:
    with database.unit_of_work() as work:
        told = {"site_id": "s", "station_id": "A", "evse_id": 1, "session_id": "x"}
        work.events.add("session.ended", told | {"reason": "EVDisconnected", "energy_kwh": 18.4})
        work.commit()


def test_example_publishes_a_price_and_hears_a_session(nats_server, database, leadership, going, tmp_path):
    script = tmp_path / "example.py"
    script.write_text(example(), encoding="utf-8")
    clock = PlatformClock()

    async def scenario() -> list[str]:
        async with nats_server.client("api") as client:
            shared = {"client": client, "unit_of_work": database.unit_of_work, "leadership": leadership}
            url = nats_server.embedded.urls["platform"]
            relay = OutboxRelay(reading=database.reading, **shared)
            database.on_events(relay.wake)
            inbound = InboundConsumer(
                take=take_announcement, dead_letters=DeadLetters(client=client), clock=clock, **shared
            )
            async with going(relay.run, inbound.run):
                other = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-W",
                    "error",
                    str(script),
                    env={"NATS_URL": url, "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                )
                said = []
                while not said or not said[-1].startswith("series.changed"):
                    line = (await other.stdout.readline()).decode()
                    assert line, (await other.stderr.read()).decode()
                    said.append(line)
                await asyncio.to_thread(end_a_session, database)
                rest, errors = await other.communicate()
                assert (other.returncode, errors) == (0, b"")
                return [*said, *rest.decode().splitlines()]

    began = clock.now()
    lines = asyncio.run(asyncio.wait_for(scenario(), 60))

    assert lines[0] == "the price is on disk\n"
    assert [line.split()[0] for line in lines[1:]] == ["series.changed", "session.ended"]
    with database.reading() as work:
        (price,) = work.series.values(SeriesKind.PRICE, "NL", began, step_minutes=30, count=1)
    assert price == pytest.approx(61.2 / 1000)
