"""The loops between an event and the commands to stations, wired as the API wires them; the stations are played."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nats.aio.client import Client

from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.connection import end
from twinev.adapters.messaging.event_hub import EventHub
from twinev.adapters.messaging.outbox_relay import OutboxRelay
from twinev.adapters.messaging.planner_client import PlannerClient
from twinev.clock import PlatformClock
from twinev.domain.charging_profile import ChargingProfile, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import CommandReply, CompositeSchedule, SetChargingProfile
from twinev.services.dispatch_plan import PlanDispatcher
from twinev.services.idle_sessions import IdleSessions
from twinev.services.plan_site import SitePlanner
from twinev.services.plan_sites import PlanSites
from twinev.services.told_limits import ToldLimits


@dataclass(kw_only=True)
class AcceptingStations:
    """Stations that accept every profile at once and report what they follow."""

    clock: PlatformClock
    tx: dict[str, ChargingProfile] = field(default_factory=dict)
    tx_default: dict[str, ChargingProfile] = field(default_factory=dict)
    accepted_at: dict[str, float] = field(default_factory=dict)

    async def send(self, station_id: str, command: Any, *, timeout_seconds: float = 30.0) -> CommandReply:
        await asyncio.sleep(0)
        if isinstance(command, SetChargingProfile):
            self._accept(station_id, command.profile)
            return CommandReply(command_id="c", outcome="accepted", sent=command.profile)
        period = SchedulePeriod(start_seconds=0, limit_kw=self.limit_kw(station_id))
        composite = CompositeSchedule(evse_id=1, start=self.clock.now(), duration_seconds=10, periods=(period,))
        return CommandReply(command_id="c", outcome="accepted", composite=composite)

    def limit_kw(self, station_id: str) -> float:
        ruling = self.tx.get(station_id) or self.tx_default[station_id]
        return ruling.schedule.limit_kw_at(self.clock.now()) or 0.0

    def sum_kw(self) -> float:
        return sum(self.limit_kw(station_id) for station_id in self.tx)

    def _accept(self, station_id: str, profile: ChargingProfile) -> None:
        if profile.purpose is ProfilePurpose.TX:
            self.tx[station_id] = profile
            self.accepted_at[station_id] = time.monotonic()
        elif profile.purpose is ProfilePurpose.TX_DEFAULT:
            self.tx_default[station_id] = profile


class Leading:
    """The only API process."""

    def held(self) -> bool:
        return True

    def release(self) -> None:
        """Nobody else waits for it."""


@contextlib.asynccontextmanager
async def planning_loops(
    database: Database,
    client: Client,
    stations: AcceptingStations,
    *,
    told: ToldLimits,
    beside: Sequence[Callable[[], Awaitable[None]]] = (),
) -> AsyncIterator[PlanSites]:
    """Run everything between an event in the database and a command to a station; the loops of ``beside`` with it."""
    clock, idle, hub = stations.clock, IdleSessions(), EventHub(client=client)
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    dispatcher = PlanDispatcher(commands=stations, unit_of_work=database.unit_of_work, clock=clock, told=told)
    common = {"dispatcher": dispatcher, "told": told, "idle": idle, "clock": clock}
    site_planner = SitePlanner(planner=PlannerClient(client=client), **common, **storage)
    plan_sites = PlanSites(site_planner=site_planner, feed=hub, reading=database.reading, **common)
    relay = OutboxRelay(client=client, leadership=Leading(), **storage)
    database.on_events(relay.wake)
    tasks = [asyncio.create_task(loop()) for loop in (hub.run, relay.run, plan_sites.run, *beside)]
    try:
        yield plan_sites
    finally:
        await end(*tasks)
