"""From a confirmed restriction to accepted profiles: real NATS, real planner, real database; the stations are fakes."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from planning_loops import AcceptingStations, planning_loops
from polling import until

from twinev.adapters.messaging.streams import ensure_streams
from twinev.clock import PlatformClock
from twinev.domain.users import Role, User
from twinev.sct import Problem, optimise
from twinev.services.restrict import RestrictionOrder, restrict
from twinev.services.told_limits import ToldLimits
from twinev.services.watch_enforcement import WatchEnforcement

STATIONS = 12
LIMIT_KW = 15.0


def assert_reproduced(plan):
    """What is on record makes the same plan again."""
    again = optimise(
        Problem.from_dict(plan.scenario),
        formulation=plan.formulation,
        profile=plan.profile,
        solver=plan.solver,
        gap=plan.gap,
        # More than it had: a crowded machine may be slower this time, and a limit that is not reached changes nothing.
        time_limit=20 * plan.time_limit_seconds,
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
    stations = AcceptingStations(clock=clock)
    operator = User(id="u", username="operator", roles=frozenset({Role.GRID_OPERATOR}))

    async def act():
        async with nats_server.client("api") as client:
            await ensure_streams(client)
            told = ToldLimits()
            watch = WatchEnforcement(
                clock=clock,
                told=told,
                interval_seconds=0.2,
                unit_of_work=database.unit_of_work,
                reading=database.reading,
            )
            async with planning_loops(database, client, stations, told=told, beside=[watch.run]) as plan_sites:
                await until(lambda: len(stations.tx) == STATIONS and stations.sum_kw() > LIMIT_KW)
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
                await until(lambda: stations.sum_kw() <= LIMIT_KW)
                seconds = max(stations.accepted_at.values()) - started
                await until(lambda: state_of(database, restriction.id) == "enforced")
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
