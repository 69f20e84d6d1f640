"""A real NATS server and a real SQLite file, with a site ``s`` and stations ``A`` and ``B`` in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats_process import NatsProcess
from polling import until_seen
from wired_api import WiredApi, wired_api

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.leadership import leadership_over
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.connection import end
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
    at_once = True

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


class ApiNats(NatsProcess):
    """A server whose API, as the real one, makes the streams first."""

    @contextlib.asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[Client]:
        async with super().client(user) as connection:
            if user == "api":
                await ensure_streams(connection)
            yield connection


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[ApiNats]:
    server = ApiNats(tmp_path / "nats")
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
def leadership(database: Database):
    return leadership_over(database._engine)


@pytest.fixture
def going() -> Callable[..., contextlib.AbstractAsyncContextManager[list[asyncio.Task]]]:
    """Run services within a block."""
    return _going


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait until something is true."""
    return until_seen


@contextlib.asynccontextmanager
async def _going(*services: Callable[[], Awaitable[None]]) -> AsyncIterator[list[asyncio.Task]]:
    tasks = [asyncio.create_task(service()) for service in services]
    try:
        yield tasks
    finally:
        await end(*tasks)


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredApi]:
    """The application as wired, for the tests of a module that ask who may do what."""
    with wired_api(tmp_path_factory.mktemp("wired")) as wired:
        yield wired
