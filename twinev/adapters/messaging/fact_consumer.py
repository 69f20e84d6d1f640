"""Takes station facts from JetStream into the database, in order, a batch to a transaction; acknowledged after it.

It knows how far the database is behind the stations (`twinev.services.ports.station_link.Backlog`): more facts are
waiting, and the newest one taken in was received some seconds ago. While nobody reads, it is behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.own_threads import OwnThreads
from twinev.domain.facts import Decision, StationFact
from twinev.errors import BadInput, Unavailable
from twinev.services.ports.clock import Clock
from twinev.services.ports.requests import Leadership
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.wire.messages import decode, encode

logger = logging.getLogger(__name__)

CONSUMER = "facts"
_ACK_SECONDS = 60.0
_FETCH_SECONDS = 5.0
# A reader that keeps up has a fact in the database within a fraction of a second. [s of the wall clock]
_LAG_SECONDS = 3.0
_PAUSES_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Record(Protocol):
    """`twinev.services.record_facts.record_facts`."""

    def __call__(self, facts: Sequence[StationFact], *, work: UnitOfWork) -> list[Decision | None]: ...


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """A message with the fact in it; None where it cannot be read."""

    message: Msg
    fact: StationFact | None
    fault: str = ""


class FactConsumer:
    """The one reader of the stream of facts.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    unit_of_work : UnitOfWorkFactory
        One for each batch.
    record : Record
        Takes facts in.
    leadership : Leadership
        Only the leading API process reads: two at once would not keep a station's order.
    clock : Clock
        Stamps what is set aside.
    batch_size : int
        The most facts in one transaction.
    """

    def __init__(
        self,
        *,
        client: Client,
        unit_of_work: UnitOfWorkFactory,
        record: Record,
        leadership: Leadership,
        clock: Clock,
        batch_size: int = 200,
    ) -> None:
        self._client = client
        self._unit_of_work = unit_of_work
        self._record = record
        self._leadership = leadership
        self._clock = clock
        self._batch_size = batch_size
        self._threads = OwnThreads("facts", count=1)
        self._lags = True

    @property
    def lags(self) -> bool:
        """Whether the database is so far behind that what it says of the stations is no longer true."""
        return self._lags

    async def run(self) -> None:
        """Consume for ever; a server or a database that is away is waited for."""
        failures = 0
        while True:
            try:
                if await self._threads.run(self._leadership.held):
                    await self._consume()
                    failures = 0
            except (nats.errors.Error, TimeoutError) as error:
                logger.warning("the stream of facts cannot be read, trying again: %r", error)
            finally:
                self._lags = True
            await asyncio.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
            failures += 1

    async def _consume(self) -> None:
        """Read while this process leads, over one connection: what a lost one carried must come again, and first."""
        connection = self._client.stats["reconnects"]
        subscription = await self._subscribe()
        while self._client.stats["reconnects"] == connection and await self._threads.run(self._leadership.held):
            try:
                messages = await subscription.fetch(self._batch_size, timeout=_FETCH_SECONDS)
            except TimeoutError:
                self._lags = False
                continue
            if not messages:
                # A fetch that is cut short by a lost connection may end with nothing.
                continue
            # Not here: reading a full batch takes 20 ms, in which the API would answer nobody.
            letters = await self._threads.run(_read_all, messages)
            await self._take_until_done(letters)
            self._lags = self._is_behind(letters[-1])

    def _is_behind(self, last: _Letter) -> bool:
        if last.message.metadata.num_pending == 0:
            return False
        if last.fact is None:
            return self._lags
        age_seconds = (self._clock.now() - last.fact.received_at).total_seconds()
        return self._clock.wall_seconds(age_seconds) > _LAG_SECONDS

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        """Make the consumer anew: what an earlier reader left unacknowledged then comes first, and at once."""
        jetstream = self._client.jetstream()
        try:
            await jetstream.delete_consumer(subjects.FACTS_STREAM, CONSUMER)
        except nats.js.errors.NotFoundError:
            logger.debug("nobody read the stream of facts before")
        config = ConsumerConfig(
            durable_name=CONSUMER,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_SECONDS,
            max_ack_pending=2 * self._batch_size,
        )
        info = await jetstream.add_consumer(subjects.FACTS_STREAM, config)
        self._lags = info.num_pending != 0
        return await jetstream.pull_subscribe_bind(CONSUMER, subjects.FACTS_STREAM)

    async def _take_until_done(self, letters: Sequence[_Letter]) -> None:
        failures = 0
        while True:
            try:
                decisions = await self._threads.run(self._take, letters)
                break
            except Unavailable as error:
                pause = _PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)]
                logger.warning("%d facts wait for the database, %g s: %s", len(letters), pause, error)
                failures += 1
                await asyncio.sleep(pause)
                for letter in letters:
                    await letter.message.in_progress()
        for letter, decision in zip(letters, decisions, strict=True):
            if decision is not None and letter.fact is not None and letter.fact.reply_to:
                await self._client.publish(letter.fact.reply_to, encode(decision))
        for letter in letters:
            await letter.message.ack()

    def _take(self, letters: Sequence[_Letter]) -> list[Decision | None]:
        """Take a batch in, in one transaction; when a fact spoils it, each in a transaction of its own."""
        try:
            return self._take_together(letters)
        except Unavailable:
            raise
        except Exception as error:
            if len(letters) == 1:
                logger.exception("a fact of station %s is set aside", _station_of(letters[0].message))
                self._set_aside(letters[0], f"{type(error).__name__}: {error}")
                return [None]
            logger.warning("a batch of %d facts is taken one by one: %r", len(letters), error)
            return [self._take([letter])[0] for letter in letters]

    def _take_together(self, letters: Sequence[_Letter]) -> list[Decision | None]:
        with self._unit_of_work() as work:
            decisions = iter(self._record([letter.fact for letter in letters if letter.fact is not None], work=work))
            for letter in letters:
                if letter.fact is None:
                    self._keep_aside(work, letter, letter.fault)
            work.commit()
        return [None if letter.fact is None else next(decisions) for letter in letters]

    def _set_aside(self, letter: _Letter, reason: str) -> None:
        with self._unit_of_work() as work:
            self._keep_aside(work, letter, reason)
            work.commit()

    def _keep_aside(self, work: UnitOfWork, letter: _Letter, reason: str) -> None:
        key = letter.fact.key if letter.fact else f"stream {letter.message.metadata.sequence.stream}"
        work.facts.set_aside(_station_of(letter.message), key, letter.message.data, reason, self._clock.now())


def _read_all(messages: Sequence[Msg]) -> list[_Letter]:
    return [_read(message) for message in messages]


def _read(message: Msg) -> _Letter:
    try:
        return _Letter(message=message, fact=decode(StationFact, message.data))
    except BadInput as error:
        return _Letter(message=message, fact=None, fault=str(error))


def _station_of(message: Msg) -> str:
    token = message.subject.split(".")[2]
    try:
        return subjects.station_of(token)
    except ValueError:
        return token
