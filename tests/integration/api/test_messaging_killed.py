"""kill -9 of the API's messaging loops and of the NATS server: every message is taken once, every event told once."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.domain.tariff import SeriesKind

MESSAGES = 80
PROCESS = Path(__file__).parent / "messaging_process.py"


class MessagingProcess:
    """The process, which can be killed and started again."""

    def __init__(self, nats_url: str, database_url: str) -> None:
        self._command = [sys.executable, str(PROCESS), nats_url, database_url]
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process.stdout.close()
            self._process = None


@pytest.fixture
def messaging(nats_server, database, tmp_path):
    process = MessagingProcess(nats_server.embedded.urls["api"], f"sqlite:///{tmp_path / 'twinev.db'}")
    yield process
    process.kill()


def message(number: int, now: datetime) -> dict:
    """One good message; every tenth is nonsense."""
    return {
        "message_id": str(number),
        "source": "forecast.example",
        "created_at": (now - timedelta(hours=1) + timedelta(seconds=number)).isoformat(),
        "site_id": "s",
        "unit": "kW" if number % 10 else "horsepower",
        "start": now.isoformat(),
        "step_minutes": 1440,
        "values": [float(number)],
    }


async def publish(client, body: dict) -> None:
    """As a good sender does: again until it is on disk, with the same id."""
    while True:
        try:
            await client.jetstream().publish(
                subjects.inbound("demand", "s"),
                json.dumps(body).encode(),
                timeout=2,
                headers={"Nats-Msg-Id": body["message_id"]},
            )
            return
        except Exception:
            await asyncio.sleep(0.05)


async def told(client) -> list[str]:
    """The ids of the messages of which events tell, in the stream's order."""
    consumer = await client.jetstream().pull_subscribe(subjects.EVENTS, stream=subjects.EVENTS_STREAM)
    ids: list[str] = []
    while (await consumer.consumer_info()).num_pending:
        for event in await consumer.fetch(100, timeout=30):
            ids.append(json.loads(event.data)["data"]["message_id"])
            await event.ack()
    return ids


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_kill_9_of_api_and_server_loses_and_doubles_nothing(nats_server, database, messaging, until, seed):
    chance, now = random.Random(seed), datetime.now(UTC)
    kills = dict.fromkeys(chance.sample(range(5, MESSAGES - 5), 3), messaging)
    kills |= dict.fromkeys(chance.sample(range(5, MESSAGES - 5), 2), nats_server)
    good = [str(number) for number in range(MESSAGES) if number % 10]

    def all_done() -> bool:
        with database.reading() as work:
            return work.outbox.lag()[0] == 0 and work.inbox.content_hash("forecast.example", good[-1]) is not None

    async def scenario():
        async with nats_server.client("api") as api, nats_server.client("platform") as other:
            await asyncio.to_thread(messaging.start)
            for number in range(MESSAGES):
                await publish(other, message(number, now))
                victim = kills.get(number)
                if victim is not None:
                    await asyncio.sleep(chance.uniform(0, 0.05))
                    await asyncio.to_thread(victim.kill)
                    await asyncio.to_thread(victim.start)
            await until(all_done, within=90)
            letters = await DeadLetters(client=api).newest(100)
            return await told(api), letters

    events, letters = asyncio.run(scenario())

    assert events == good
    assert sorted(int(json.loads(kept.letter.body)["message_id"]) for kept in letters) == list(range(0, MESSAGES, 10))
    with database.reading() as work:
        assert work.series.values(SeriesKind.DEMAND, "s", now, step_minutes=60, count=1) == [float(good[-1])]
