"""What the routers work with, at ``app.state.platform``; wiring puts it there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.concurrency import contextmanager_in_threadpool

from twinev.api.identity import require_role
from twinev.api.live import LiveView, PlanMemory
from twinev.api.turns import Snapshot
from twinev.domain.reservation import ReservationRules
from twinev.domain.session import ChargingSession
from twinev.domain.users import OPERATORS, STAFF, Role, User
from twinev.services.command_station import CommandStation
from twinev.services.ports.clock import Clock
from twinev.services.ports.planning import Planner
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.wire.rest.system import EventOut, PartHealth

HealthCheck = Callable[[], Awaitable[PartHealth]]


class EventStream(Protocol):
    """Events for listeners that come and go."""

    def listening(self) -> AbstractAsyncContextManager[AsyncIterator[EventOut]]:
        """Give an iterator over the events from now on."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The services behind the API.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    secret_key : str
        Keys the HMACs of new stations' keys.
    reads_at_once : bool
        Whether the database is in this process, so that short reads need no thread.
    health_checks : tuple of HealthCheck
        One for each part whose state ``/health`` tells, beside the database's own.
    """

    unit_of_work: UnitOfWorkFactory
    reading: UnitOfWorkFactory
    clock: Clock
    planner: Planner
    command_station: CommandStation
    events: EventStream
    plan_memory: PlanMemory
    secret_key: str
    reads_at_once: bool = False
    health_checks: tuple[HealthCheck, ...] = ()
    reservation_rules: ReservationRules = field(default_factory=ReservationRules)

    def live_view(
        self, work: UnitOfWork, *, sessions: Iterable[ChargingSession] | None = None, site_id: str | None = None
    ) -> LiveView:
        """Read the active sessions of one site or of all, unless ``sessions`` says which ones matter."""
        return LiveView.read(work, self.plan_memory, self.clock, sessions=sessions, site_id=site_id)


async def platform_of(request: Request) -> Platform:
    return request.app.state.platform


ThePlatform = Annotated[Platform, Depends(platform_of)]


async def reading_work(request: Request, platform: ThePlatform) -> Snapshot:
    """Promise a route a snapshot of the database; `twinev.api.one_turn` opens it where the route is carried out."""
    turn = request.app.state.turns.reading
    return Snapshot(reading=platform.reading, turn=turn, at_once=platform.reads_at_once)


async def long_reading_work(request: Request, platform: ThePlatform) -> Snapshot:
    """Promise a route a snapshot in a thread of its own: others are answered meanwhile."""
    return Snapshot(reading=platform.reading, turn=request.app.state.turns.reading)


async def held_reading(request: Request, platform: ThePlatform) -> AsyncIterator[UnitOfWork]:
    """Give a snapshot of the database to other dependencies too, from before the route until it has ended."""
    async with request.app.state.turns.reading, contextmanager_in_threadpool(platform.reading()) as work:
        yield work


#: For routes that are plain functions. Closed before the answer is sent: whoever reads it slowly keeps no connection.
#: A page or a record, found by an index: others wait meanwhile.
Reading = Annotated[UnitOfWork, Depends(reading_work)]
#: The same for what may take longer than some 20 ms: exports, curves, searches among everything.
LongReading = Annotated[UnitOfWork, Depends(long_reading_work)]
#: For dependencies and coroutines; every change of threads costs, so it is the dearer one.
HeldReading = Annotated[UnitOfWork, Depends(held_reading, scope="function")]

staff_user = require_role(*STAFF)
#: Everybody but drivers, who may see their own sessions alone.
Staff = Annotated[User, Depends(staff_user)]
#: Who runs the charge points.
Operator = Annotated[User, Depends(require_role(*OPERATORS))]
#: Drivers, who see and do what is theirs alone, and who runs the charge points.
Driving = Annotated[User, Depends(require_role(Role.DRIVER, *OPERATORS))]
#: Staff, and drivers, who see what is theirs alone.
AnyRole = Annotated[User, Depends(require_role(*Role))]


async def calling_app(request: Request) -> str | None:
    """Tell which program a request comes from, as it says itself: for the record, and for nothing that matters."""
    return request.headers.get("user-agent", "")[:200] or None


CallingApp = Annotated[str | None, Depends(calling_app)]
