"""The gateway's side of ``ocpp.cmd.<cp>``: takes commands for the stations whose sockets it holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from twinev.adapters.messaging import subjects
from twinev.adapters.messaging.connection import confirm
from twinev.domain.commands import CommandMessage, CommandReply
from twinev.errors import BadInput, Unavailable
from twinev.wire.messages import decode, encode

logger = logging.getLogger(__name__)

_LAST_MOMENT_SECONDS = 1.0

# None says nothing: another gateway has the station now, and answers.
Handler = Callable[[CommandMessage], Awaitable[CommandReply | None]]


class CommandInbox:
    """Opens one subscription per station.

    Parameters
    ----------
    client : Client
        A connection as the user ``gateway``.
    """

    def __init__(self, *, client: Client) -> None:
        self._client = client

    async def open(self, station_id: str, handle: Handler) -> StationInbox:
        """From its return on commands for ``station_id`` reach ``handle``, and their senders its replies.

        Raises
        ------
        Unavailable
            NATS does not confirm the subscription.
        """
        inbox = StationInbox(handle)
        try:
            inbox.subscription = await self._client.subscribe(subjects.command(station_id), cb=inbox.take)
            await confirm(self._client)
        except (nats.errors.Error, TimeoutError) as error:
            await inbox.close()
            raise Unavailable(f"no inbox for the commands of station {station_id}: {error}") from error
        return inbox


class StationInbox:
    """One station's inbox, until `close`."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._under_way: set[asyncio.Task[None]] = set()
        self.subscription: Subscription | None = None

    async def take(self, message: Msg) -> None:
        """Start on a command at once: one that waits behind another must notice when its time is over."""
        task = asyncio.create_task(self._answer(message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Take no more commands; those under way have a moment to end, then their senders learn it by their timeout."""
        if self.subscription is not None:
            try:
                await self.subscription.unsubscribe()
            except nats.errors.Error as error:
                logger.debug("unsubscribe: %s", error)
        if self._under_way:
            _, unfinished = await asyncio.wait(self._under_way, timeout=_LAST_MOMENT_SECONDS)
            for task in unfinished:
                task.cancel()

    async def _answer(self, message: Msg) -> None:
        try:
            reply = await self._handle(decode(CommandMessage, message.data))
        except BadInput as error:
            logger.warning("a command on %s cannot be read: %s", message.subject, error)
            return
        except Exception:
            logger.exception("a command on %s failed", message.subject)
            return
        if reply is None:
            return
        try:
            await message.respond(encode(reply))
        except nats.errors.Error as error:
            logger.warning("the reply to a command on %s was not sent: %s", message.subject, error)
