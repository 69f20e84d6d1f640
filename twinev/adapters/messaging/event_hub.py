"""Spreads the platform's published events within one process: one subscription at NATS, any number of listeners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from twinev.adapters.messaging import subjects
from twinev.errors import BadInput
from twinev.wire.messages import decode
from twinev.wire.rest.system import EventOut

logger = logging.getLogger(__name__)

_WAITING = 1000


class EventHub:
    """Implements `twinev.services.ports.station_link.EventFeed`, for listeners that come and go.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._listeners: set[asyncio.Queue[EventOut]] = set()

    async def run(self) -> None:
        """Pass events on for ever."""
        subscription = await self._client.subscribe(subjects.EVENTS)
        try:
            async for message in subscription.messages:
                self._spread(message)
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield the kind and data of each event from now on."""
        async with self.listening() as heard:
            async for event in heard:
                yield event.kind, event.data

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[EventOut]]:
        """Give an iterator over the events from now on; it ends for a listener that falls far behind."""
        waiting: asyncio.Queue[EventOut] = asyncio.Queue(_WAITING)
        self._listeners.add(waiting)
        try:
            yield self._heard(waiting)
        finally:
            self._listeners.discard(waiting)

    async def _heard(self, waiting: asyncio.Queue[EventOut]) -> AsyncIterator[EventOut]:
        while waiting in self._listeners or not waiting.empty():
            yield await waiting.get()

    def _spread(self, message: Msg) -> None:
        try:
            event = decode(EventOut, message.data)
        except BadInput as error:
            logger.warning("the event on %s cannot be read: %s", message.subject, error)
            return
        for waiting in tuple(self._listeners):
            if waiting.full():
                logger.warning("a listener is %d events behind and is let go", _WAITING)
                self._listeners.discard(waiting)
            else:
                waiting.put_nowait(event)
