"""From a confirmed restriction to accepted profiles: real NATS, real planner, real database; the stations are fakes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import timedelta

from twinev.adapters.messaging.event_hub import EventHub
from twinev.adapters.messaging.outbox_relay import OutboxRelay
from twinev.adapters.messaging.planner_client import PlannerClient
from twinev.adapters.messaging.streams import ensure_streams
from twinev.clock import PlatformClock
from twinev.domain.charging_profile import ProfilePurpose, SchedulePeriod
from twinev.domain.commands import CommandReply, CompositeSchedule, SetChargingProfile
from twinev.domain.users import Role, User
from twinev.sct import Problem, optimise
from twinev.services.dispatch_plan import PlanDispatcher
from twinev.services.idle_sessions import IdleSessions
from twinev.services.plan_site import SitePlanner
from twinev.services.plan_sites import PlanSites
from twinev.services.restrict import RestrictionOrder, restrict
from twinev.services.told_limits import ToldLimits
from twinev.services.watch_enforcement import WatchEnforcement

STATIONS = 12
LIMIT_KW = 15.0


class AcceptingStations:
    """Stations that accept at once and report what they accepted."""

    def __init__(self, clock):
        self.clock = clock
        self.tx = {}
        self.accepted_at = {}

    async def send(self, station_id, command, *, timeout_seconds=30.0):
        await asyncio.sleep(0)
        if isinstance(command, SetChargingProfile):
            if command.profile.purpose is ProfilePurpose.TX:
                self.tx[station_id] = command.profile
                self.accepted_at[station_id] = time.monotonic()
            return CommandReply(command_id="c", outcome="accepted", sent=command.profile)
        limit_kw = self.limit_kw(station_id)
        composite = CompositeSchedule(
            evse_id=1,
            start=self.clock.now(),
            duration_seconds=10,
            periods=(SchedulePeriod(start_seconds=0, limit_kw=limit_kw),),
        )
        return CommandReply(command_id="c", outcome="accepted", composite=composite)

    def limit_kw(self, station_id):
        return self.tx[station_id].schedule.limit_kw_at(self.clock.now()) or 0.0

    def sum_kw(self):
        return sum(self.limit_kw(station_id) for station_id in self.tx)


def loops_of(database, client, stations, clock):
    """Everything between a restriction in the database and a command to a station."""
    storage = {"unit_of_work": database.unit_of_work, "reading": database.reading}
    told, idle, hub = ToldLimits(), IdleSessions(), EventHub(client=client)
    dispatcher = PlanDispatcher(commands=stations, unit_of_work=database.unit_of_work, clock=clock, told=told)
    site_planner = SitePlanner(
        planner=PlannerClient(client=client), dispatcher=dispatcher, told=told, idle=idle, clock=clock, **storage
    )
    plan_sites = PlanSites(
        site_planner=site_planner,
        dispatcher=dispatcher,
        told=told,
        idle=idle,
        feed=hub,
        reading=database.reading,
        clock=clock,
    )
    relay = OutboxRelay(client=client, leadership=Leading(), **storage)
    database.on_events(relay.wake)
    watch = WatchEnforcement(clock=clock, told=told, interval_seconds=0.2, **storage)
    return plan_sites, [hub.run, relay.run, plan_sites.run, watch.run]


class Leading:
    """The only API process."""

    def held(self):
        return True

    def release(self):
        pass


@contextlib.asynccontextmanager
async def running(loops):
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def assert_reproduced(plan):
    """What is on record makes the same plan again."""
    again = optimise(
        Problem.from_dict(plan.scenario),
        formulation=plan.formulation,
        profile=plan.profile,
        solver=plan.solver,
        gap=plan.gap,
        time_limit=plan.time_limit_seconds,
    ).to_dict()
    told_apart = ("solve_seconds", "explanations")
    assert {key: again[key] for key in again if key not in told_apart} == {
        key: plan.schedule[key] for key in plan.schedule if key not in told_apart
    }


def state_of(database, restriction_id):
    with database.reading() as work:
        return (work.restrictions.state(restriction_id) or {}).get("state")


def test_confirmed_restriction_is_accepted_by_every_station_and_enforced(
    nats_server, planner_process, database, make, capsys
):
    clock = PlatformClock()
    names = make.fill(database, stations=STATIONS)
    stations = AcceptingStations(clock)
    operator = User(id="u", username="operator", roles=frozenset({Role.GRID_OPERATOR}))

    async def act():
        async with nats_server.client("api") as client:
            await ensure_streams(client)
            plan_sites, loops = loops_of(database, client, stations, clock)
            async with running(loops):
                await make.until(lambda: len(stations.tx) == STATIONS and stations.sum_kw() > LIMIT_KW)
                now = clock.now()
                started = time.monotonic()
                restriction = await asyncio.to_thread(
                    restrict,
                    RestrictionOrder(
                        station_ids=tuple(names), limit_kw=LIMIT_KW, start=now, end=now + timedelta(hours=2)
                    ),
                    user=operator,
                    unit_of_work=database.unit_of_work,
                    clock=clock,
                )
                await make.until(lambda: stations.sum_kw() <= LIMIT_KW)
                seconds = max(stations.accepted_at.values()) - started
                await make.until(lambda: state_of(database, restriction.id) == "enforced")
                return restriction, seconds, plan_sites.health()

    restriction, seconds, health = asyncio.run(act())

    with database.reading() as work:
        plan = work.plans.latest("site")
        commands = [c for name in names for c in work.commands.list(limit=50, station_id=name)]
        kept = work.restrictions.state(restriction.id)
    with capsys.disabled():
        solving = plan.schedule["solve_seconds"]
        print(f"\n  from the restriction to the last accepted profile: {seconds:.2f} s, {solving:.2f} s of it solving")
    assert health.ok
    assert_reproduced(plan)
    assert "restriction.created" in plan.trigger
    assert sum(command.restriction_id == restriction.id for command in commands) >= STATIONS
    assert {command.outcome for command in commands} == {"accepted"}
    assert kept["first_enforced_at"]
