"""Answers the questions of stations, which gateways pass on over NATS; several API processes share the work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.own_threads import OwnThreads
from twinev.domain.facts import AuthorizeQuestion, BootAnswer, BootQuestion, ConnectAnswer, ConnectQuestion, Decision
from twinev.errors import BadInput
from twinev.wire.messages import decode, encode

logger = logging.getLogger(__name__)

QUEUE = "api"
_AT_ONCE = 4
# Who asked longer ago has given up and asks anew. Answering him would make the others wait until they give up as well,
# and after an overload the desk would never again be in time. [s]
_STALE_SECONDS = 4.0

# An empty reply says at once that there is no answer; silence would cost the station its time limit.
_NO_ANSWER = b""


class Answers(Protocol):
    """`twinev.services.answer_stations.AnswerStations`."""

    def connect(self, question: ConnectQuestion) -> ConnectAnswer: ...
    def boot(self, question: BootQuestion) -> BootAnswer: ...
    def authorize(self, question: AuthorizeQuestion) -> Decision: ...


class QuestionDesk:
    """Listens on ``ocpp.ask.>``.

    Parameters
    ----------
    client : Client
        A connection as the user ``api``.
    answers : Answers
        Knows what to say.
    """

    def __init__(self, *, client: Client, answers: Answers) -> None:
        self._client = client
        self._threads = OwnThreads("questions", count=_AT_ONCE)
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._kinds: dict[str, tuple[type[Any], Callable[[Any], object]]] = {
            "Connect": (ConnectQuestion, answers.connect),
            "BootNotification": (BootQuestion, answers.boot),
            "Authorize": (AuthorizeQuestion, answers.authorize),
        }

    async def run(self) -> None:
        """Answer for ever; after a reconnection the subscription stands again by itself."""
        subscription = await self._client.subscribe(subjects.QUESTIONS, queue=QUEUE)
        try:
            async with asyncio.TaskGroup() as answering:
                async for message in subscription.messages:
                    answering.create_task(self._answer_in_time(message))
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    async def _answer_in_time(self, message: Msg) -> None:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async with self._free:
            if loop.time() - asked_at < _STALE_SECONDS:
                await self._answer(message)
            else:
                logger.warning("the question %s has waited too long for an answer", message.subject)

    async def _answer(self, message: Msg) -> None:
        try:
            reply = await self._threads.run(self._reply_to, message)
        except Exception:
            # Whatever went wrong, the desk must answer the next one; the station is told to come again.
            logger.exception("the question %s has no answer", message.subject)
            reply = _NO_ANSWER
        try:
            await message.respond(reply)
        except nats.errors.Error as error:
            logger.warning("the answer to %s is lost: %r", message.subject, error)

    def _reply_to(self, message: Msg) -> bytes:
        action = message.subject.rpartition(".")[2]
        if action not in self._kinds:
            raise BadInput("subject", message.subject, f"a question that ends in {', '.join(self._kinds)}")
        kind, answer = self._kinds[action]
        return encode(answer(decode(kind, message.data)))
