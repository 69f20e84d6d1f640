"""Presence: the newest claim wins, older ones notice, what is not renewed expires and is told."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from twinev.adapters.messaging.connection import end
from twinev.adapters.messaging.gateway_board import GatewayBoard, read_gateways
from twinev.adapters.messaging.presence import Presence, SocketHolder
from twinev.adapters.messaging.streams import ensure_streams
from twinev.errors import Unavailable

STATION = "RDAM 123"


def test_presence_shows_who_holds_a_station_until_it_is_released(nats_server) -> None:
    async def scenario() -> list[dict[str, SocketHolder]]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            presence, seen = Presence(client=api), []
            seen.append(await presence.online())
            claim = await Presence(client=gateway).claim(STATION, gateway_id="g1", connection_id="c1")
            seen.append(await presence.online())
            assert await claim.renew()
            seen.append(await presence.online())
            await claim.release()
            seen.append(await presence.online())
            return seen

    holder = {STATION: SocketHolder(gateway_id="g1", connection_id="c1")}

    assert asyncio.run(scenario()) == [{}, holder, holder, {}]


def test_newest_claim_wins_and_the_older_cannot_take_it_back(nats_server) -> None:
    async def scenario() -> tuple[bool, bool, dict[str, SocketHolder], bool]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            presence = Presence(client=gateway)
            older = await presence.claim(STATION, gateway_id="g1", connection_id="half open")
            newer = await presence.claim(STATION, gateway_id="g2", connection_id="live")
            older_holds, newer_holds = await older.renew(), await newer.renew()
            await older.release()
            online = await Presence(client=api).online()
            await newer.release()
            return older_holds, newer_holds, online, await older.renew()

    older_holds, newer_holds, online, older_after_release = asyncio.run(scenario())

    assert (older_holds, newer_holds, older_after_release) == (False, True, False)
    assert online[STATION].connection_id == "live"


def test_claim_that_is_not_renewed_expires_is_told_and_can_be_renewed_again(nats_server) -> None:
    async def scenario() -> tuple[list[SocketHolder | None], bool]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api, presence_seconds=1)
            claim = await Presence(client=gateway).claim(STATION, gateway_id="g1", connection_id="c1")
            told = []
            async for _, holder in Presence(client=api).changes():
                told.append(holder)
                if holder is None:
                    break
            return told, await claim.renew()

    told, renewed = asyncio.run(asyncio.wait_for(scenario(), 20))

    assert told == [SocketHolder(gateway_id="g1", connection_id="c1"), None]
    assert renewed


def test_of_two_gateways_that_claim_a_station_at_once_exactly_one_holds_it(nats_server) -> None:
    """Each of many rounds: all claims succeed, one claim can be renewed, and the API sees the same one."""
    rounds, sockets = 25, 3

    async def scenario() -> list[tuple[list[str], str]]:
        outcomes = []
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as first,
            nats_server.client("gateway") as second,
        ):
            await ensure_streams(api)
            gateways = {"g1": Presence(client=first), "g2": Presence(client=second)}
            for number in range(rounds):
                station = f"station {number}"
                names = [(gateway, f"{gateway}/{socket}") for gateway in gateways for socket in range(sockets)]
                claims = await asyncio.gather(
                    *(gateways[g].claim(station, gateway_id=g, connection_id=connection) for g, connection in names)
                )
                held = await asyncio.gather(*(claim.renew() for claim in claims))
                winners = [connection for (_, connection), holds in zip(names, held, strict=True) if holds]
                outcomes.append((winners, (await Presence(client=api).online())[station].connection_id))
        return outcomes

    for winners, seen in asyncio.run(scenario()):
        assert winners == [seen]


def test_renewal_whose_answer_was_lost_does_not_cost_the_station_its_socket(nats_server) -> None:
    async def scenario() -> tuple[bool, bool]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            claim = await Presence(client=gateway).claim(STATION, gateway_id="g1", connection_id="c1")
            # Stored, but this claim never learns its revision: as if the server's answer had been lost.
            await claim._bucket.update(claim._key, claim._holder, last=claim._revision)
            return await claim.renew(), await claim.renew()

    assert asyncio.run(scenario()) == (True, True)


def test_claim_that_was_given_up_in_an_outage_does_not_take_the_station_from_a_newer_socket(nats_server) -> None:
    async def scenario() -> tuple[bool, str]:
        async with (
            nats_server.client("api") as api,
            nats_server.client("gateway") as cut_off,
            nats_server.client("gateway") as other,
        ):
            await ensure_streams(api)
            late = Presence(client=cut_off)
            await (await late.claim("somebody else", gateway_id="g1", connection_id="c0")).release()
            # The server dies between the look and the write: what was written waits in the client's buffer.
            bucket = late._bucket
            update = bucket.update

            async def update_after_the_end(*args, **how):
                nats_server.kill()
                while cut_off.is_connected:
                    await asyncio.sleep(0.01)
                return await update(*args, **how)

            bucket.update = update_after_the_end
            with pytest.raises(Unavailable):
                await late.claim(STATION, gateway_id="g1", connection_id="late")
            bucket.update = update
            nats_server.start()
            await other.until_connected(20)
            newer = await _claimed(Presence(client=other))
            await cut_off.until_connected(20)
            await cut_off.flush()
            return await newer.renew(), (await Presence(client=api).online())[STATION].connection_id

    assert asyncio.run(scenario()) == (True, "newer")


async def _claimed(presence: Presence):
    """Claim as soon as JetStream is there again."""
    while True:
        with contextlib.suppress(Unavailable):
            return await presence.claim(STATION, gateway_id="g2", connection_id="newer")


def test_gateway_without_stations_is_seen_and_is_no_station(nats_server) -> None:
    async def scenario():
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api)
            board = GatewayBoard(client=gateway, gateway_id="gateway-1")
            await board.say()
            await gateway.publish("ocpp.up", b"")  # Which it may not.
            await gateway.flush()
            await gateway.flush()
            await board.say()
            return await read_gateways(api), await Presence(client=api).online()

    (seen,), stations = asyncio.run(scenario())

    assert seen.sign.gateway_id == "gateway-1"
    assert "ocpp.up" in seen.sign.trouble
    assert abs(seen.clock_ahead_seconds) < 60
    assert stations == {}


def test_gateway_that_says_nothing_more_is_seen_no_more(nats_server) -> None:
    async def scenario() -> tuple[int, int]:
        async with nats_server.client("api") as api, nats_server.client("gateway") as gateway:
            await ensure_streams(api, presence_seconds=1)
            speaking = asyncio.create_task(
                GatewayBoard(client=gateway, gateway_id="gateway-1", renew_seconds=0.2).run()
            )
            while not await read_gateways(api):
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.5)
            while_speaking = len(await read_gateways(api))
            await end(speaking)
            async with asyncio.timeout(20):
                while await read_gateways(api):
                    await asyncio.sleep(0.05)
            return while_speaking, len(await read_gateways(api))

    assert asyncio.run(scenario()) == (1, 0)
