"""A small CSMS of the `ocpp` library, for stations to connect to over real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ocpp.v16
import ocpp.v21
import ocpp.v201
import pytest
from ocpp.routing import on
from ocpp.v16 import call_result as result16
from ocpp.v201 import call_result as result201
from websockets.asyncio.server import ServerConnection, serve

from twinev.clock import PlatformClock
from twinev.simulator.arrivals import ScriptedVisits
from twinev.simulator.faults import Faults
from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.simulation import Simulation

LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Call:
    """A CALL that a station made; ``connection`` counts its sockets."""

    station: str
    connection: int
    message_id: str
    action: str
    payload: dict[str, Any]


class Csms:
    """What the CSMS saw and how it is told to behave."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.stations: dict[str, Any] = {}
        self.sockets: dict[str, ServerConnection] = {}
        self.authorizations: list[str | None] = []
        self.close_codes: list[int | None] = []
        self.boot_statuses: list[str] = []
        self.token_status = "Accepted"
        self.token_group: str | None = None
        self.ahead = timedelta(0)
        # Decides of each CALL: it is handled ("answer"), gets a CALLERROR ("refuse"), or the socket is cut before it is
        # handled ("cut") or after ("cut after handling").
        self.fate: Callable[[Call], str] = lambda _call: "answer"
        self.transaction_ids: dict[str, int] = {}
        self._connections = 0
        self._changed = asyncio.Condition()

    def of(self, action: str, station: str | None = None) -> list[dict[str, Any]]:
        """The payloads of all CALLs of that action."""
        return [c.payload for c in self.calls if c.action == action and station in (None, c.station)]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until the condition holds, and return its value."""
        async with asyncio.timeout(LONGEST_WAIT_SECONDS), self._changed:
            while not condition():
                # What is not seen in a message, such as a line of the ledger, is looked at again now and then.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.05)
        return condition()

    async def changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def serve(self, socket: ServerConnection) -> None:
        station_id = socket.request.path.rsplit("/", 1)[-1]
        self._connections += 1
        self.authorizations.append(socket.request.headers.get("Authorization"))
        peer = KINDS[socket.subprotocol](station_id, _Tap(socket, self, station_id, self._connections))
        peer.csms = self
        self.stations[station_id], self.sockets[station_id] = peer, socket
        await self.changed()
        try:
            await peer.start()
        except (Cut, Exception) as end:  # a socket's end is an exception in the library's loop
            if not isinstance(end, Cut) and socket.close_code is None:
                raise
            self.close_codes.append(socket.close_code)
            socket.transport.abort()


class Cut(Exception):
    """The test cuts the socket here."""


class _Tap:
    """Stands between the library and the socket: notes every CALL, and carries out its fate."""

    def __init__(self, socket: ServerConnection, csms: Csms, station_id: str, connection: int) -> None:
        self._socket, self._csms, self._station_id, self._connection = socket, csms, station_id, connection
        self._cut_at_answer_to: str | None = None

    async def recv(self) -> str:
        raw = await self._socket.recv()
        frame = json.loads(raw)
        if frame[0] == 2:
            call = Call(
                station=self._station_id,
                connection=self._connection,
                message_id=frame[1],
                action=frame[2],
                payload=frame[3],
            )
            self._csms.calls.append(call)
            fate = self._csms.fate(call)
            await self._csms.changed()
            if fate == "cut":
                raise Cut
            if fate == "refuse":
                await self._socket.send(json.dumps([4, call.message_id, "InternalError", "try again", {}]))
                return await self.recv()
            if fate == "cut after handling":
                self._cut_at_answer_to = call.message_id
        return raw

    async def send(self, message: str) -> None:
        if json.loads(message)[1] == self._cut_at_answer_to:
            raise Cut
        await self._socket.send(message)
        await self._csms.changed()


def now_text(csms: Csms) -> str:
    return (datetime.now(UTC) + csms.ahead).isoformat()


class Csms16(ocpp.v16.ChargePoint):
    csms: Csms

    @on("BootNotification")
    def boot(self, **_: Any) -> result16.BootNotification:
        status = self.csms.boot_statuses.pop(0) if self.csms.boot_statuses else "Accepted"
        return result16.BootNotification(
            current_time=now_text(self.csms), interval=300 if status == "Accepted" else 1, status=status
        )

    @on("Heartbeat")
    def heartbeat(self) -> result16.Heartbeat:
        return result16.Heartbeat(current_time=now_text(self.csms))

    @on("StatusNotification")
    def status(self, **_: Any) -> result16.StatusNotification:
        return result16.StatusNotification()

    @on("Authorize")
    def authorize(self, **_: Any) -> result16.Authorize:
        group = {"parent_id_tag": self.csms.token_group} if self.csms.token_group else {}
        return result16.Authorize(id_tag_info={"status": self.csms.token_status, **group})

    @on("StartTransaction")
    def started(self, **facts: Any) -> result16.StartTransaction:
        # As a CSMS must: the same start, told again, is the same transaction.
        key = json.dumps(facts, sort_keys=True)
        number = self.csms.transaction_ids.setdefault(key, 1001 + len(self.csms.transaction_ids))
        return result16.StartTransaction(transaction_id=number, id_tag_info={"status": self.csms.token_status})

    @on("StopTransaction")
    def stopped(self, **_: Any) -> result16.StopTransaction:
        return result16.StopTransaction()

    @on("MeterValues")
    def metered(self, **_: Any) -> result16.MeterValues:
        return result16.MeterValues()

    @on("DataTransfer")
    def transferred(self, **_: Any) -> result16.DataTransfer:
        return result16.DataTransfer(status="Accepted")


class Answers2:
    """What 2.0.1 and 2.1 have in common."""

    csms: Csms

    @on("BootNotification")
    def boot(self, **_: Any) -> result201.BootNotification:
        status = self.csms.boot_statuses.pop(0) if self.csms.boot_statuses else "Accepted"
        return result201.BootNotification(
            current_time=now_text(self.csms), interval=300 if status == "Accepted" else 1, status=status
        )

    @on("Heartbeat")
    def heartbeat(self) -> result201.Heartbeat:
        return result201.Heartbeat(current_time=now_text(self.csms))

    @on("StatusNotification")
    def status(self, **_: Any) -> result201.StatusNotification:
        return result201.StatusNotification()

    @on("Authorize")
    def authorize(self, **_: Any) -> result201.Authorize:
        group = {"group_id_token": {"id_token": self.csms.token_group, "type": "Central"}}
        return result201.Authorize(
            id_token_info={"status": self.csms.token_status, **(group if self.csms.token_group else {})}
        )

    @on("TransactionEvent")
    def transaction(self, **facts: Any) -> result201.TransactionEvent:
        info = {"status": self.csms.token_status} if "id_token" in facts else None
        return result201.TransactionEvent(id_token_info=info)

    @on("NotifyEVChargingNeeds")
    def needs(self, **_: Any) -> result201.NotifyEVChargingNeeds:
        return result201.NotifyEVChargingNeeds(status="Accepted")

    @on("NotifyChargingLimit")
    def limited(self, **_: Any) -> result201.NotifyChargingLimit:
        return result201.NotifyChargingLimit()

    @on("ReservationStatusUpdate")
    def reservation_status(self, **_: Any) -> result201.ReservationStatusUpdate:
        return result201.ReservationStatusUpdate()

    @on("ClearedChargingLimit")
    def limit_cleared(self, **_: Any) -> result201.ClearedChargingLimit:
        return result201.ClearedChargingLimit()


class Csms201(Answers2, ocpp.v201.ChargePoint):
    pass


class Csms21(Answers2, ocpp.v21.ChargePoint):
    pass


KINDS = {"ocpp1.6": Csms16, "ocpp2.0.1": Csms201, "ocpp2.1": Csms21}


@asynccontextmanager
async def _csms() -> AsyncIterator[Csms]:
    csms = Csms()
    async with serve(csms.serve, "127.0.0.1", 0, subprotocols=list(KINDS)) as server:
        csms.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        yield csms


@asynccontextmanager
async def _simulation(
    csms: Csms,
    specs: list[StationSpec],
    script: dict[str, list[dict[str, Any]]],
    *,
    speed: float = 60.0,
    clock: PlatformClock | None = None,
    **options: Any,
) -> AsyncIterator[Simulation]:
    """Stations with scripted EVs, running at an accelerated clock while the block runs."""
    now = time.time()
    clock = clock or PlatformClock(speed=speed, wall_origin=now, platform_origin=now)
    ledger = Ledger(options.pop("ledger", None))
    origin = options.pop("origin", clock.now())
    arrivals = {(spec.id, evse): script.get(spec.id, []) for spec in specs for evse in range(1, spec.evses + 1)}
    faults = Faults(listed=options.pop("faults", {}), seed=1, origin=origin)
    visits = ScriptedVisits(arrivals=arrivals, origin=origin, id_tokens=["CARD-1", "CARD-2"])
    simulation = Simulation(
        stations=specs, url=csms.url, clock=clock, visits=visits, faults=faults, ledger=ledger, **options
    )
    stop = asyncio.Event()
    running = asyncio.create_task(simulation.run(stop))
    try:
        yield simulation
    finally:
        stop.set()
        async with asyncio.timeout(2):
            await running


@pytest.fixture
def open_csms() -> Callable[[], Any]:
    """Opens a CSMS: ``async with open_csms() as csms``."""
    return _csms


@pytest.fixture
def simulated() -> Callable[..., Any]:
    """Runs stations: ``async with simulated(csms, specs, script) as simulation``."""
    return _simulation


@pytest.fixture
def basic() -> Callable[[str, str], str]:
    """The header of HTTP basic authentication."""
    return lambda user, key: "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()
