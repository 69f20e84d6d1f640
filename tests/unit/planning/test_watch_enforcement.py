"""From what stations accepted and their meters say to the state of a restriction."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.services.told_limits import ToldLimits
from twinev.services.watch_enforcement import WatchEnforcement


@pytest.fixture
def watch(make, memory):
    """A watcher over three stations under a restriction to 6 kW, each told 2 kW."""
    clock = make.clock()
    told = ToldLimits()
    memory.add(make.restriction("A", "B", "C"))
    watcher = WatchEnforcement(unit_of_work=memory.unit_of_work, reading=memory.unit_of_work, clock=clock, told=told)
    for name in "ABC":
        tell(make, told, name, 2.0)
    return watcher, told, clock


def tell(make, told, name, limit_kw, *, at=None):
    for purpose in (ProfilePurpose.TX_DEFAULT, ProfilePurpose.TX):
        transaction = f"tx-{name}" if purpose is ProfilePurpose.TX else None
        profile = ChargingProfile(
            id=1,
            purpose=purpose,
            stack_level=0,
            evse_id=1,
            schedule=ChargingSchedule(
                start=make.NOW - timedelta(hours=1), periods=(SchedulePeriod(start_seconds=0, limit_kw=limit_kw),)
            ),
            ocpp_transaction_id=transaction,
        )
        told.accept((name, 1), profile, None, at or make.NOW)


def measure(memory, clock, **power_kw):
    for name, kw in power_kw.items():
        session = memory.sessions[f"session-{name}"]
        memory.add(replace(session, power_kw=kw, measured_at=clock.now()))


def look(watcher, memory):
    asyncio.run(watcher.look())
    return memory.states["restriction"]


def stations_of(state):
    return {entry["station_id"]: (entry["state"], entry["reason"]) for entry in state["stations"]}


def test_accepted_and_measured_within_the_limit_is_enforced(memory, watch):
    watcher, _, clock = watch
    measure(memory, clock, A=2.0, B=2.0, C=1.9)

    state = look(watcher, memory)

    assert state["state"] == "enforced"
    assert state["first_enforced_at"] == clock.now().isoformat()
    assert state["highest_kw"] == 5.9
    assert memory.events_of("restriction.state")[0]["state"] == "enforced"


def test_highest_power_is_that_since_the_first_enforcement(memory, watch):
    watcher, _, clock = watch
    measure(memory, clock, A=9.0, B=9.0, C=9.0)
    assert "highest_kw" not in look(watcher, memory)
    for total_kw in (3.0, 6.05, 4.0):
        measure(memory, clock, A=total_kw, B=0.0, C=0.0)
        state = look(watcher, memory)

    assert state["highest_kw"] == 6.05


@pytest.mark.parametrize(("seconds", "expected"), [(5, "pending"), (11, "not_enforced")])
def test_power_above_the_limit_counts_after_the_grace(memory, watch, seconds, expected):
    watcher, _, clock = watch
    clock.advance(seconds=seconds)
    measure(memory, clock, A=4.0, B=4.0, C=4.0)

    assert look(watcher, memory)["state"] == expected


def test_changed_limit_gives_stations_their_time_again_and_a_highest_power_of_its_own(make, memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=20)
    measure(memory, clock, A=2.0, B=2.0, C=1.9)
    assert look(watcher, memory)["highest_kw"] == 5.9
    memory.add(replace(memory.restrictions["restriction"], limit_kw=3.0))

    clock.advance(seconds=1)
    changed = look(watcher, memory)
    assert changed["state"] == "pending"
    assert changed.keys().isdisjoint({"first_enforced_at", "highest_kw"})
    clock.advance(seconds=5)
    for name in "ABC":
        tell(make, told, name, 1.0)
    measure(memory, clock, A=1.0, B=1.0, C=0.9)
    followed = look(watcher, memory)
    assert (followed["state"], followed["highest_kw"]) == ("enforced", 2.9)
    assert followed["first_enforced_at"] == clock.now().isoformat()

    clock.advance(seconds=6)
    measure(memory, clock, A=4.0)
    assert look(watcher, memory)["state"] == "not_enforced", "the time is over, counted from the change"


def test_grace_is_of_the_wall_clock(make, memory):
    clock = make.clock(speed=60.0)
    memory.add(make.restriction("A"))
    watcher = WatchEnforcement(
        unit_of_work=memory.unit_of_work, reading=memory.unit_of_work, clock=clock, told=ToldLimits()
    )
    clock.advance(minutes=9)
    measure(memory, clock, A=9.0)

    assert look(watcher, memory)["state"] == "pending"
    clock.advance(minutes=2)
    assert look(watcher, memory)["state"] == "not_enforced"


@pytest.mark.parametrize(("power_kw", "expected"), [(6.11, "enforced"), (6.2, "not_enforced")])
def test_two_percent_above_the_limit_are_tolerated(memory, watch, power_kw, expected):
    watcher, _, clock = watch
    clock.advance(seconds=30)
    measure(memory, clock, A=power_kw, B=0.0, C=0.0)

    assert look(watcher, memory)["state"] == expected


def test_station_that_refuses_makes_it_partly_and_says_why(memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=30)
    told.blame("B", "SetChargingProfile: rejected", clock.now())
    measure(memory, clock, A=1.0, B=1.0, C=1.0)

    state = look(watcher, memory)

    assert state["state"] == "partly"
    assert stations_of(state)["B"] == ("not_enforced", "SetChargingProfile: rejected")
    assert stations_of(state)["A"] == ("enforced", None)


def test_no_station_that_follows_is_not_enforced(memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=30)
    for name in "ABC":
        told.blame(name, "silent", clock.now())

    assert look(watcher, memory)["state"] == "not_enforced"


def test_offline_station_with_an_ev_is_not_enforced(memory, watch):
    watcher, _, clock = watch
    clock.advance(seconds=30)
    memory.go_offline("C")

    state = look(watcher, memory)

    assert state["state"] == "partly"
    assert stations_of(state)["C"][0] == "not_enforced"
    assert "offline" in stations_of(state)["C"][1]


def test_meter_that_falls_silent_is_not_enforced(make, memory, watch):
    watcher, _, clock = watch
    measure(memory, clock, A=2.0, B=2.0, C=0.0)
    assert look(watcher, memory)["state"] == "enforced"
    clock.advance(minutes=3, seconds=1)
    measure(memory, clock, B=2.0)

    state = look(watcher, memory)

    assert state["state"] == "partly"
    assert stations_of(state)["A"] == ("not_enforced", f"its meter is silent since {make.NOW:%H:%M} UTC")
    assert stations_of(state)["C"] == ("enforced", None), "an EV that takes nothing has nothing to report"
    measure(memory, clock, A=2.0)
    assert look(watcher, memory)["state"] == "enforced"


def test_meter_may_be_silent_for_twenty_seconds_of_the_wall(make, memory):
    clock = make.clock(speed=60.0)
    told = ToldLimits()
    memory.add(make.restriction("A"))
    tell(make, told, "A", 2.0)
    watcher = WatchEnforcement(unit_of_work=memory.unit_of_work, reading=memory.unit_of_work, clock=clock, told=told)
    measure(memory, clock, A=2.0)
    clock.advance(minutes=19)

    assert look(watcher, memory)["state"] == "enforced"
    clock.advance(minutes=2)
    assert look(watcher, memory)["state"] == "not_enforced"


def test_profiles_that_allow_more_than_the_limit_are_pending(make, memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=30)
    tell(make, told, "A", 9.0)

    assert look(watcher, memory)["state"] == "pending"


def test_meter_above_what_was_accepted_blames_the_station_until_it_follows(memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=30)
    measure(memory, clock, A=4.5, B=0.0, C=0.0)

    state = look(watcher, memory)

    assert stations_of(state)["A"][0] == "not_enforced" or "A" in told.faults
    assert "draws 4.5 kW" in told.faults["A"].reason
    told.clear("A")
    assert "A" in told.faults, "an accepted profile does not clear what the meter showed"
    measure(memory, clock, A=2.0)
    look(watcher, memory)
    assert "A" not in told.faults


def test_restriction_to_come_is_scheduled(make, memory, watch):
    watcher, _, _ = watch
    start = make.NOW + timedelta(hours=1)
    memory.add(replace(memory.restrictions["restriction"], start=start, end=start + timedelta(hours=1)))

    state = look(watcher, memory)

    assert state["state"] == "scheduled"
    assert {entry["state"] for entry in state["stations"]} == {"scheduled"}


@pytest.mark.parametrize("how", ["ended", "revoked"])
def test_end_and_revocation_are_recorded_with_what_was(memory, watch, how):
    watcher, _, clock = watch
    look(watcher, memory)
    if how == "ended":
        clock.advance(hours=3)
    else:
        memory.add(replace(memory.restrictions["restriction"], revoked_at=clock.now()))

    state = look(watcher, memory)

    assert state["state"] == how
    assert state["first_enforced_at"]
    assert memory.events_of("restriction.state")[-1]["state"] == how


def test_unchanged_state_is_recorded_and_told_once(memory, watch):
    watcher, _, clock = watch
    measure(memory, clock, A=2.0)
    look(watcher, memory)

    look(watcher, memory)

    assert len(memory.events_of("restriction.state")) == 1
