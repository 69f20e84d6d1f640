"""A real NATS server and a real SQLite file, with a site ``s`` and stations ``A`` and ``B`` in it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.leadership import DatabaseLeadership
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.connection import connect, disconnect, end
from twinev.adapters.messaging.embedded_server import prepare_server
from twinev.adapters.messaging.streams import ensure_streams
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.login import LoggedIn, SessionKind
from twinev.domain.users import AuthorizationStatus, Role, User
from twinev.errors import NotAuthenticated

PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
START = datetime(2026, 11, 22, 18, tzinfo=UTC)


class ManualClock:
    """Stands still."""

    instant = START

    def now(self) -> datetime:
        return self.instant

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds


class TokenIsRole:
    """Takes a role's name for a bearer token: what a real login is, other tests show."""

    cookie_name = "none"

    def __init__(self) -> None:
        self.ended = False
        self.token_expired = False

    def is_open(self, login: LoggedIn) -> bool:
        return not self.ended

    def confirm(self, login: LoggedIn, token: str | None) -> None:
        """Nobody else vouches for a login."""

    def of_token(self, token: str) -> LoggedIn:
        if self.ended or self.token_expired or token not in list(Role):
            raise NotAuthenticated("no such token")
        user = User(id=token, username=token, roles=frozenset({Role(token)}))
        return LoggedIn(
            user=user, session_id="x", kind=SessionKind.TOKEN, expires_at=datetime.now(UTC) + timedelta(hours=1)
        )


@dataclass
class RunningNats:
    """The embedded server, which a test may kill and start again."""

    directory: Path
    port: int

    def __post_init__(self) -> None:
        self.server = prepare_server(directory=self.directory, port=self.port)
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.server.command, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None

    @contextlib.asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[Client]:
        connection = await asyncio.wait_for(connect(self.server.urls[user], user=user), 15)
        try:
            if user == "api":
                await ensure_streams(connection)
            yield connection
        finally:
            await disconnect(connection)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[RunningNats]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = RunningNats(tmp_path / "nats", port)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def database(tmp_path: Path, clock: ManualClock) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'twinev.db'}"
    upgrade(url)
    opened = Database(engine=open_engine(url), clock=clock)
    with opened.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=50))
        for station_id in ("A", "B"):
            evses = (Evse(id=1, max_kw=11),)
            work.stations.save(
                ChargingStation(id=station_id, site_id="s", name=station_id, location=PLACE, evses=evses)
            )
        work.tokens.save("card", AuthorizationStatus.ACCEPTED)
        work.commit()
    yield opened
    opened.close()


@pytest.fixture
def identity() -> TokenIsRole:
    return TokenIsRole()


@pytest.fixture
def leadership(database: Database) -> DatabaseLeadership:
    return DatabaseLeadership(engine=database._engine)


@pytest.fixture
def going() -> Callable[..., contextlib.AbstractAsyncContextManager[list[asyncio.Task]]]:
    """Run services within a block."""
    return _going


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait until something is true."""
    return _until


@contextlib.asynccontextmanager
async def _going(*services: Callable[[], Awaitable[None]]) -> AsyncIterator[list[asyncio.Task]]:
    tasks = [asyncio.create_task(service()) for service in services]
    try:
        yield tasks
    finally:
        await end(*tasks)


async def _until(holds: Callable[[], object], *, within: float = 15.0) -> None:
    deadline = time.monotonic() + within
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, f"not within {within:g} s"
        await asyncio.sleep(0.02)
