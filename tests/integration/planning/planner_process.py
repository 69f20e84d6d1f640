"""A planner as a process of its own, for tests that kill it: ``python planner_process.py NATS_URL``."""

from __future__ import annotations

import asyncio
import sys

from twinev.adapters.messaging.connection import confirm, connect
from twinev.adapters.messaging.planner_endpoint import PlannerEndpoint
from twinev.fleet import ProcessFleet
from twinev.services.solve_problem import SolveProblem, warm_up


async def main(url: str) -> None:
    fleet = ProcessFleet(warm_up=warm_up)
    await fleet.start()
    client = await connect(url, user="planner")
    endpoint = asyncio.create_task(PlannerEndpoint(client=client, planner=SolveProblem(quick=fleet, long=fleet)).run())
    await asyncio.sleep(0)
    await confirm(client)
    print("ready", flush=True)
    await endpoint


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
