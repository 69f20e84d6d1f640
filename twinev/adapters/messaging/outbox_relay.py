"""Publishes the events of the outbox to JetStream: woken by each commit, and by a clock for what was left over.

The leading API process publishes; another one, whose commits leave events too, tells it that they wait.

Each event is checked against its schema first. One that breaks it is a mistake in TwinEV: it goes to the dead letters
instead, so that neither those who rely on the schema nor the events behind it suffer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters, dead_letter
from twinev.errors import BadInput
from twinev.services.ports.exchange import OutboxEvent
from twinev.services.ports.requests import Leadership
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.wire.message_schemas import require_fits
from twinev.wire.messages import encode
from twinev.wire.rest.system import EventOut

logger = logging.getLogger(__name__)

_BATCH = 200
_PUBLISH_SECONDS = 5.0
_REMEDY = "report it: TwinEV made an event that its own schema forbids"


class OutboxRelay:
    """Moves events from the database to the stream, in order; each at least once, and once by its Msg-Id.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    leadership : Leadership
        Only the leading API process publishes.
    poll_seconds : float
        How long an event may wait of which nothing was heard: a failure left it. [s]
    on_refused : callable
        Told when an event broke its schema: who would have heard of it has to look for himself.
    """

    def __init__(
        self,
        *,
        client: Client,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        leadership: Leadership,
        poll_seconds: float = 1.0,
        on_refused: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self._dead_letters = DeadLetters(client=client)
        self._on_refused = on_refused
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._leadership = leadership
        self._poll_seconds = poll_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._filled_here = False

    def wake(self) -> None:
        """Say that there are events; from any thread."""
        self._filled_here = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._awake.set)

    async def run(self) -> None:
        """Relay for ever."""
        self._loop = asyncio.get_running_loop()
        subscription = await self._client.subscribe(subjects.OUTBOX_FILLED, cb=self._hear)
        try:
            await self._relay_for_ever()
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    async def _hear(self, _message: Msg) -> None:
        self._awake.set()

    async def _relay_for_ever(self) -> None:
        while True:
            self._awake.clear()
            filled_here, self._filled_here = self._filled_here, False
            try:
                leads = await asyncio.to_thread(self._leadership.held)
                if filled_here and not leads:
                    await self._client.publish(subjects.OUTBOX_FILLED)
                while leads and await self._relay():
                    leads = await asyncio.to_thread(self._leadership.held)
            except Exception as error:
                # Whatever is away now comes back; the events wait till then.
                logger.warning("events wait in the outbox: %r", error)
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def _relay(self) -> bool:
        """Publish a batch; tell whether there may be more."""
        events = await asyncio.to_thread(self._pending)
        published: list[str] = []
        try:
            for event in events:
                await self._publish(event)
                published.append(event.id)
        finally:
            if published:
                await asyncio.to_thread(self._forget, published)
        return len(events) == _BATCH

    async def _publish(self, event: OutboxEvent) -> None:
        body = encode(EventOut(id=event.id, kind=event.kind, at=event.at, data=event.data))
        try:
            require_fits(f"evt.{event.kind}", body)
        except BadInput as fault:
            await self._refuse(event, body, str(fault))
            return
        await self._client.jetstream().publish(
            subjects.event(event.kind),
            body,
            timeout=_PUBLISH_SECONDS,
            stream=subjects.EVENTS_STREAM,
            headers={Header.MSG_ID: event.id},
        )

    async def _refuse(self, event: OutboxEvent, body: bytes, reason: str) -> None:
        logger.error("event %s (%s) breaks its schema and is not published: %s", event.id, event.kind, reason)
        letter = dead_letter(
            body,
            subject=subjects.event(event.kind),
            reason=reason,
            remedy=_REMEDY,
            received_at=event.at,
            refused_at=event.at,
            sequence=0,
        )
        await self._dead_letters.add(letter, message_id=event.id)
        if self._on_refused is not None:
            self._on_refused()

    def _pending(self) -> list[OutboxEvent]:
        with self._reading() as work:
            return list(work.outbox.pending(_BATCH))

    def _forget(self, event_ids: list[str]) -> None:
        with self._unit_of_work() as work:
            work.outbox.published(event_ids)
            work.commit()
