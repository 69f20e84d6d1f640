"""From an operator's request to a station and back: API, NATS, gateway, socket, and a station of the library."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
from gateway_over_nats import running_gateway
from ocpp.routing import on
from ocpp.v201 import ChargePoint, call, call_result
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from twinev.adapters.messaging.connection import confirm
from twinev.adapters.messaging.fact_consumer import FactConsumer
from twinev.adapters.messaging.question_desk import QuestionDesk
from twinev.adapters.messaging.station_commands import StationCommandSender
from twinev.api.app import create_app
from twinev.api.live import PlanMemory
from twinev.api.platform import Platform
from twinev.api.routers import station_use
from twinev.domain.users import Role
from twinev.services.answer_stations import AnswerStations
from twinev.services.command_station import CommandStation
from twinev.services.record_facts import record_facts
from twinev.services.take_out_of_use import TakeOutOfUse

AT = "2026-11-22T18:00:00Z"
ABOUT = {
    "component": {"name": "OCPPCommCtrlr"},
    "variable": {"name": "HeartbeatInterval"},
    "variable_attribute": [{"value": "300"}],
}


class Station(ChargePoint):
    """Has a device model of one variable, which it reports when it is asked."""

    @on("GetBaseReport")
    async def on_get_base_report(self, request_id, **_):
        self.asked_by = request_id
        return call_result.GetBaseReport(status="Accepted")

    async def report(self) -> None:
        part = {"request_id": self.asked_by, "generated_at": AT}
        await self.call(call.NotifyReport(seq_no=0, tbc=True, report_data=[ABOUT], **part))
        await self.call(call.NotifyReport(seq_no=1, **part))


@contextlib.asynccontextmanager
async def connected_station(gateway):
    async with connect(f"ws://127.0.0.1:{gateway.port}/ocpp/A", subprotocols=["ocpp2.0.1"]) as socket:
        station = Station("A", socket, response_timeout=60)
        serving = asyncio.create_task(station.start())
        try:
            yield station
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def operator_of(database, clock, identity):
    """Make a client of the API as the operator of the charge points."""

    def build(api) -> httpx.AsyncClient:
        sender = StationCommandSender(client=api)
        platform = Platform(
            unit_of_work=database.unit_of_work,
            reading=database.reading,
            clock=clock,
            planner=None,
            command_station=CommandStation(commands=sender, unit_of_work=database.unit_of_work, clock=clock),
            events=None,
            plan_memory=PlanMemory(),
            secret_key="secret",
        )
        service = TakeOutOfUse(commands=sender, unit_of_work=database.unit_of_work, clock=clock)
        app = create_app(
            platform=platform,
            identity=identity,
            routers=[station_use.router],
            state={"take_out_of_use": service},
        )
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {Role.CHARGE_POINT_OPERATOR}", "User-Agent": "operations/1"}
        return httpx.AsyncClient(transport=transport, base_url="http://api/api/v1/stations/A", headers=headers)

    return build


@pytest.fixture
def loops_of(database, leadership, clock):
    """The loops of the API that hear what stations ask and tell."""

    def build(api):
        access = {"unit_of_work": database.unit_of_work, "clock": clock}
        answers = AnswerStations(reading=database.reading, secret_key="secret", **access)
        consumer = FactConsumer(client=api, record=record_facts, leadership=leadership, **access)
        return QuestionDesk(client=api, answers=answers).run, consumer.run

    return build


@pytest.fixture
def reports_kept(database):
    def count() -> int:
        with database.reading() as work:
            return len(work.reports.list("A", limit=10))

    return count


@pytest.fixture
def connected(nats_server, clock, going, loops_of, operator_of):
    """Everything from the operator to the station's socket."""

    @contextlib.asynccontextmanager
    async def connection():
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as client,
            going(*loops_of(api)),
            operator_of(api) as operator,
            running_gateway(client, clock) as gateway,
        ):
            await asyncio.sleep(0)  # The desk subscribes.
            await confirm(api)
            yield operator, gateway

    return connection


def test_operator_asks_for_the_device_model_and_reads_it(connected, until, reports_kept) -> None:
    async def scenario():
        async with connected() as (operator, gateway):
            async with connected_station(gateway) as station:
                await station.call(call.BootNotification({"vendor_name": "V", "model": "M"}, "PowerUp"))
                sent = await operator.post("/commands", json={"action": "GetBaseReport"})
                await station.report()
                await until(lambda: reports_kept() == 2)
                shown = await operator.get("/reports", params={"request_id": station.asked_by})
            offline = await operator.post("/commands", json={"action": "ClearCache"})
            return station.asked_by, sent.json(), shown.json()["items"], offline.json()

    asked_by, sent, shown, offline = asyncio.run(asyncio.wait_for(scenario(), 120))

    assert (sent["outcome"], sent["status"], sent["app"]) == ("accepted", "Accepted", "operations/1")
    assert sent["payload"]["request_id"] == asked_by
    assert sent["round_trip_ms"] > 0
    assert [(report["seq_no"], report["to_be_continued"]) for report in shown] == [(1, False), (0, True)]
    assert shown[1]["content"]["reportData"][0]["variable"]["name"] == "HeartbeatInterval"
    assert (offline["outcome"], offline["round_trip_ms"]) == ("offline", None)


def test_blocking_closes_the_open_socket_and_refuses_the_next(connected, until, database) -> None:
    async def scenario():
        async with connected() as (operator, gateway):
            async with connect(f"ws://127.0.0.1:{gateway.port}/ocpp/A", subprotocols=["ocpp2.0.1"]) as socket:
                await until(lambda: is_online(database))
                blocked = await operator.post("/block", json={"reason": "cable damaged"})
                await asyncio.wait_for(socket.wait_closed(), 30)
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{gateway.port}/ocpp/A", subprotocols=["ocpp2.0.1"])
            await until(lambda: not is_online(database))
            await operator.post("/unblock")
            async with connect(f"ws://127.0.0.1:{gateway.port}/ocpp/A", subprotocols=["ocpp2.0.1"]):
                await until(lambda: is_online(database))
            return blocked.status_code, socket.close_code, socket.close_reason, refused.value.response.status_code

    told = asyncio.run(asyncio.wait_for(scenario(), 120))

    assert told == (200, 1008, "cable damaged", 403)


def is_online(database) -> bool:
    with database.reading() as work:
        return work.stations.get("A").online
