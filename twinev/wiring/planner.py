"""Builds and runs the planner: problems in, plans out, over NATS; it never sees the database."""

from __future__ import annotations

import asyncio
import signal

from twinev.adapters.messaging.connection import connect, disconnect, end
from twinev.adapters.messaging.planner_endpoint import PlannerEndpoint
from twinev.adapters.messaging.watchdog import while_linked
from twinev.fleet import ProcessFleet
from twinev.services.solve_problem import SolveProblem, warm_up
from twinev.settings import Settings
from twinev.wiring.nats_url import nats_url


async def run_planner(settings: Settings) -> None:
    """Answer plan requests until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    quick, long = ProcessFleet(warm_up=warm_up), ProcessFleet(warm_up=warm_up)
    url = nats_url(settings, "planner")
    client = await connect(url, user="planner")
    endpoint = asyncio.create_task(PlannerEndpoint(client=client, planner=SolveProblem(quick=quick, long=long)).run())
    # Only the running sites' process is warm from the start; who asks for a long plan waits for the other's start.
    await quick.start()
    ending = asyncio.create_task(while_linked(ended.wait(), client, url))
    try:
        await asyncio.wait({endpoint, ending}, return_when=asyncio.FIRST_COMPLETED)
        (endpoint if endpoint.done() else ending).result()
    finally:
        await end(endpoint, ending)
        quick.close()
        long.close()
        await disconnect(client)
