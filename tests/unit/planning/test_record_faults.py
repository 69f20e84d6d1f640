"""A station that does not follow is on record and alerted of once, however often it is tried again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from twinev.domain.station_fault import FaultCause, StationFault
from twinev.errors import Unavailable
from twinev.services.record_faults import RecordFaults
from twinev.services.told_limits import ToldLimits


def run_with(memory, act, *, unit_of_work=None):
    """Run ``act`` on a memory of what was told, whose faults are recorded, and wait until all is written."""
    recorder = RecordFaults(unit_of_work=unit_of_work or memory.unit_of_work, reading=memory.unit_of_work)
    told = ToldLimits(on_fault=recorder.note)

    async def scenario():
        running = asyncio.create_task(recorder.run())
        await asyncio.sleep(0)
        act(told)
        async with asyncio.timeout(10):
            await recorder.settled()
        running.cancel()

    asyncio.run(scenario())


def kinds(memory):
    return [kind for kind, _ in memory.events]


@pytest.mark.parametrize("cause", [cause for cause in FaultCause if cause is not FaultCause.METER])
def test_fault_is_recorded_and_alerted_of(make, memory, cause):
    run_with(memory, lambda told: told.blame("A", "because", make.NOW, cause=cause))

    assert memory.faults["A"] == StationFault(station_id="A", cause=cause, reason="because", since=make.NOW)
    (alert,) = memory.events_of("station.not_following")
    assert alert == {
        "site_id": "site",
        "station_id": "A",
        "cause": str(cause),
        "reason": "because",
        "since": make.NOW.isoformat(),
    }


def test_retries_and_other_reasons_alert_no_more(make, memory):
    def act(told):
        for attempt in range(5):
            told.blame("A", f"attempt {attempt}", make.NOW + timedelta(seconds=attempt), cause=FaultCause.TIMEOUT)
        told.blame("A", "rejected", make.NOW + timedelta(seconds=9), cause=FaultCause.REJECTED)

    run_with(memory, act)

    assert kinds(memory) == ["station.not_following"]
    assert memory.faults["A"].reason == "rejected"
    assert memory.faults["A"].since == make.NOW


def test_reconnection_and_restart_keep_the_fault_until_the_station_follows(make, memory):
    run_with(memory, lambda told: told.blame("A", "offline", make.NOW, cause=FaultCause.OFFLINE))

    def act(told):
        told.forget("A")
        told.blame("A", "rejected", make.NOW + timedelta(minutes=1))
        told.forget("A")

    run_with(memory, act)
    assert kinds(memory) == ["station.not_following"]

    run_with(memory, lambda told: told.clear("A"))

    assert kinds(memory) == ["station.not_following", "station.following"]
    assert memory.faults == {}


def test_meter_s_fault_is_over_only_by_the_meter(make, memory):
    def act(told):
        told.blame("A", "draws 9 kW", make.NOW, by_meter=True)
        told.clear("A")

    run_with(memory, act)
    assert memory.faults["A"].cause is FaultCause.METER

    def follow(told):
        told.blame("A", "draws 9 kW", make.NOW, by_meter=True)
        told.clear("A", by_meter=True)

    run_with(memory, follow)
    assert memory.faults == {}


@pytest.mark.parametrize("cause", [FaultCause.OFFLINE, FaultCause.REJECTED])
def test_meter_within_its_limit_does_not_excuse_a_station_that_cannot_be_told(make, memory, cause):
    def act(told):
        told.blame("A", "cannot be told", make.NOW, cause=cause)
        told.clear("A", by_meter=True)

    run_with(memory, act)
    assert kinds(memory) == ["station.not_following"]
    assert memory.faults["A"].cause is cause


def test_station_that_could_not_be_told_after_its_meter_s_fault_follows_once_it_is_told(make, memory):
    def act(told):
        told.blame("A", "draws 9 kW", make.NOW, by_meter=True)
        told.blame("A", "away", make.NOW, cause=FaultCause.OFFLINE)
        told.clear("A", by_meter=True)
        told.clear("A")

    run_with(memory, act)
    assert memory.faults == {}


def test_station_that_follows_all_along_writes_nothing(make, memory):
    def refuse():
        raise AssertionError("nothing is to be written")

    run_with(memory, lambda told: told.clear("A"), unit_of_work=refuse)

    assert memory.events == []


def test_database_that_is_away_loses_no_fault(make, memory, monkeypatch):
    monkeypatch.setattr("twinev.services.record_faults.RETRY_SECONDS", 0.001)
    failures = [Unavailable("away"), Unavailable("away")]

    def unit_of_work():
        if failures:
            raise failures.pop()
        return memory.unit_of_work()

    run_with(memory, lambda told: told.blame("A", "because", make.NOW), unit_of_work=unit_of_work)

    assert kinds(memory) == ["station.not_following"]
