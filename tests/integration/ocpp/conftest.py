"""The gateway with its four ports played by hand, and a station that speaks raw frames over a real socket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ocpp_messages
import pytest
from ocpp_platform import OcppPlatform
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from twinev.adapters.database.migrate import upgrade
from twinev.adapters.ocpp.gateway import Gateway
from twinev.domain.commands import CommandMessage, CommandReply
from twinev.domain.facts import (
    AuthorizeQuestion,
    BootAnswer,
    BootQuestion,
    ConnectAnswer,
    ConnectionChanged,
    ConnectQuestion,
    Decision,
    StationFact,
)
from twinev.errors import Unavailable

NOW = datetime(2026, 11, 22, 18, 0, 5, tzinfo=UTC)
WAIT_SECONDS = 10.0


class ManualClock:
    """Stands still at `NOW` until a test sets another ``instant``."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant


class FakeDesk:
    """An API whose answers are set by the test; ``away`` is what a stopped API looks like."""

    def __init__(self) -> None:
        self.away = False
        self.connect_answer = ConnectAnswer(verdict="accepted", evse_count=2)
        self.boot_status = "Accepted"
        self.asked: list[ConnectQuestion | BootQuestion | AuthorizeQuestion] = []

    async def connect(self, question: ConnectQuestion) -> ConnectAnswer:
        self._note(question)
        return self.connect_answer

    async def boot(self, question: BootQuestion) -> BootAnswer:
        self._note(question)
        return BootAnswer(status=self.boot_status, interval_seconds=300, current_time=NOW)

    async def authorize(self, question: AuthorizeQuestion) -> Decision:
        self._note(question)
        return Decision(status="Accepted")

    def _note(self, question: ConnectQuestion | BootQuestion | AuthorizeQuestion) -> None:
        self.asked.append(question)
        if self.away:
            raise Unavailable("the API does not answer")


class FakeFacts:
    """Keeps facts; ``release`` holds publications back, ``away`` refuses them, ``decision`` None never decides."""

    def __init__(self) -> None:
        self.away = False
        self.decision: Decision | None = Decision(status="Accepted", ocpp_transaction_id="42")
        self.release = asyncio.Event()
        self.release.set()
        self._arrived = asyncio.Event()
        self.published: list[StationFact] = []
        self._changed = asyncio.Condition()

    async def publish(self, fact: StationFact) -> None:
        self._arrived.set()
        await self.release.wait()
        if self.away:
            raise Unavailable("NATS does not take it")
        async with self._changed:
            self.published.append(fact)
            self._changed.notify_all()

    async def publish_and_wait(self, fact: StationFact, *, timeout_seconds: float) -> Decision:
        await self.publish(fact)
        if self.decision is None:
            raise Unavailable("nobody decided")
        return self.decision

    def hold_back(self) -> None:
        """Let publications wait from now on, for ``release``."""
        self.release.clear()
        self._arrived.clear()

    async def wait_for_one_held(self) -> None:
        """Return when a publication waits."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self._arrived.wait()

    async def wait_for(self, kind: str, count: int = 1) -> list[StationFact]:
        """The facts of ``kind``, as soon as there are ``count`` of them."""
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(lambda: len(self.of(kind)) >= count)
            return self.of(kind)

    def of(self, kind: str) -> list[StationFact]:
        return [fact for fact in self.published if fact.fact.kind == kind]

    @property
    def connections(self) -> list[ConnectionChanged]:
        return [fact.fact for fact in self.of("ConnectionChanged")]


class FakeInbox:
    def __init__(self, commands: FakeCommands, station_id: str, handle: Any) -> None:
        self._commands, self._station_id, self.handle = commands, station_id, handle

    async def close(self) -> None:
        if self._commands.inboxes.get(self._station_id) is self:
            del self._commands.inboxes[self._station_id]


class FakeCommands:
    def __init__(self) -> None:
        self.inboxes: dict[str, FakeInbox] = {}
        self._ids = itertools.count()

    async def open(self, station_id: str, handle: Any) -> FakeInbox:
        self.inboxes[station_id] = FakeInbox(self, station_id, handle)
        return self.inboxes[station_id]

    async def send(self, station_id: str, command: Any, *, timeout_seconds: float = 5.0) -> CommandReply:
        message = CommandMessage(
            command_id=str(next(self._ids)), station_id=station_id, command=command, timeout_seconds=timeout_seconds
        )
        return await self.inboxes[station_id].handle(message)


class FakeClaim:
    def __init__(self, presence: FakePresence, station_id: str, connection_id: str) -> None:
        self._presence, self._station_id, self._connection_id = presence, station_id, connection_id

    async def renew(self) -> bool:
        self._presence.renewals += 1
        return self._presence.holders.get(self._station_id) == self._connection_id

    async def release(self) -> None:
        if self._presence.holders.get(self._station_id) == self._connection_id:
            del self._presence.holders[self._station_id]


class FakeBoots:
    """What gateways share of the boots of stations."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}

    async def last_answer(self, station_id: str) -> str:
        return self.answers.get(station_id, "Accepted")

    async def note(self, station_id: str, status: str) -> None:
        self.answers[station_id] = status


class FakePresence:
    def __init__(self) -> None:
        self.holders: dict[str, str] = {}
        self.renewals = 0

    async def claim(self, station_id: str, *, gateway_id: str, connection_id: str) -> FakeClaim:
        self.holders[station_id] = connection_id
        return FakeClaim(self, station_id, connection_id)


class RawStation:
    """A station at the level of frames: what it sends is what the test says, to the letter."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._ids = itertools.count(1)

    async def send(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def receive(self) -> list[Any]:
        async with asyncio.timeout(WAIT_SECONDS):
            return json.loads(await self.socket.recv())

    async def ask(self, action: str, payload: dict[str, Any] | None = None) -> list[Any]:
        """Send a CALL and return the frame that answers it."""
        message_id = f"m{next(self._ids)}"
        await self.send([2, message_id, action, {} if payload is None else payload])
        answer = await self.receive()
        assert answer[1] == message_id, answer
        return answer

    async def answers_before_a_heartbeat(self) -> list[list[Any]]:
        """What comes before the answer to a heartbeat that is sent now: all that earlier frames brought about."""
        probe = f"probe-{next(self._ids)}"
        await self.send([2, probe, "Heartbeat", {}])
        answers = []
        while (answer := await self.receive())[:2] != [3, probe]:
            assert answer[1] != probe, answer
            answers.append(answer)
        return answers

    async def expect_call(self, action: str) -> tuple[str, dict[str, Any]]:
        """The next frame, which must be a CALL of that action: its id and payload."""
        kind, message_id, said, payload = await self.receive()
        assert (kind, said) == (2, action)
        return message_id, payload

    async def answer_call(self, action: str, response: dict[str, Any]) -> dict[str, Any]:
        message_id, payload = await self.expect_call(action)
        await self.send([3, message_id, response])
        return payload

    async def boot(self, protocol: str, abilities: dict[str, str] | None = None) -> None:
        """Boot, be accepted, and tell what was asked: ``abilities`` in the version's own names of keys or variables."""
        answer = await self.ask(*ocpp_messages.boot(protocol))
        assert answer[2]["status"] == "Accepted"
        told = {} if abilities is None else abilities
        if protocol == "ocpp1.6":
            keys = [{"key": key, "readonly": True, "value": value} for key, value in told.items()]
            await self.answer_call("GetConfiguration", {"configurationKey": keys})
            return
        message_id, payload = await self.expect_call("GetVariables")
        await self.send([3, message_id, {"getVariableResult": [_told(x, told) for x in payload["getVariableData"]]}])

    async def closed(self) -> int:
        """The close code, once the gateway has closed the socket."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self.socket.wait_closed()
        assert self.socket.close_code is not None
        return self.socket.close_code


def _told(asked: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    name = asked["variable"]["name"]
    if name not in values:
        return asked | {"attributeStatus": "UnknownVariable"}
    return asked | {"attributeStatus": "Accepted", "attributeValue": values[name]}


class Bench:
    """The gateway and everything around it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.desk = FakeDesk()
        self.facts = FakeFacts()
        self.commands = FakeCommands()
        self.boots = FakeBoots()
        self.presence = FakePresence()
        self.renew_seconds = 0.05
        self.gateway_options: dict[str, Any] = {}
        self.gateway: Gateway | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Bench]:
        self.gateway = Gateway(
            host="127.0.0.1",
            port=0,
            gateway_id="g1",
            clock=self.clock,
            desk=self.desk,
            facts=self.facts,
            commands=self.commands,
            boots=self.boots,
            presence=self.presence,
            renew_seconds=self.renew_seconds,
            **self.gateway_options,
        )
        await self.gateway.start()
        try:
            yield self
        finally:
            await self.gateway.stop()

    def talk(self, protocol: str, script: Callable[[RawStation], Awaitable[Any]]) -> Any:
        """Run the gateway and one station of that version, and return what ``script`` makes of it."""

        async def scenario() -> Any:
            async with self.running(), self.station(protocols=(protocol,)) as station:
                return await script(station)

        return asyncio.run(scenario())

    @contextlib.asynccontextmanager
    async def station(
        self,
        path: str = "/ocpp/CP1",
        *,
        protocols: tuple[str, ...] | None = ("ocpp1.6",),
        key: str | None = None,
        **options: Any,
    ) -> AsyncIterator[RawStation]:
        headers = {}
        if key is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"CP1:{key}".encode()).decode()
        assert self.gateway is not None
        async with _connected(self.gateway, path, protocols, additional_headers=headers, **options) as station:
            yield station


@contextlib.asynccontextmanager
async def _connected(
    gateway: Gateway, path: str, protocols: tuple[str, ...] | None, **options: Any
) -> AsyncIterator[RawStation]:
    async with connect(
        f"ws://127.0.0.1:{gateway.port}{path}",
        subprotocols=None if protocols is None else [Subprotocol(name) for name in protocols],
        ping_interval=None,
        **options,
    ) as socket:
        yield RawStation(socket)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows."""
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def platform(tmp_path: Path, migrated_file: Path) -> OcppPlatform:
    return OcppPlatform(tmp_path, migrated_file)


@pytest.fixture
def connected_station() -> Any:
    """Connect a station to a gateway: gateway, path and sub-protocols in, `RawStation` out of the context."""
    return _connected


@pytest.fixture
def on_platform(platform: OcppPlatform) -> Any:
    """Run ``script(station)`` with station CP1 on a running platform, until all that it said is in the database."""

    def run(protocol: str, script: Any, **options: Any) -> Any:
        async def scenario() -> Any:
            async with (
                platform.running(**options),
                _connected(platform.gateway, "/ocpp/CP1", (protocol,)) as station,
            ):
                returned = await script(station)
                await platform.settled()
                return returned

        return asyncio.run(scenario())

    return run
