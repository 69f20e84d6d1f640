"""Presence: the newest claim wins, older ones notice, what is not renewed expires and is told."""

from __future__ import annotations

import asyncio

from twinev.adapters.messaging.presence import Presence, SocketHolder
from twinev.adapters.messaging.streams import ensure_streams

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
