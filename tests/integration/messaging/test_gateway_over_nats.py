"""The gateway over a real NATS server, with a station of the `ocpp` library: all the way up and down."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from decimal import Decimal

import nats.errors
from gateway_over_nats import running_gateway
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import connect

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import confirm, end
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.station_commands import StationCommandSender
from twinev.adapters.messaging.streams import ensure_streams
from twinev.clock import PlatformClock
from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import SetChargingProfile
from twinev.domain.facts import BootAnswer, ConnectAnswer, Decision, StationFact
from twinev.wire.messages import decode, encode

STATION = "> RDAM 1"
AT = "2026-11-22T18:00:00Z"
PROFILE = ChargingProfile(
    id=5,
    purpose=ProfilePurpose.TX,
    stack_level=0,
    evse_id=1,
    ocpp_transaction_id="7",
    schedule=ChargingSchedule(
        start=datetime(2026, 11, 22, 18, tzinfo=UTC), periods=(SchedulePeriod(start_seconds=0, limit_kw=7.36),)
    ),
)


class PlayedApi:
    """The API's side: answers questions, takes facts in, decides on transactions."""

    def __init__(self, client) -> None:
        self._client = client
        self.keys: list[str] = []
        self._grown = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def running(self):
        await ensure_streams(self._client)
        await self._client.subscribe(subjects.QUESTIONS, queue="api", cb=self._answer)
        await confirm(self._client)
        taking = asyncio.create_task(self._take_facts())
        try:
            yield self
        finally:
            await end(taking)

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(60), self._grown:
            await self._grown.wait_for(lambda: len(set(self.keys)) >= count)

    async def _answer(self, message) -> None:
        action = message.subject.rpartition(".")[2]
        boot = BootAnswer(status="Accepted", interval_seconds=300, current_time=datetime.now(UTC))
        answers = {"Connect": ConnectAnswer(verdict="accepted"), "BootNotification": boot}
        await message.respond(encode(answers[action]))

    async def _take_facts(self) -> None:
        consumer = await self._client.jetstream().pull_subscribe(subjects.FACTS, durable="api")
        while True:
            try:
                messages = await consumer.fetch(10, timeout=1)
            except (nats.errors.Error, TimeoutError):
                continue
            for message in messages:
                fact = decode(StationFact, message.data)
                if fact.reply_to is not None:
                    await self._client.publish(
                        fact.reply_to, encode(Decision(status="Accepted", ocpp_transaction_id="7"))
                    )
                await message.ack()
                async with self._grown:
                    self.keys.append(fact.key)
                    self._grown.notify_all()


class Station(ChargePoint):
    @on("SetChargingProfile")
    def on_set_profile(self, connector_id, cs_charging_profiles, **_):
        self.profile = cs_charging_profiles
        return call_result.SetChargingProfile(status="Accepted")

    @on("GetConfiguration")
    def on_get_configuration(self, **_):
        value = {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": "Current"}
        return call_result.GetConfiguration(configuration_key=[value])


@contextlib.asynccontextmanager
async def connected_station(gateway):
    async with connect(f"ws://127.0.0.1:{gateway.port}/ocpp/%3E%20RDAM%201", subprotocols=["ocpp1.6"]) as socket:
        station = Station(STATION, socket, response_timeout=60)
        serving = asyncio.create_task(station.start())
        try:
            yield station
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def meter_values(number: int) -> call.MeterValues:
    meter_value = {"timestamp": f"2026-11-22T18:{number:02}:00Z", "sampledValue": [{"value": str(1000 + number)}]}
    return call.MeterValues(connector_id=1, transaction_id=7, meter_value=[meter_value])


def test_station_of_the_library_goes_all_the_way_up_and_down(nats_server) -> None:
    async def scenario() -> None:
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as client,
            PlayedApi(api).running(),
        ):
            sender, presence = StationCommandSender(client=api), Presence(client=api)
            async with running_gateway(client, PlatformClock()) as gateway, connected_station(gateway) as station:
                boot = await station.call(call.BootNotification(charge_point_vendor="V", charge_point_model="M"))
                assert boot.status == "Accepted"
                started = await station.call(
                    call.StartTransaction(connector_id=1, id_tag="AB12", meter_start=1000, timestamp=AT)
                )
                assert started.transaction_id == 7
                reply = await sender.send(STATION, SetChargingProfile(profile=PROFILE))
                assert reply.outcome == "accepted"
                assert station.profile["charging_schedule"]["charging_schedule_period"][0]["limit"] == Decimal("10.6")
                assert [p.limit_kw for p in reply.sent.schedule.periods] == [7.314]
                assert (await presence.online())[STATION].gateway_id == "g1"
            assert (await sender.send(STATION, SetChargingProfile(profile=PROFILE))).outcome == "offline"
            assert await presence.online() == {}

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_meter_values_of_a_connected_station_survive_the_killing_of_nats(nats_server) -> None:
    async def scenario() -> list[str]:
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as client,
            PlayedApi(api).running() as played,
            running_gateway(client, PlatformClock()) as gateway,
            connected_station(gateway) as station,
        ):
            for number in range(20):
                if number == 10:
                    nats_server.kill()
                    nats_server.start()
                # Answered means durable; what is refused a station sends again, as this one does.
                while await station.call(meter_values(number), suppress=True) is None:
                    pass
            await played.wait_for(21)
            return played.keys

    keys = asyncio.run(asyncio.wait_for(scenario(), 120))

    assert sum("MeterValues" in key for key in set(keys)) == 20
