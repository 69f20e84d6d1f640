"""A SQLite file with a site ``s`` and stations ``A`` and ``B``, a clock that is set by hand, and the API over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade
from twinev.adapters.database.unit_of_work import Database
from twinev.api.app import create_app
from twinev.api.live import PlanMemory
from twinev.api.platform import Platform
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.commands import AnyCommand, CommandReply
from twinev.domain.login import LoggedIn, SessionKind
from twinev.domain.users import AuthorizationStatus, Role, User
from twinev.errors import NotAuthenticated
from twinev.sct import Problem, Schedule, SessionSchedule, SupplyPointSchedule
from twinev.services.command_station import CommandStation
from twinev.wire.rest.system import EventOut

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)
SECRET = "a secret key of the tests"


@dataclass
class ManualClock:
    instant: datetime = START
    speed: float = 1.0

    def now(self) -> datetime:
        return self.instant

    def wall_seconds(self, platform_seconds: float) -> float:
        return platform_seconds / self.speed

    def advance(self, **duration: float) -> None:
        self.instant += timedelta(**duration)


@dataclass
class FakeCommands:
    """Answers every command alike, and remembers them."""

    outcome: str = "accepted"
    undelivered: bool = False
    sent: list[tuple[str, AnyCommand]] = field(default_factory=list)

    async def send(self, station_id: str, command: AnyCommand, *, timeout_seconds: float = 30.0) -> CommandReply:
        self.sent.append((station_id, command))
        return CommandReply(
            command_id="c",
            outcome=self.outcome,
            status="Accepted",
            round_trip_ms=1.5,
            undelivered=self.undelivered,
        )


@dataclass
class FakePlanner:
    """Plans nothing for anybody; may be held up, or made to fail."""

    error: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def plan(self, problem: Problem, **options: Any) -> Schedule:
        self.asked.append(options)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        none = (0.0,) * problem.slots
        return Schedule(
            scenario_sha256=problem.sha256,
            formulation=options["formulation"],
            profile=None,
            tie_break="earliest",
            status="optimal",
            objective=0.0,
            bound=0.0,
            gap=0.0,
            solver="SCIP",
            method="optimum",
            solve_seconds=0.1,
            sessions=tuple(
                SessionSchedule(id=s.id, energy_kwh=none, soc_kwh=none, reached_slot=None, shortfall_kwh=0.0)
                for s in problem.sessions
            ),
            supply_point=SupplyPointSchedule(imported_kwh=none, exported_kwh=none, limit_excess_kwh=none),
        )


@dataclass
class FakeEvents:
    """Events that a test puts in; listeners that are there hear them."""

    listeners: list[asyncio.Queue[EventOut]] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[EventOut]]:
        queue: asyncio.Queue[EventOut] = asyncio.Queue()
        self.listeners.append(queue)
        try:
            yield self._heard(queue)
        finally:
            self.listeners.remove(queue)

    async def _heard(self, queue: asyncio.Queue[EventOut]) -> AsyncIterator[EventOut]:
        while True:
            yield await queue.get()


class TokenIsRole:
    """Takes a role's name for a bearer token; ``driver:dora`` is the driver Dora."""

    cookie_name = "none"
    at_once = True

    def is_open(self, login: LoggedIn) -> bool:
        return True

    def confirm(self, login: LoggedIn, token: str | None) -> None:
        """Nobody else vouches for a login."""

    def of_token(self, token: str) -> LoggedIn:
        role, _, name = token.partition(":")
        if role not in list(Role):
            raise NotAuthenticated("no such token")
        user = User(id=name or role, username=name or role, roles=frozenset({Role(role)}))
        return LoggedIn(user=user, session_id="x", kind=SessionKind.TOKEN, expires_at=START)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def empty_database(tmp_path: Path, clock: ManualClock, migrated_file: Path) -> Iterator[Database]:
    path = tmp_path / "twinev.db"
    path.write_bytes(migrated_file.read_bytes())
    opened = Database(engine=open_engine(f"sqlite:///{path}"), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def database(empty_database: Database) -> Database:
    with empty_database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Site", location=PLACE, supply_max_kw=50))
        for station_id in ("A", "B"):
            station = ChargingStation(
                id=station_id,
                site_id="s",
                name=f"Station {station_id}",
                location=PLACE,
                evses=(Evse(id=1, max_kw=11),),
                security_profile=1,
            )
            work.stations.save(station)
        work.tokens.save("card", AuthorizationStatus.ACCEPTED)
        work.tokens.save("stolen", AuthorizationStatus.BLOCKED)
        work.commit()
    return empty_database


@pytest.fixture
def commands() -> FakeCommands:
    return FakeCommands()


@pytest.fixture
def planner() -> FakePlanner:
    return FakePlanner()


@pytest.fixture
def events() -> FakeEvents:
    return FakeEvents()


@dataclass
class Api:
    """The application, asked by one role at a time."""

    app: Any

    def client(self, role: str | None = "charge_point_operator") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {role}"} if role else {}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api/api/v1", headers=headers)

    def ask(
        self, method: str, path: str, *, role: str | None = "charge_point_operator", **options: Any
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with self.client(role) as client:
                return await client.request(method, path, **options)

        return asyncio.run(asked())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)


@pytest.fixture
def api(database: Database, clock: ManualClock, commands: FakeCommands, planner: FakePlanner, events: FakeEvents):
    platform = Platform(
        unit_of_work=database.unit_of_work,
        reading=database.reading,
        clock=clock,
        planner=planner,
        command_station=CommandStation(commands=commands, unit_of_work=database.unit_of_work, clock=clock),
        events=events,
        plan_memory=PlanMemory(),
        secret_key=SECRET,
    )
    return Api(create_app(platform=platform, identity=TokenIsRole()))
