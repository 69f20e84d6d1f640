"""Connects a process to NATS to stay: it survives restarts, has an inbox of its own and remembers what went wrong."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# The client's own 2 MiB fill within seconds of an outage and then every publish fails; this holds some minutes.
PENDING_BYTES = 16 * 1024 * 1024
_VIOLATIONS_KEPT = 20
_CANCEL_AGAIN_SECONDS = 0.5


class StayingClient(Client):
    """The library's client with a memory: since when it is cut off, and what the server refused.

    The library tells both to callbacks only: publish and subscribe themselves succeed.
    """

    def __init__(self, *, shown_name: str) -> None:
        super().__init__()
        self.shown_name = shown_name
        #: Since when there is no connection, by `time.monotonic`; None while there is one. [s]
        self.cut_off_since: float | None = time.monotonic()
        #: When the server refused what, newest last, by `time.monotonic`.
        self.violations: deque[tuple[float, str]] = deque(maxlen=_VIOLATIONS_KEPT)
        self._back = asyncio.Event()

    async def stay(self, url: str, **options: Any) -> None:
        """Connect, waiting as long as nobody answers, and keep reconnecting for ever."""
        await self.connect(
            url.split(","),
            name=self.shown_name,
            error_cb=self._note_error,
            disconnected_cb=self._note_disconnected,
            reconnected_cb=self._note_connected,
            closed_cb=self._note_closed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            connect_timeout=5,
            ping_interval=10,
            max_outstanding_pings=2,
            pending_size=PENDING_BYTES,
            flush_timeout=10,
            **options,
        )
        await self._note_connected()

    async def look(self, url: str, **options: Any) -> None:
        """Connect for a moment: a second try at most, then what the library raises."""
        await self.connect(
            url.split(","),
            name=self.shown_name,
            error_cb=self._note_error,
            allow_reconnect=False,
            # 0 would be no limit at all.
            max_reconnect_attempts=1,
            reconnect_time_wait=0.1,
            connect_timeout=3,
            **options,
        )
        await self._note_connected()

    async def until_connected(self, timeout_seconds: float) -> None:
        """Return when there is a connection.

        Raises
        ------
        TimeoutError
            There is none within that time. [s]
        """
        async with asyncio.timeout(timeout_seconds):
            await self._back.wait()

    async def _note_error(self, error: Exception) -> None:
        text = str(error) or repr(error)
        logger.error("NATS (%s): %s", self.shown_name, text)
        if "permissions violation" in text.lower():
            self.violations.append((time.monotonic(), text.removeprefix("nats: ")))

    async def _note_disconnected(self) -> None:
        if self.cut_off_since is None:
            self.cut_off_since = time.monotonic()
        self._back.clear()
        logger.warning("NATS (%s): disconnected", self.shown_name)

    async def _note_connected(self) -> None:
        if self.cut_off_since is not None and self.stats["reconnects"]:
            gone = time.monotonic() - self.cut_off_since
            logger.info("NATS (%s): connected again after %.1f s", self.shown_name, gone)
        self.cut_off_since = None
        self._back.set()

    async def _note_closed(self) -> None:
        self._back.clear()
        if self.cut_off_since is None:
            self.cut_off_since = time.monotonic()


def inbox_prefix(user: str) -> str:
    """Where replies to ``user`` arrive; no other user may listen there."""
    return f"_INBOX_{user}"


async def connect(url: str, *, user: str, name: str | None = None) -> StayingClient:
    """Connect, and keep reconnecting for ever.

    Waits as long as no server answers at ``url``: processes may start in any order.

    Parameters
    ----------
    url : str
        ``nats://user:password@host:port``; several, joined by commas, are tried in turn.
    user : str
        Which of the roles this process has (``api``, ``gateway``, ``planner``, ``platform``); names its inbox.
    name : str, optional
        How the connection is called in the server's log; ``user`` without it.
    """
    client = StayingClient(shown_name=name or user)
    await client.stay(url, inbox_prefix=inbox_prefix(user))
    return client


async def confirm(client: Client, *, timeout_seconds: float = 5.0) -> None:
    """Return when the server has taken in everything that was sent before, subscriptions included.

    Raises
    ------
    nats.errors.Error
        It did not within ``timeout_seconds``. [s]
    """
    # The library puts its first PING on the wire before what is still pending; the second one goes behind it.
    await client.flush(timeout=timeout_seconds)
    await client.flush(timeout=timeout_seconds)


async def request(client: Client, subject: str, body: bytes, *, timeout_seconds: float) -> Msg:
    """Ask and wait for the answer; nothing is asked after the asker has given up.

    While there is no connection the library would keep the question and send it when the server is back: a command
    whose sender was told long ago that it failed. Here the question waits for the connection instead.
    """
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    if isinstance(client, StayingClient) and not client.is_connected:
        await client.until_connected(timeout_seconds)
    left = max(deadline - asyncio.get_running_loop().time(), 0.001)
    return await cancellable(client.request(subject, body, timeout=left))


async def cancellable(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """Wait for a call of the library that waits for the server, and never lose a cancellation.

    On Python 3.11 `asyncio.wait_for`, which the library uses, returns the answer when it arrives in the same moment as
    a cancellation, and a loop that should have ended goes on for ever.
    """
    task = asyncio.create_task(asking)
    try:
        await asyncio.wait({task})
        return task.result()
    finally:
        task.cancel()


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel until all have ended: the library loses a cancellation that meets an answer in the same moment."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_SECONDS)


async def disconnect(client: Client) -> None:
    """Send what is pending and close; a server that is away already lost nothing durable."""
    if client.is_closed:
        return
    if client.is_connected:
        try:
            await confirm(client, timeout_seconds=2)
        except (nats.errors.Error, TimeoutError) as error:
            logger.warning("NATS: closing without a last flush: %s", error)
    await client.close()
