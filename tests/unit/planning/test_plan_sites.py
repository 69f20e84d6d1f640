"""The planning loop: what makes a plan, what makes only one, and what happens when the planner is away."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from twinev.domain.charging_profile import ProfilePurpose
from twinev.errors import Unavailable
from twinev.services.dispatch_plan import PlanDispatcher
from twinev.services.idle_sessions import IdleSessions
from twinev.services.plan_site import SitePlanner
from twinev.services.plan_sites import PlanSites
from twinev.services.told_limits import ToldLimits


def build(make, memory, *, clock=None, debounce_seconds=0.01, check_seconds=60.0, **options):
    """The loop over fakes, with everything that a test may look at."""
    clock = clock or make.clock()
    stations, planner, told, idle, feed = (
        make.stations(clock),
        make.planner(),
        ToldLimits(),
        IdleSessions(),
        make.feed(),
    )
    dispatcher = PlanDispatcher(
        commands=stations, unit_of_work=memory.unit_of_work, clock=clock, told=told, retry_seconds=(0.02, 0.05)
    )
    site_planner = SitePlanner(
        planner=planner,
        unit_of_work=memory.unit_of_work,
        reading=memory.unit_of_work,
        clock=clock,
        dispatcher=dispatcher,
        told=told,
        idle=idle,
    )
    loop = PlanSites(
        site_planner=site_planner,
        dispatcher=dispatcher,
        told=told,
        idle=idle,
        feed=feed,
        reading=memory.unit_of_work,
        clock=clock,
        debounce_seconds=debounce_seconds,
        check_seconds=check_seconds,
        backoff_seconds=(0.01, 0.02),
        **options,
    )
    return SimpleNamespace(
        loop=loop,
        clock=clock,
        stations=stations,
        planner=planner,
        told=told,
        idle=idle,
        feed=feed,
        dispatcher=dispatcher,
    )


@asynccontextmanager
async def running(system):
    task = asyncio.create_task(system.loop.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def sent_plans(memory):
    return [data["plan_id"] for data in memory.events_of("plan.sent")]


def test_start_plans_every_site_and_sends_it(make, memory):
    memory.add(make.site("other"), make.station("X", site_id="other"), make.session("X", site_id="other"))
    system = build(make, memory)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 2)

    asyncio.run(act())

    assert {plan.site_id for plan in memory.plans} == {"site", "other"}
    assert {plan.trigger for plan in memory.plans} == {"start"}
    assert {name for name, _ in system.stations.sent(ProfilePurpose.TX)} == {"A", "B", "C", "X"}
    # The two sites are planned side by side, in any order.
    planned = {plan.schedule["scenario_sha256"] for plan in memory.plans}
    assert planned == {problem.sha256 for problem in system.planner.problems}
    assert [made["status"] for made in memory.events_of("plan.made")] == [
        plan.schedule["status"] for plan in memory.plans
    ]


def test_loop_that_runs_again_plans_again(make, memory):
    system = build(make, memory)

    async def act():
        for times in (1, 2):
            async with running(system):
                await make.until(lambda: len(memory.plans) == times)  # noqa: B023 - awaited before it changes
                await system.dispatcher.idle()

    asyncio.run(act())

    # The record told the second run what the stations had accepted already.
    assert len(system.stations.sent(ProfilePurpose.TX)) == 3


def test_events_that_come_together_make_one_plan(make, memory):
    system = build(make, memory, debounce_seconds=0.05)

    async def act():
        async with running(system):
            await make.until(lambda: len(memory.plans) == 1)
            for name in "ABC":
                system.loop.take_event("session.needs", {"site_id": "site", "session_id": f"session-{name}"})
            system.loop.take_event("series.changed", {"subject": "NL", "kind": "price_eur_per_kwh"})
            await make.until(lambda: len(memory.plans) == 2)
            await system.dispatcher.idle()

    asyncio.run(act())

    assert [plan.trigger for plan in memory.plans] == ["start", "session.needs, series.changed"]


class LaggingFacts:
    """Facts that lag until they are gone; counts how often somebody asked."""

    def __init__(self):
        self.gone = False
        self.asked = 0

    @property
    def lags(self):
        self.asked += 1
        return not self.gone


def test_plan_waits_for_facts_that_lag_and_tells_no_transaction_that_has_ended(make, memory):
    backlog = LaggingFacts()
    system = build(make, memory, backlog=backlog, longest_lag_seconds=3600.0)

    async def act():
        async with running(system):
            # Every few facts that are taken in end another session of the outage.
            for name in "AB":
                asked = backlog.asked
                await make.until(lambda: backlog.asked > asked)  # noqa: B023 - awaited before it changes
                memory.add(replace(memory.sessions[f"session-{name}"], ended_at=make.NOW))
                system.loop.take_event("session.ended", {"site_id": "site"})
            backlog.gone = True
            await make.until(lambda: len(sent_plans(memory)) == 1)

    asyncio.run(act())

    assert [plan.trigger for plan in memory.plans] == ["start, session.ended"]
    assert {name for name, _ in system.stations.sent(ProfilePurpose.TX)} == {"C"}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("restriction.created", {"site_id": "site", "site_ids": ["site"]}),
        ("series.changed", {"site_id": "site", "kind": "flexibility_kw"}),
    ],
)
def test_what_the_grid_asks_for_does_not_wait_for_facts_that_lag(make, memory, kind, data):
    backlog = LaggingFacts()
    system = build(make, memory, backlog=backlog, longest_lag_seconds=3600.0)
    memory.add(make.restriction("A", "B", "C", limit_kw=6.0))

    async def act():
        async with running(system):
            await make.until(lambda: backlog.asked > 0)
            system.loop.take_event(kind, data)
            await make.until(lambda: len(sent_plans(memory)) == 1)

    asyncio.run(act())

    assert sum(make.effective_kw(system.stations, name, make.NOW) for name in "ABC") <= 6.0


@pytest.mark.parametrize(("fields", "plans"), [(["location", "name"], 1), (["evses", "name"], 2), ([], 2)])
def test_edit_of_a_name_makes_no_plan(make, memory, fields, plans):
    system = build(make, memory)

    async def act():
        async with running(system):
            await make.until(lambda: len(memory.plans) == 1)
            system.loop.take_event("station.changed", {"site_id": "site", "station_id": "A", "fields": fields})
            # Whatever the edit did is done when this has been planned.
            await make.until(lambda: len(memory.plans) == plans)
            system.loop.take_event("site.changed", {"site_id": "site"})
            await make.until(lambda: len(memory.plans) == plans + 1)

    asyncio.run(act())

    assert [plan.trigger for plan in memory.plans][plans:] == ["site.changed"]


def test_facts_that_lag_for_ever_do_not_stop_planning(make, memory):
    system = build(make, memory, backlog=LaggingFacts(), longest_lag_seconds=0.05)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)

    asyncio.run(act())

    assert [plan.trigger for plan in memory.plans] == ["start"]


def test_state_that_moves_while_planning_is_planned_again_before_anything_is_sent(make, memory):
    system = build(make, memory)
    restriction = make.restriction("A", "B", "C")

    def restrict_meanwhile():
        if not memory.restrictions:
            memory.add(restriction)
            system.loop.take_event("restriction.created", {"site_id": "site", "site_ids": ["site"]})

    system.planner.meanwhile = restrict_meanwhile

    async def act():
        async with running(system):
            await make.until(lambda: bool(sent_plans(memory)))

    asyncio.run(act())

    assert len(system.planner.problems) == 2
    assert [plan.trigger for plan in memory.plans] == ["start, restriction.created"]
    assert sum(make.effective_kw(system.stations, name, make.NOW) for name in "ABC") <= 6.0


def test_planner_that_is_away_is_asked_again_and_the_last_plan_stays(make, memory):
    system = build(make, memory)
    health = []

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            before = make.effective_kw(system.stations, "A", make.NOW)
            system.planner.errors = [Unavailable("no planner is running")] * 3
            system.loop.take_event("session.needs", {"site_id": "site", "session_id": "session-A"})
            await make.until(lambda: not system.loop.health().ok)
            health.append(system.loop.health().detail)
            assert make.effective_kw(system.stations, "A", make.NOW) == before
            await make.until(lambda: len(memory.plans) == 2)
            await make.until(lambda: system.loop.health().ok)

    asyncio.run(act())

    assert "no planner is running" in health[0]
    assert memory.plans[1].trigger == "session.needs"


def test_restriction_is_kept_by_rule_while_no_planner_answers_and_planned_again_when_one_is_back(make, memory):
    system = build(make, memory)
    kept_kw, health = [], []

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            system.planner.errors = [Unavailable("no planner is running")] * 4
            restriction = make.restriction("A", "B", "C", limit_kw=6.0)
            memory.add(restriction)
            system.loop.take_event("restriction.created", {"site_id": "site", "restriction_id": restriction.id})
            await make.until(lambda: len(sent_plans(memory)) == 2)
            kept_kw.append(sum(make.effective_kw(system.stations, name, make.NOW) for name in "ABC"))
            await make.until(lambda: "planned by rule" in system.loop.health().detail)
            health.append(system.loop.health().detail)
            await make.until(lambda: system.loop.health().ok)

    asyncio.run(act())

    assert 0 < kept_kw[0] <= 6.0
    assert "planned by rule: no planner is running" in health[0]
    assert [plan.trigger for plan in memory.plans] == ["start", "restriction.created", "planner.awaited"]
    assert memory.plans[1].schedule["method"].startswith("rule-based")
    assert memory.plans[1].time_limit_seconds == 0.0


def test_slot_that_begins_makes_a_plan(make, memory):
    clock = make.clock(make.NOW.replace(minute=14, second=59, microsecond=950_000))
    system = build(make, memory, clock=clock)

    async def act():
        async with running(system):
            await make.until(lambda: len(memory.plans) == 1)
            clock.advance(seconds=0.1)
            await make.until(lambda: len(memory.plans) == 2)

    asyncio.run(act())

    assert memory.plans[1].trigger == "slot.began"


def test_restriction_that_ends_makes_a_plan(make, memory):
    clock = make.clock(make.NOW, speed=1000.0)
    memory.add(make.restriction("A", "B", "C", limit_kw=3.0, end=make.NOW + timedelta(minutes=1)))
    system = build(make, memory, clock=clock)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            clock.advance(minutes=2)
            await make.until(lambda: len(sent_plans(memory)) == 2)

    asyncio.run(act())

    now = clock.now()
    assert sum(make.effective_kw(system.stations, name, now) for name in "ABC") > 3.0


def test_new_session_is_told_its_plan_and_an_ended_one_is_let_go(make, memory):
    system = build(make, memory)
    memory.add(make.station("D"))

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            memory.add(make.session("D"))
            memory.add(replace(memory.sessions["session-A"], ended_at=make.NOW))
            system.loop.take_event("session.started", {"site_id": "site", "session_id": "session-D"})
            await make.until(lambda: "D" in [name for name, _ in system.stations.sent(ProfilePurpose.TX)])

    asyncio.run(act())

    assert {entry["id"] for entry in memory.plans[-1].scenario["sessions"]} == {"session-B", "session-C", "session-D"}


def test_station_that_fails_is_reserved_in_the_next_plan_and_taken_back_when_it_follows(make, memory):
    system = build(make, memory)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            system.stations.always["A"] = "timeout"
            memory.add(make.restriction("A", "B", "C", limit_kw=9.0))
            system.loop.take_event("restriction.created", {"site_id": "site", "site_ids": ["site"]})
            await make.until(lambda: len(memory.plans[-1].scenario["sessions"]) == 2)
            system.stations.always.clear()
            await make.until(lambda: len(memory.plans[-1].scenario["sessions"]) == 3)
            await make.until(lambda: not system.told.faults)

    asyncio.run(act())

    triggers = " ".join(plan.trigger for plan in memory.plans)
    assert "station.unresponsive" in triggers
    assert "station.follows" in triggers


def test_station_that_comes_online_is_told_again(make, memory):
    system = build(make, memory)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            system.stations.log.clear()
            system.loop.take_event("station.online", {"site_id": "site", "station_id": "B"})
            await make.until(lambda: len(sent_plans(memory)) == 2)

    asyncio.run(act())

    assert {(name, profile.purpose) for name, profile in system.stations.sent()} == {
        ("B", ProfilePurpose.TX_DEFAULT),
        ("B", ProfilePurpose.TX),
        ("B", ProfilePurpose.STATION_MAX),
    }


def test_offline_station_is_told_nothing(make, memory):
    memory.go_offline("C")
    system = build(make, memory)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)

    asyncio.run(act())

    assert "C" not in [name for name, _ in system.stations.log]


def test_meter_that_lags_its_plan_makes_a_plan(make, memory):
    system = build(make, memory, check_seconds=0.02)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            system.clock.advance(minutes=9)
            lagging = replace(
                memory.sessions["session-A"], energy_kwh=0.1, power_kw=0.7, measured_at=system.clock.now()
            )
            memory.add(lagging)
            for name in "BC":
                memory.add(replace(memory.sessions[f"session-{name}"], power_kw=11.0, energy_kwh=9.0))
            await make.until(lambda: len(memory.plans) == 2)

    asyncio.run(act())

    assert memory.plans[1].trigger == "meter.lags"


def test_ev_that_takes_nothing_is_planned_without_need(make, memory):
    system = build(make, memory, check_seconds=0.02)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            idle = replace(memory.sessions["session-A"], energy_kwh=4.0, power_kw=0.0, measured_at=system.clock.now())
            memory.add(idle)
            # The check must see the offer before the time has passed.
            await make.until(lambda: bool(system.idle._idling))
            system.clock.advance(minutes=6)
            memory.add(replace(idle, measured_at=system.clock.now()))
            await make.until(lambda: "session-A" in system.idle.ids)
            await make.until(lambda: "session.idle" in memory.plans[-1].trigger)

    asyncio.run(act())

    entry = next(entry for entry in memory.plans[-1].scenario["sessions"] if entry["id"] == "session-A")
    assert entry["target_soc"] * entry["capacity_kwh"] == pytest.approx(4.0)


def test_restriction_over_two_sites_holds_for_the_sum_of_both(make, memory):
    memory.add(make.site("other"), make.station("X", site_id="other"), make.session("X", site_id="other"))
    memory.add(make.station("Y", site_id="other"), make.session("Y", site_id="other", needs={"energy_kwh": 1.0}))
    system = build(make, memory)

    def sum_kw(names):
        return sum(make.effective_kw(system.stations, name, make.NOW) for name in names)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 2)
            memory.add(make.restriction("A", "B", "X", "Y", limit_kw=8.0))
            system.loop.take_event("restriction.created", {"site_id": "other", "site_ids": ["other", "site"]})
            await make.until(lambda: 7.5 < sum_kw("ABXY") <= 8.0 + 1e-9)
            await system.dispatcher.idle()

    asyncio.run(act())

    # By need: 20 kWh here, 11 kWh there.
    assert sum_kw("AB") == pytest.approx(8 * 20 / 31, abs=0.05)
    assert sum_kw("ABXY") <= 8.0 + 1e-9


def test_restriction_of_twelve_stations_is_accepted_by_all(make):
    memory = make.memory()
    memory.add(make.site(supply_max_kw=60.0, horizon_slots=96))
    names = [f"S{place:02}" for place in range(12)]
    for name in names:
        memory.add(make.station(name), make.session(name, needs={"energy_kwh": 30.0}))
    system = build(make, memory, debounce_seconds=0.3)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            memory.add(make.restriction(*names, limit_kw=12.0))
            system.feed.queue.put_nowait(("restriction.created", {"site_id": "site", "site_ids": ["site"]}))
            await make.until(lambda: sum(make.effective_kw(system.stations, name, make.NOW) for name in names) <= 12.0)

    asyncio.run(act())


@pytest.mark.parametrize("reconnected_after_minutes", [1, None])
def test_station_that_reconnected_unheard_is_told_again(make, memory, reconnected_after_minutes):
    """The event of a reconnection may be lost with the process that was to hear it: the record still tells."""
    system = build(make, memory)

    async def act():
        async with running(system):
            await make.until(lambda: len(sent_plans(memory)) == 1)
            await system.dispatcher.idle()
        system.stations.log.clear()
        system.clock.advance(minutes=2)
        if reconnected_after_minutes is not None:
            since = make.NOW + timedelta(minutes=reconnected_after_minutes)
            memory.stations["A"] = replace(memory.stations["A"], online_since=since)
        async with running(system):
            await make.until(lambda: len(memory.plans) == 2)
            await system.dispatcher.idle()
            system.loop.mark_dirty("site", "again")
            await make.until(lambda: len(memory.plans) == 3)
            await system.dispatcher.idle()

    asyncio.run(act())

    told = [name for name, _ in system.stations.sent(ProfilePurpose.TX_DEFAULT)]
    assert told == ([] if reconnected_after_minutes is None else ["A"])


def test_station_that_limits_itself_is_planned_at_that_once_its_meter_agrees(make, memory):
    system = build(make, memory)
    system.stations.own_limit_kw["A"] = 1.5

    async def act():
        async with running(system):
            await make.until(lambda: bool(system.told.reported_less.get(("A", 1))))
            system.clock.advance(minutes=1)
            memory.add(replace(memory.sessions["session-A"], power_kw=1.5, measured_at=system.clock.now()))
            planned = len(system.planner.problems)
            system.loop.mark_dirty("site", "test")
            await make.until(lambda: len(system.planner.problems) > planned)

    asyncio.run(act())

    entry = next(s for s in system.planner.problems[-1].to_dict()["sessions"] if s["id"] == "session-A")
    assert entry["max_kw"][0] == 1.5


def test_plan_that_has_many_reasons_names_as_many_as_the_database_keeps(make, memory):
    system = build(make, memory, debounce_seconds=0.05)

    async def act():
        async with running(system):
            await make.until(lambda: len(memory.plans) == 1)
            for number in range(40):
                system.loop.mark_dirty("site", f"reason.number.{number}")
            await make.until(lambda: len(memory.plans) == 2)

    asyncio.run(act())

    expected = "reason.number.0, reason.number.1, reason.number.2, and 37 more"
    assert memory.plans[1].trigger == expected
    assert memory.events_of("plan.made")[1]["trigger"] == expected


@pytest.mark.parametrize("room", [1, 2])
def test_station_that_keeps_few_profiles_and_says_so_late_follows_its_plan(make, memory, room):
    system = build(make, memory)
    system.stations.room["A"] = room

    async def act():
        async with running(system):
            await make.until(lambda: bool(sent_plans(memory)) and (room == 2 or "A" in system.told.room))
            await make.until(lambda: steered(system) and not system.told.faults)
            await system.dispatcher.idle()
            return make.effective_kw(system.stations, "A", make.NOW), dict(system.told.faults)

    power_kw, faults = asyncio.run(act())

    assert power_kw > 0
    assert faults == {}
    assert steered(system)
    assert len([key for key in system.stations.installed if key[0] == "A"]) <= room


def steered(system):
    """Whether the last plan decides on the EV at A."""
    problems = system.planner.problems
    return bool(problems) and "session-A" in [session["id"] for session in problems[-1].to_dict()["sessions"]]
