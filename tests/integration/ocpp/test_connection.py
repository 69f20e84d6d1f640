"""A socket's life: announced and claimed, replaced by a newer one, lost to another gateway, closed."""

from __future__ import annotations

import asyncio

from twinev.domain.commands import RequestStopTransaction

STOP = RequestStopTransaction(ocpp_transaction_id="42")


def test_connection_is_announced_claimed_renewed_and_cleared_away(bench) -> None:
    async def scenario() -> tuple[dict, bool]:
        async with bench.running():
            async with bench.station():
                await bench.facts.wait_for("ConnectionChanged")
                held, listening = dict(bench.presence.holders), "CP1" in bench.commands.inboxes
            await bench.facts.wait_for("ConnectionChanged", 2)
            return held, listening

    held, listening = asyncio.run(scenario())

    on, off = bench.facts.connections
    assert (on.online, off.online, on.gateway_id) == (True, False, "g1")
    assert held == {"CP1": on.connection_id}
    assert on.connection_id == off.connection_id
    assert listening
    assert bench.commands.inboxes == {}
    assert bench.presence.holders == {}


def test_newest_socket_wins_and_the_station_stays_online(bench) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station() as older:
            await bench.facts.wait_for("ConnectionChanged")
            async with bench.station() as newer:
                await bench.facts.wait_for("ConnectionChanged", 2)
                code = await older.closed()
                sending = asyncio.create_task(bench.commands.send("CP1", STOP))
                await newer.answer_call("RemoteStopTransaction", {"status": "Accepted"})
                assert (await sending).outcome == "accepted"
                assert bench.gateway.connected == {"CP1"}
                return code

    assert asyncio.run(scenario()) == 1001
    assert [change.online for change in bench.facts.connections] == [True, True, False]


def test_station_with_a_newer_socket_at_another_gateway_is_given_up(bench) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station() as station:
            await bench.facts.wait_for("ConnectionChanged")
            bench.presence.holders["CP1"] = "a connection of another gateway"
            return await station.closed()

    assert asyncio.run(scenario()) == 1001
    assert [change.online for change in bench.facts.connections] == [True]
    assert bench.presence.holders == {"CP1": "a connection of another gateway"}


def test_station_is_sent_away_when_nats_does_not_take_its_connection(bench) -> None:
    async def scenario() -> int:
        async with bench.running():
            bench.facts.away = True
            async with bench.station() as station:
                return await station.closed()

    assert asyncio.run(scenario()) == 1013
    assert bench.presence.holders == {}


def test_stopping_the_gateway_closes_sockets_and_tells(bench) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station() as station:
            await bench.facts.wait_for("ConnectionChanged")
            await bench.gateway.stop()
            return await station.closed()

    assert asyncio.run(scenario()) == 1001
    assert [change.online for change in bench.facts.connections] == [True, False]


def test_frame_beyond_the_limit_closes_the_socket_with_too_big(bench) -> None:
    async def scenario() -> int:
        async with bench.running(), bench.station() as station:
            await station.send("x" * (1024 * 1024 + 1))
            return await station.closed()

    assert asyncio.run(scenario()) == 1009
