"""Where gateways say that they are there, also without stations: in the presence bucket, renewed like a claim."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import nats.errors
from nats.js.api import Header

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import StayingClient
from twinev.adapters.messaging.presence import read_latest
from twinev.adapters.messaging.watchdog import link_health
from twinev.errors import BadInput
from twinev.wire.messages import decode, encode

logger = logging.getLogger(__name__)

RENEW_SECONDS = 10.0
_KEYS = f"$KV.{subjects.PRESENCE_BUCKET}.gateway"


@dataclass(frozen=True, kw_only=True)
class SignOfLife:
    """What a gateway says of itself; ``said_at`` is by its machine's clock, ``trouble`` what NATS refused it."""

    gateway_id: str
    started_at: datetime
    said_at: datetime
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class SeenGateway:
    """A sign of life, and by how much the gateway's clock is ahead of the NATS server's. [s]"""

    sign: SignOfLife
    clock_ahead_seconds: float


class GatewayBoard:
    """Says it for one gateway.

    Parameters
    ----------
    client : StayingClient
        A connection as the user ``gateway``.
    """

    def __init__(self, *, client: StayingClient, gateway_id: str, renew_seconds: float = RENEW_SECONDS) -> None:
        self._client = client
        self._gateway_id = gateway_id
        self._renew_seconds = renew_seconds
        self._started_at = datetime.now(UTC)

    async def run(self) -> None:
        """Say it for ever; what cannot be said now is said the next time."""
        while True:
            pause = self._renew_seconds
            if self._client.is_connected:
                try:
                    await self.say()
                except (nats.errors.Error, TimeoutError) as error:
                    # At the first start of a system the bucket may be missing for a moment: the API makes it.
                    logger.info("no sign of life reaches NATS: %r", error)
                    pause = min(1.0, pause)
            await asyncio.sleep(pause)

    async def say(self) -> None:
        """Say it once."""
        health = link_health(self._client)
        sign = SignOfLife(
            gateway_id=self._gateway_id,
            started_at=self._started_at,
            said_at=datetime.now(UTC),
            trouble="" if health.ok else health.detail,
        )
        await self._client.jetstream().publish(
            f"{_KEYS}.{subjects.station_token(self._gateway_id)}",
            encode(sign),
            headers={Header.EXPECTED_STREAM: f"KV_{subjects.PRESENCE_BUCKET}"},
        )


async def read_gateways(client: StayingClient) -> list[SeenGateway]:
    """Every gateway that has given a sign of life lately.

    Raises
    ------
    nats.errors.Error, TimeoutError
        NATS does not answer.
    """
    seen = []
    for entry in await read_latest(client, f"{_KEYS}.*"):
        try:
            sign = decode(SignOfLife, entry.value)
        except BadInput as error:
            logger.warning("a gateway's sign of life cannot be read: %s", error)
            continue
        seen.append(
            SeenGateway(sign=sign, clock_ahead_seconds=(sign.said_at - entry.stored_at.astimezone(UTC)).total_seconds())
        )
    return sorted(seen, key=lambda gateway: gateway.sign.gateway_id)
