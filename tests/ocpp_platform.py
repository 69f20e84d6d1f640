"""The gateway with all behind it that decides and keeps: a real NATS server, the API's desk and consumer, SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats_process import running_nats, until_empty

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.leadership import leadership_over
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.boot_record import BootRecord
from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.fact_consumer import FactConsumer
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.adapters.messaging.streams import ensure_streams
from twinev.adapters.ocpp.gateway import Gateway
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.facts import ConnectQuestion
from twinev.domain.session import ChargingSession
from twinev.errors import Unavailable
from twinev.services.answer_stations import AnswerStations
from twinev.services.record_facts import record_facts

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
WAIT_SECONDS = 30.0
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)


class StandingClock:
    """The same instant, however long the test takes."""

    def now(self) -> datetime:
        return NOW

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


class OcppPlatform:
    """Runs NATS, the API's side of OCPP and a gateway; station ``CP1`` with two EVSEs is registered without a key.

    Parameters
    ----------
    folder : Path
        For the server's store and the database.
    migrated : Path
        A SQLite file with all tables and no rows.
    """

    def __init__(self, folder: Path, migrated: Path) -> None:
        self._clock = StandingClock()
        self._nats_directory = folder / "nats"
        shutil.copy(migrated, folder / "twinev.db")
        self.database = Database(engine=open_engine(f"sqlite:///{folder / 'twinev.db'}"), clock=self._clock)
        self._leadership = leadership_over(open_engine(f"sqlite:///{folder / 'twinev.db'}"))
        self._api: Client | None = None
        self._api_tasks: list[asyncio.Task[None]] = []
        self.gateway: Gateway | None = None
        with self.database.unit_of_work() as work:
            work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=50))
            evses = (Evse(id=1, max_kw=11), Evse(id=2, max_kw=11))
            work.stations.save(ChargingStation(id="CP1", site_id="s", name="CP1", location=PLACE, evses=evses))
            work.commit()

    @contextlib.asynccontextmanager
    async def running(self, *, decision_seconds: float = 20.0) -> AsyncIterator[OcppPlatform]:
        async with AsyncExitStack() as stack:
            server = stack.enter_context(running_nats(self._nats_directory))
            self._api = await stack.enter_async_context(server.client("api"))
            await ensure_streams(self._api)
            client = await stack.enter_async_context(server.client("gateway"))
            stack.push_async_callback(self.stop_api)
            self.start_api()
            await self._until_answering(StationDesk(client=client))
            self.gateway = Gateway(
                host="127.0.0.1",
                port=0,
                gateway_id="g1",
                clock=self._clock,
                desk=StationDesk(client=client, timeout_seconds=WAIT_SECONDS),
                facts=FactPublisher(client=client),
                commands=CommandInbox(client=client),
                boots=BootRecord(client=client),
                presence=Presence(client=client),
                decision_seconds=decision_seconds,
            )
            await self.gateway.start()
            stack.push_async_callback(self.gateway.stop)
            yield self
        self.database.close()

    def start_api(self) -> None:
        """Take facts in and answer questions, as the API does."""
        assert self._api is not None
        consumer = FactConsumer(
            client=self._api,
            unit_of_work=self.database.unit_of_work,
            record=record_facts,
            leadership=self._leadership,
            clock=self._clock,
        )
        answers = AnswerStations(
            unit_of_work=self.database.unit_of_work,
            reading=self.database.reading,
            clock=self._clock,
            secret_key="a secret of the tests",
        )
        desk = QuestionDesk(client=self._api, answers=answers)
        self._api_tasks = [asyncio.create_task(consumer.run()), asyncio.create_task(desk.run())]

    async def stop_api(self) -> None:
        """The API is away; what NATS has stays there."""
        going = set(self._api_tasks)
        while going:
            # Again and again: a cancellation that comes together with a reply is lost in the client's `wait_for`.
            for task in going:
                task.cancel()
            _, going = await asyncio.wait(going, timeout=1)
        self._api_tasks = []

    async def settled(self) -> None:
        """Wait until everything that stations were answered is in the database: the stream of facts is empty then."""
        assert self._api is not None
        await until_empty(self._api, subjects.FACTS_STREAM)

    def save_token(self, token: str, status: str) -> None:
        with self.database.unit_of_work() as work:
            work.tokens.save(token, status)
            work.commit()

    def take_strangers(self) -> None:
        """Let the site accept tokens that nobody knows."""
        with self.database.unit_of_work() as work:
            work.sites.save(replace(work.sites.get("s"), accepts_unknown_tokens=True))
            work.commit()

    @property
    def sessions(self) -> list[ChargingSession]:
        """The oldest first."""
        with self.database.reading() as work:
            return list(reversed(work.sessions.list(limit=100)))

    def register_kwh(self, session: ChargingSession) -> list[float]:
        """The readings of the energy register that were kept of a session, the earliest first."""
        with self.database.reading() as work:
            return [sample.value for sample in work.meter_values.of_session(session)]

    def events(self, kind: str) -> list[dict[str, Any]]:
        with self.database.reading() as work:
            return [event.data for event in work.outbox.pending(1000) if event.kind == kind]

    @property
    def set_aside(self) -> int:
        with self.database.reading() as work:
            return work.facts.set_aside_since(LONG_AGO)

    async def _until_answering(self, desk: StationDesk) -> None:
        question = ConnectQuestion(station_id="CP1", security_profile=0)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                with contextlib.suppress(Unavailable):
                    await desk.connect(question)
                    return
                await asyncio.sleep(0.01)
