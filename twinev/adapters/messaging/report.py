"""How NATS is: streams and their fill, what consumers have before them, who is connected, what was refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import nats.errors

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import StayingClient, inbox_prefix, request
from twinev.adapters.messaging.dead_letters import DeadLetters, KeptLetter
from twinev.adapters.messaging.gateway_board import SeenGateway, read_gateways
from twinev.adapters.messaging.presence import Presence
from twinev.errors import Unavailable

STREAMS = (subjects.FACTS_STREAM, subjects.EVENTS_STREAM, subjects.INBOUND_STREAM, subjects.DEAD_STREAM)
_PRESENCE = f"KV_{subjects.PRESENCE_BUCKET}"
_BOOTS = f"KV_{subjects.BOOTS_BUCKET}"
_ANSWER_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class StreamSeen:
    """A stream; None instead of it where it is missing."""

    name: str
    messages: int
    size_bytes: int
    max_bytes: int

    @property
    def fill(self) -> float:
        """Share of what it may hold, 0 to 1."""
        return self.size_bytes / self.max_bytes if self.max_bytes > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class ConsumerSeen:
    """A durable reader: what it has before it, what it has in hand, what it was given more than once."""

    stream: str
    name: str
    waiting: int
    in_hand: int
    again: int


@dataclass(frozen=True, kw_only=True)
class MessagingReport:
    """All of it at one instant.

    ``stations_at`` counts the stations by the gateway that holds their sockets; ``clock_ahead_seconds`` is by how much
    this machine's clock is ahead of the NATS server's. [s]
    """

    streams: tuple[StreamSeen, ...]
    missing_streams: tuple[str, ...]
    consumers: tuple[ConsumerSeen, ...]
    gateways: tuple[SeenGateway, ...]
    stations_at: dict[str, int]
    dead: int
    newest_dead: KeptLetter | None
    clock_ahead_seconds: float


@asynccontextmanager
async def connected_once(url: str) -> AsyncIterator[StayingClient]:
    """A connection as the user ``api`` for one look, which does not wait for a server that is away.

    Raises
    ------
    Unavailable
        No server answers, or it refuses the login.
    """
    client = StayingClient(shown_name="doctor")
    try:
        await client.look(url, inbox_prefix=inbox_prefix("api"))
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise Unavailable(f"NATS does not answer: {str(error) or repr(error)}") from error
    try:
        yield client
    finally:
        await client.close()


async def read_report(client: StayingClient) -> MessagingReport:
    """Look once.

    Raises
    ------
    Unavailable
        NATS does not answer.
    """
    try:
        infos = {name: await _ask(client, f"STREAM.INFO.{name}") for name in (*STREAMS, _PRESENCE, _BOOTS)}
        there = {name: info for name, info in infos.items() if "error" not in info}
        listed = [name for name in STREAMS if name in there]
        holders = await Presence(client=client).online() if _PRESENCE in there else {}
        newest = await DeadLetters(client=client).newest(1) if subjects.DEAD_STREAM in there else []
        return MessagingReport(
            streams=tuple(_stream(name, there[name]) for name in listed),
            missing_streams=tuple(name for name in infos if name not in there),
            consumers=tuple([consumer for name in listed for consumer in await _consumers(client, name)]),
            gateways=tuple(await read_gateways(client)) if _PRESENCE in there else (),
            stations_at=dict(Counter(holder.gateway_id for holder in holders.values())),
            dead=there[subjects.DEAD_STREAM]["state"]["messages"] if newest else 0,
            newest_dead=newest[0] if newest else None,
            clock_ahead_seconds=await _clock_ahead_seconds(client),
        )
    except (nats.errors.Error, TimeoutError) as error:
        raise Unavailable(f"NATS does not tell how it is: {str(error) or repr(error)}") from error


async def _consumers(client: StayingClient, stream: str) -> list[ConsumerSeen]:
    listed = await _ask(client, f"CONSUMER.LIST.{stream}")
    return [
        ConsumerSeen(
            stream=stream,
            name=consumer["name"],
            waiting=consumer["num_pending"],
            in_hand=consumer["num_ack_pending"],
            again=consumer["num_redelivered"],
        )
        for consumer in listed.get("consumers") or ()
        if consumer["config"].get("durable_name")
    ]


async def _clock_ahead_seconds(client: StayingClient) -> float:
    before = datetime.now(UTC)
    info = await _ask(client, f"STREAM.INFO.{STREAMS[0]}")
    after = datetime.now(UTC)
    if "ts" not in info:
        return 0.0
    # A whole number of nanoseconds is more than datetime reads.
    server = datetime.fromisoformat(info["ts"][:26].rstrip("Z") + "+00:00")
    return ((before + (after - before) / 2) - server).total_seconds()


async def _ask(client: StayingClient, what: str) -> dict[str, Any]:
    answer = await request(client, f"$JS.API.{what}", b"", timeout_seconds=_ANSWER_SECONDS)
    return json.loads(answer.data)


def _stream(name: str, info: dict[str, Any]) -> StreamSeen:
    state, config = info["state"], info["config"]
    return StreamSeen(name=name, messages=state["messages"], size_bytes=state["bytes"], max_bytes=config["max_bytes"])
