"""Connects a process to NATS to stay: it survives restarts, has an inbox of its own and logs every error."""

from __future__ import annotations

import asyncio
import logging

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

logger = logging.getLogger(__name__)

# The client's own 2 MiB fill within seconds of an outage and then every publish fails; this holds some minutes.
PENDING_BYTES = 16 * 1024 * 1024


def inbox_prefix(user: str) -> str:
    """Where replies to ``user`` arrive; no other user may listen there."""
    return f"_INBOX_{user}"


async def connect(url: str, *, user: str, name: str | None = None) -> Client:
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
    shown_name = name or user

    async def log_error(error: Exception) -> None:
        # A violated permission is reported nowhere else: publish and subscribe themselves succeed.
        logger.error("NATS (%s): %s", shown_name, error or repr(error))

    async def log_disconnected() -> None:
        logger.warning("NATS (%s): disconnected", shown_name)

    async def log_reconnected() -> None:
        logger.info("NATS (%s): connected again", shown_name)

    return await nats.connect(
        url.split(","),
        name=shown_name,
        inbox_prefix=inbox_prefix(user),
        error_cb=log_error,
        disconnected_cb=log_disconnected,
        reconnected_cb=log_reconnected,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        connect_timeout=5,
        ping_interval=10,
        max_outstanding_pings=2,
        pending_size=PENDING_BYTES,
        flush_timeout=10,
    )


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
    """Ask and wait for the answer; unlike the library's own request this never loses a cancellation.

    On Python 3.11 `asyncio.wait_for`, which the library uses, returns the answer when it arrives in the same moment as
    a cancellation, and a loop that should have ended goes on for ever.
    """
    asking = asyncio.create_task(client.request(subject, body, timeout=timeout_seconds))
    try:
        await asyncio.wait({asking})
        return asking.result()
    finally:
        asking.cancel()


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
