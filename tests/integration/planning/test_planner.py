"""The planner over a real NATS server, in a process that gets killed."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest
from polling import until

from twinev.adapters.messaging.planner_client import PlannerClient
from twinev.errors import BadInput, ScenarioError, Unavailable
from twinev.sct import Problem, verify


def problem_of(sessions=3):
    return Problem.from_dict(
        {
            "slot_minutes": 15,
            "start": "2026-11-23T18:00:00+01:00",
            "slots": 24,
            "supply_point": {"max_kw": 10, "min_kw": 0},
            "price_eur_per_kwh": [1.0] * 12 + [0.1] * 12,
            "sessions": [
                {
                    "id": f"EV{place}",
                    "capacity_kwh": 60,
                    "soc_kwh": 55,
                    "evse_power_kw": 7.7,
                    "target_soc": 1.0,
                    "target_slot": 23,
                }
                for place in range(sessions)
            ],
        }
    )


def test_problem_goes_out_and_a_verified_plan_comes_back(nats_server, planner_process):
    async def act():
        async with nats_server.client("api") as client:
            return await PlannerClient(client=client).plan(problem_of(), time_limit_seconds=10)

    schedule = asyncio.run(act())

    assert verify(problem_of(), schedule).holds
    assert schedule.status == "optimal"
    assert schedule.shortfall_kwh == 0
    assert schedule.scenario_sha256 == problem_of().sha256


def test_what_is_wrong_with_a_request_comes_back_by_its_key(nats_server, planner_process):
    async def act():
        async with nats_server.client("api") as client:
            with pytest.raises(ScenarioError) as refusal:
                await PlannerClient(client=client).plan(problem_of(), solver="guess", time_limit_seconds=10)
            return refusal.value

    error = asyncio.run(act())

    assert isinstance(error, BadInput)
    assert error.key == "solver"
    assert "highs" in error.allowed


def test_no_planner_is_known_at_once(nats_server):
    async def act():
        async with nats_server.client("api") as client:
            started = time.monotonic()
            with pytest.raises(Unavailable, match="no planner is running"):
                await PlannerClient(client=client).plan(problem_of())
            return time.monotonic() - started

    # Far less than the time that a plan may take.
    assert asyncio.run(act()) < 5.0


def test_planner_killed_over_a_plan_is_noticed_and_serves_again_when_back(nats_server, planner_process, make):
    async def act():
        async with nats_server.client("api") as client:
            planner = PlannerClient(client=client, probe_seconds=0.2)
            worker = planner_process.worker
            os.kill(worker, signal.SIGSTOP)
            started = time.monotonic()
            waiting = asyncio.create_task(planner.plan(problem_of(), time_limit_seconds=10))
            await asyncio.sleep(0)
            planner_process.kill()
            with pytest.raises(Unavailable):
                await waiting
            seconds = time.monotonic() - started
            os.kill(worker, signal.SIGCONT)
            # A worker that nobody reads from any more ends by itself.
            await until(lambda: "spawn_main" not in make.command_line(worker))
            await asyncio.to_thread(planner_process.start)
            return seconds, await planner.plan(problem_of(), time_limit_seconds=10)

    seconds, schedule = asyncio.run(act())

    assert seconds < 5.0
    assert verify(problem_of(), schedule).holds


def test_worker_killed_over_a_plan_is_replaced_and_the_plan_made(nats_server, planner_process):
    async def act():
        async with nats_server.client("api") as client:
            planner = PlannerClient(client=client)
            worker = planner_process.worker
            os.kill(worker, signal.SIGSTOP)
            waiting = asyncio.create_task(planner.plan(problem_of(), time_limit_seconds=10))
            await asyncio.sleep(0)
            os.kill(worker, signal.SIGKILL)
            schedule = await waiting
            return worker, planner_process.worker, schedule

    old, new, schedule = asyncio.run(act())

    assert new != old
    assert verify(problem_of(), schedule).holds
