"""Publishes to JetStream and waits for its acknowledgement, at a third of the CPU time of the library's own call.

The library makes a request of each publication: random tokens, a task and a timer around the wait, the standard JSON
parser. Here all acknowledgements come to the connection's one `ReplyInbox`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError

from twinev.adapters.messaging.reply_inbox import ReplyInbox

_NO_RESPONDERS = "503"


class AcknowledgedPublisher:
    """Publishes over one connection, as many messages at a time as are asked for.

    Parameters
    ----------
    client : Client
        Its user may publish to the stream's subjects.
    replies : ReplyInbox
        Of the same connection.
    """

    def __init__(self, *, client: Client, replies: ReplyInbox) -> None:
        self._client = client
        self._replies = replies

    async def publish(self, subject: str, body: bytes, *, headers: Mapping[str, str], timeout_seconds: float) -> None:
        """Return when the stream has the message as safe as its configuration says.

        Raises
        ------
        nats.errors.Error
            NATS refuses it, or does not answer within ``timeout_seconds``. [s]
        """
        address, acknowledged = await self._replies.expect()
        timer = asyncio.get_running_loop().call_later(timeout_seconds, _expire, acknowledged)
        try:
            await self._client.publish(subject, body, reply=address, headers=dict(headers))
            _require_stored(await acknowledged)
        finally:
            timer.cancel()
            self._replies.forget(address)


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
