"""From a grid operator's flexibility order on NATS to a changed plan: real NATS, planner and database."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta

from planning_loops import AcceptingStations, Leading, planning_loops

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters
from twinev.adapters.messaging.inbound_consumer import InboundConsumer
from twinev.adapters.messaging.streams import ensure_streams
from twinev.clock import PlatformClock
from twinev.services.take_announcement import take_announcement
from twinev.services.told_limits import ToldLimits

SUPPLY_KW = 30.0
ORDER_KW = -22.0


@contextlib.asynccontextmanager
async def platform_loops(database, client):
    """Everything between a message and a plan."""
    clock = PlatformClock()
    inbound = InboundConsumer(
        client=client,
        unit_of_work=database.unit_of_work,
        take=take_announcement,
        dead_letters=DeadLetters(client=client),
        leadership=Leading(),
        clock=clock,
    )
    stations = AcceptingStations(clock=clock)
    async with planning_loops(database, client, stations, told=ToldLimits(), beside=[inbound.run]):
        yield


async def next_plan(events, *, trigger: str) -> dict:
    """The data of the next plan that was made because of ``trigger``."""
    async with asyncio.timeout(60):
        while True:
            event = json.loads((await events.next_msg(timeout=60)).data)
            if event["kind"] == "plan.made" and trigger in event["data"]["trigger"]:
                return event["data"]


def test_flexibility_order_lowers_the_plan_and_zero_takes_it_back(nats_server, planner_process, database, make):
    make.fill(database, stations=6, supply_max_kw=SUPPLY_KW)
    now = PlatformClock().now()

    def order(number: int, kw: float) -> bytes:
        message = {
            "message_id": f"order {number}",
            "source": "dso.example",
            "created_at": (now + timedelta(seconds=number)).isoformat(),
            "site_id": "site",
            "unit": "kW",
            "start": (now - timedelta(minutes=15)).isoformat(),
            "step_minutes": 15,
            "values": [kw] * 8,
        }
        return json.dumps(message).encode()

    async def act():
        async with nats_server.client("api") as api, nats_server.client("platform") as dso:
            await ensure_streams(api)
            events = await dso.subscribe("twinev.v1.evt.plan.made")
            jetstream, subject = dso.jetstream(), subjects.inbound("flexibility", "site")
            async with platform_loops(database, api):
                plans = [await next_plan(events, trigger="start")]
                await jetstream.publish(subject, order(1, ORDER_KW))
                plans.append(await next_plan(events, trigger="series.changed"))
                await jetstream.publish(subject, order(2, 0.0))
                plans.append(await next_plan(events, trigger="series.changed"))
            return plans

    free, ordered, again = asyncio.run(act())

    with database.reading() as work:
        stored = [work.plans.get(plan["plan_id"]) for plan in (free, ordered, again)]
    # What other modules hear: the order's slots are under the lowered limit, before and after it nothing is.
    assert max(free["charging_kw"][:6]) > SUPPLY_KW + ORDER_KW
    assert max(ordered["charging_kw"][:6]) <= SUPPLY_KW + ORDER_KW + 1e-3
    assert max(ordered["charging_kw"][8:]) > SUPPLY_KW + ORDER_KW
    assert max(again["charging_kw"][:6]) > SUPPLY_KW + ORDER_KW
    assert [plan.formulation for plan in stored] == ["cpo", "grid", "cpo"]
    assert stored[1].scenario["flexibility_kw"][:6] == [ORDER_KW] * 6
