"""Publishes what stations said, durably: returns only when JetStream has the fact on disk."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace

import nats.errors
import orjson
from nats.aio.client import Client
from nats.js.api import Header
from nats.js.errors import APIError

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.acknowledged_publish import AcknowledgedPublisher
from twinev.adapters.messaging.reply_inbox import ReplyInbox
from twinev.domain.facts import Decision, StationFact
from twinev.errors import Unavailable
from twinev.wire.messages import decode

logger = logging.getLogger(__name__)

ATTEMPT_SECONDS = 5.0
_RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)
_STREAM_FULL = (10047, 10077)  # JSInsufficientResourcesErr, JSStreamStoreFailed: maximum bytes exceeded


class FactPublisher:
    """The gateway's way up.

    Parameters
    ----------
    client : Client
        A connection as the user ``gateway``.
    retry_seconds : float
        How long a publication is tried before the station is told to come again. [s]
    """

    def __init__(self, *, client: Client, retry_seconds: float = 20.0) -> None:
        self._replies = ReplyInbox(client=client)
        self._acknowledged = AcknowledgedPublisher(client=client, replies=self._replies)
        self._retry_seconds = retry_seconds

    async def publish(self, fact: StationFact) -> None:
        """Return when the fact is durable.

        Raises
        ------
        Unavailable
            NATS does not take it; the station keeps it and will send it again.
        """
        body = _write(fact)
        subject, message_id = subjects.fact(fact.station_id, fact.action), _message_id(fact, body)
        deadline = asyncio.get_running_loop().time() + self._retry_seconds
        attempt = 0
        while True:
            try:
                await self._publish_once(subject, body, message_id, deadline)
                return
            except (nats.errors.Error, TimeoutError) as error:
                pause = _RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)]
                full = isinstance(error, APIError) and error.err_code in _STREAM_FULL
                if full or asyncio.get_running_loop().time() + pause >= deadline:
                    raise Unavailable(
                        f"NATS does not take the fact {fact.key} of station {fact.station_id}: {error}"
                    ) from error
                logger.warning("fact %s of station %s is published again: %s", fact.key, fact.station_id, error)
                await asyncio.sleep(pause)
                attempt += 1

    async def publish_and_wait(self, fact: StationFact, *, timeout_seconds: float) -> Decision:
        """Publish a fact whose answer carries a decision, and wait until the API has committed and answered.

        Raises
        ------
        Unavailable
            The fact is not durable, or nobody answered within ``timeout_seconds``.
        """
        address, decided = await self._replies.expect()
        try:
            await self.publish(replace(fact, reply_to=address))
            async with asyncio.timeout(timeout_seconds):
                message = await decided
            return decode(Decision, message.data)
        except (nats.errors.Error, TimeoutError) as error:
            raise Unavailable(
                f"the API did not decide on {fact.key} of station {fact.station_id} within {timeout_seconds:g} s"
            ) from error
        finally:
            self._replies.forget(address)

    async def _publish_once(self, subject: str, body: bytes, message_id: str, deadline: float) -> None:
        remaining = deadline - asyncio.get_running_loop().time()
        await self._acknowledged.publish(
            subject,
            body,
            headers={Header.MSG_ID: message_id, Header.EXPECTED_STREAM: subjects.FACTS_STREAM},
            timeout_seconds=max(0.1, min(ATTEMPT_SECONDS, remaining)),
        )


def fact_message_id(fact: StationFact) -> str:
    """The Msg-Id by which JetStream stores a fact once: equal for equal content, whenever it was received.

    The natural key alone would not do: another content under the same key has to arrive, to be flagged. ``reply_to``
    counts, because a station that asks again needs an answer again.
    """
    return _message_id(fact, _write(fact))


def _write(value: object) -> bytes:
    # What `encode` writes of a dataclass, in a quarter of the time; it is in the way of every message of a station.
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def _message_id(fact: StationFact, body: bytes) -> str:
    # The first place where these bytes stand is the field itself: within a JSON text their quotes would be escaped.
    before, found, after = body.partition(b'"received_at":' + _write(fact.received_at))
    assert found, f"a fact is encoded without its received_at: {body!r}"
    return hashlib.sha256(before + after).hexdigest()
