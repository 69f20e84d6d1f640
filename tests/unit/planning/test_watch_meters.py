"""Meters are compared with what was accepted, restriction or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.station_fault import FaultCause
from twinev.services.told_limits import ToldLimits
from twinev.services.watch_meters import WatchMeters


@pytest.fixture
def watch(make, memory):
    clock, told = make.clock(), ToldLimits()
    tell(make, told, ProfilePurpose.TX, 3.0)
    return WatchMeters(reading=memory.unit_of_work, clock=clock, told=told), told, clock


def tell(make, told, purpose, limit_kw, *, evse_id=1):
    profile = ChargingProfile(
        id=1,
        purpose=purpose,
        stack_level=0,
        evse_id=evse_id,
        ocpp_transaction_id="tx-A" if purpose is ProfilePurpose.TX else None,
        schedule=ChargingSchedule(start=make.NOW, periods=(SchedulePeriod(start_seconds=0, limit_kw=limit_kw),)),
    )
    told.accept(("A", evse_id), profile, None, make.NOW)


def measure(memory, clock, power_kw):
    session = memory.sessions["session-A"]
    memory.add(replace(session, power_kw=power_kw, measured_at=clock.now()))


def test_power_above_what_was_accepted_blames_the_station_after_the_grace(memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=9)
    measure(memory, clock, 7.0)
    asyncio.run(watcher.look())
    assert not told.faults

    clock.advance(seconds=2)
    measure(memory, clock, 7.0)
    asyncio.run(watcher.look())

    assert told.faults["A"].cause is FaultCause.METER
    assert told.faults["A"].reason == "EVSE 1 draws 7.0 kW where it accepted 3.0 kW"


def test_power_within_the_limit_clears_it(memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=30)
    for power_kw, faulty in ((7.0, True), (2.9, False)):
        measure(memory, clock, power_kw)
        asyncio.run(watcher.look())
        assert ("A" in told.faults) is faulty


def test_maximum_of_the_station_counts_too(make, memory, watch):
    watcher, told, clock = watch
    tell(make, told, ProfilePurpose.STATION_MAX, 2.0, evse_id=0)
    clock.advance(seconds=30)
    measure(memory, clock, 2.9)

    asyncio.run(watcher.look())

    assert "where it accepted 2.0 kW" in told.faults["A"].reason


def test_station_that_was_told_nothing_is_not_blamed(memory, watch):
    watcher, told, clock = watch
    clock.advance(seconds=30)
    memory.add(replace(memory.sessions["session-B"], power_kw=11.0, measured_at=clock.now()))

    asyncio.run(watcher.look())

    assert not told.faults
