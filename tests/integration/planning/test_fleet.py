"""The pool of processes: results, errors, deaths and calculations that do not end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest

from twinev.errors import SolverFailure, Unavailable
from twinev.fleet import ProcessFleet


@pytest.fixture
def fleet() -> Iterator[ProcessFleet]:
    fleet = ProcessFleet()
    yield fleet
    fleet.close()


def test_fleet_runs_elsewhere_and_keeps_its_process(fleet):
    async def act():
        return [await fleet.run(os.getpid, timeout_seconds=30) for _ in range(2)]

    first, second = asyncio.run(act())

    assert first == second != os.getpid()


def test_fleet_passes_errors_on(fleet):
    with pytest.raises(ZeroDivisionError):
        asyncio.run(fleet.run(divmod, 1, 0, timeout_seconds=30))


def test_fleet_replaces_a_process_that_died_between_calculations(fleet):
    async def act():
        first = await fleet.run(os.getpid, timeout_seconds=30)
        os.kill(first, signal.SIGKILL)
        return first, await fleet.run(os.getpid, timeout_seconds=30)

    first, second = asyncio.run(act())

    assert first != second


def test_fleet_gives_up_what_kills_its_process_twice(fleet):
    with pytest.raises(Unavailable, match="died twice"):
        asyncio.run(fleet.run(os._exit, 1, timeout_seconds=30))


def test_fleet_stops_what_takes_too_long_and_serves_the_next(fleet):
    async def act():
        with pytest.raises(SolverFailure, match="more than"):
            await fleet.run(time.sleep, 60, timeout_seconds=0.5)
        return await fleet.run(os.getpid, timeout_seconds=30)

    assert asyncio.run(act()) != os.getpid()
