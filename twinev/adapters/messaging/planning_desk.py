"""Tells each API process how planning fares, whichever of them plans: the leading one answers the others."""

from __future__ import annotations

from collections.abc import Callable

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import request
from twinev.errors import BadInput
from twinev.wire.messages import decode, encode
from twinev.wire.rest.system import PartHealth

ASK_SECONDS = 2.0
NAME = "planning"


class PlanningDesk:
    """Answers while this process plans, and asks while it does not.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    own : Callable
        How planning fares here; None where another process plans.
    """

    def __init__(self, *, client: Client, own: Callable[[], PartHealth | None]) -> None:
        self._client = client
        self._own = own

    async def run(self) -> None:
        """Answer for ever; a process that does not plan keeps silent."""
        subscription = await self._client.subscribe(subjects.PLANNING_HEALTH)
        try:
            async for message in subscription.messages:
                await self._answer(message)
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    async def health(self) -> PartHealth:
        """Return how planning fares; not well where nobody plans."""
        own = self._own()
        if own is not None:
            return own
        if not self._client.is_connected:
            return PartHealth(name=NAME, ok=False, detail="how planning fares is not known: NATS is not connected")
        try:
            answer = await request(self._client, subjects.PLANNING_HEALTH, b"", timeout_seconds=ASK_SECONDS)
            return decode(PartHealth, answer.data)
        except (nats.errors.Error, TimeoutError, BadInput) as error:
            return PartHealth(name=NAME, ok=False, detail=f"no API process tells that it plans the sites: {error!r}")

    async def _answer(self, message: Msg) -> None:
        own = self._own()
        if own is not None:
            await self._client.publish(message.reply, encode(own))
