"""Takes in what other modules send, one message after the other; what cannot be used goes to the dead letters.

Exactly once in effect: a message is acknowledged after the commit that remembers its id, so a redelivery finds itself.
A message waits for what is away (the database, NATS) and holds the order; one that is wrong holds nobody up.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from datetime import datetime, timedelta
from typing import Protocol

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.dead_letters import DeadLetters, dead_letter
from twinev.domain.announcement import Announcement
from twinev.domain.checks import require_utc
from twinev.domain.tariff import Series
from twinev.errors import BadInput, Conflict, NotFound, TwinEVError, Unavailable
from twinev.services.ports.clock import Clock
from twinev.services.ports.requests import Leadership
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.wire.inbound import INBOUND, InboundMessage
from twinev.wire.message_schemas import require_fits
from twinev.wire.messages import decode

logger = logging.getLogger(__name__)

CONSUMER = "inbound"
# After this the server gives an unacknowledged message to the next reader; whoever still works on it says so earlier.
ACK_SECONDS = 10.0
_FETCH_SECONDS = 5.0
_PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
# An error that nobody foresaw may pass; one that stays is a fault of this message or of TwinEV.
_TRIES = 3
_MOST_DELIVERIES = 20
_REMEMBERED = timedelta(days=30)
_FORGET_EVERY_SECONDS = 3600.0

_REMEDIES: dict[type[Exception], str] = {
    BadInput: "correct it after its schema in docs/messages/ and send it with a new message_id",
    NotFound: "register the site, or give it that price zone, or correct the name; then send it with a new message_id",
    Conflict: "give each message an id of its own and, in created_at, the time when it was made",
}
_OUR_FAULT = "report it to who runs TwinEV, with this letter: the log of the API tells more"


class Take(Protocol):
    """`twinev.services.take_announcement.take_announcement`."""

    def __call__(self, announcement: Announcement, *, work: UnitOfWork, now: datetime) -> bool: ...


class InboundConsumer:
    """The one reader of the stream of inbound messages.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    unit_of_work : UnitOfWorkFactory
        One for each message.
    take : Take
        Takes a message in.
    dead_letters : DeadLetters
        Where refused messages go.
    leadership : Leadership
        Only the leading API process reads.
    """

    def __init__(
        self,
        *,
        client: Client,
        unit_of_work: UnitOfWorkFactory,
        take: Take,
        dead_letters: DeadLetters,
        leadership: Leadership,
        clock: Clock,
    ) -> None:
        self._client = client
        self._unit_of_work = unit_of_work
        self._take = take
        self._dead_letters = dead_letters
        self._leadership = leadership
        self._clock = clock
        self._forgot_at = float("-inf")

    async def run(self) -> None:
        """Consume for ever; a server or a database that is away is waited for."""
        failures = 0
        while True:
            try:
                if await asyncio.to_thread(self._leadership.held):
                    await self._consume()
                    failures = 0
            except (nats.errors.Error, TimeoutError) as error:
                logger.warning("the stream of inbound messages cannot be read, trying again: %r", error)
            await asyncio.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
            failures += 1

    async def _consume(self) -> None:
        """Read while this process leads, over one connection: a server that was killed may have lost its consumer."""
        connection = self._client.stats["reconnects"]
        subscription = await self._subscribe()
        try:
            while self._client.stats["reconnects"] == connection and await asyncio.to_thread(self._leadership.held):
                try:
                    messages = await subscription.fetch(1, timeout=_FETCH_SECONDS)
                except TimeoutError:
                    # Silence may also mean that nobody keeps the consumer any more; then this raises.
                    await subscription.consumer_info()
                    continue
                for message in messages:
                    await self._decide(message)
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        jetstream = self._client.jetstream()
        config = ConsumerConfig(
            durable_name=CONSUMER,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_SECONDS,
            # One at a time: what a reader that died had in hand comes again before anything newer.
            max_ack_pending=1,
        )
        await jetstream.add_consumer(subjects.INBOUND_STREAM, config)
        return await jetstream.pull_subscribe_bind(CONSUMER, subjects.INBOUND_STREAM)

    async def _decide(self, message: Msg) -> None:
        """Take the message in or refuse it, then acknowledge it."""
        try:
            announcement = _read(message)
            if message.metadata.num_delivered > _MOST_DELIVERIES:
                raise RuntimeError(f"it was delivered {message.metadata.num_delivered} times and never done with")
            await self._take_until_done(message, announcement)
        except (BadInput, NotFound, Conflict) as error:
            await self._refuse(message, str(error), _remedy(error))
        except (TwinEVError, nats.errors.Error, TimeoutError):
            raise
        except Exception as error:
            logger.exception("the message on %s is refused", message.subject)
            await self._refuse(message, f"TwinEV failed over it: {type(error).__name__}: {error}", _OUR_FAULT)
        await message.ack()

    async def _take_until_done(self, message: Msg, announcement: Announcement) -> None:
        failures = unforeseen = 0
        while True:
            try:
                await asyncio.to_thread(self._take_in, announcement)
                return
            except Unavailable as error:
                logger.warning("the message on %s waits for the database: %s", message.subject, error)
            except TwinEVError:
                raise
            except Exception:
                unforeseen += 1
                if unforeseen >= _TRIES:
                    raise
                logger.warning("the message on %s is tried again", message.subject, exc_info=True)
            await asyncio.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
            failures += 1
            await message.in_progress()

    def _take_in(self, announcement: Announcement) -> None:
        now = self._clock.now()
        with self._unit_of_work() as work:
            if not self._take(announcement, work=work, now=now):
                logger.info("message %s of %s came again", announcement.message_id, announcement.source)
                return
            if time.monotonic() - self._forgot_at > _FORGET_EVERY_SECONDS:
                work.inbox.forget_before(now - _REMEMBERED)
                self._forgot_at = time.monotonic()
            work.commit()

    async def _refuse(self, message: Msg, reason: str, remedy: str) -> None:
        sequence = message.metadata.sequence.stream
        logger.warning("the message on %s is refused: %s", message.subject, reason)
        letter = dead_letter(
            message.data,
            subject=message.subject,
            reason=reason,
            remedy=remedy,
            received_at=message.metadata.timestamp,
            refused_at=self._clock.now(),
            sequence=sequence,
        )
        await self._dead_letters.add(letter, message_id=f"{subjects.INBOUND_STREAM}/{sequence}")


def _read(message: Msg) -> Announcement:
    """Check the message against its schema and its subject.

    Raises
    ------
    BadInput
        It does not fit.
    """
    topic, name = subjects.inbound_of(message.subject)
    if topic not in INBOUND:
        raise BadInput("subject", message.subject, f"twinev.v1.in.<{'|'.join(INBOUND)}>.<zone or site>")
    require_fits(f"in.{topic}", message.data)
    said = decode(INBOUND[topic], message.data)
    if said.subject != name:
        raise BadInput(said.subject_key, said.subject, f"{name!r}, as the subject {message.subject} says")
    try:
        return _announced(said, name)
    except OverflowError as error:
        raise BadInput(
            "start", said.start.isoformat(), "a time that the calendar has, in UTC and at its end"
        ) from error


def _announced(said: InboundMessage, name: str) -> Announcement:
    announcement = Announcement(
        source=said.source,
        message_id=said.message_id,
        created_at=said.created_at,
        series=Series(
            kind=said.kind,
            subject=name,
            start=said.start,
            step_minutes=said.step_minutes,
            values=said.series_values(),
        ),
        content_hash=hashlib.sha256(said.model_dump_json().encode()).digest(),
    )
    require_utc("end", announcement.end)
    return announcement


def _remedy(error: TwinEVError) -> str:
    return next(remedy for kind, remedy in _REMEDIES.items() if isinstance(error, kind))
