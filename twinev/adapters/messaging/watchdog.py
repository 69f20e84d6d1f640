"""Watches a process's connection to NATS: says how it is, and says when only a new process can help.

The client reconnects for ever, so an outage needs nobody. Two things do: a connection that the library has closed for
good (some errors of the server make it do so, whatever it was told), and one that stays away while the server answers
others. The process then ends, and its supervisor starts it again; what is durable loses nothing by it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import urlsplit

from twinev.adapters.messaging.connection import StayingClient, end
from twinev.errors import Unavailable

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
CHECK_SECONDS = 5.0
VIOLATION_SHOWN_SECONDS = 3600.0
_PROBE_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class LinkHealth:
    """How the connection is; ``detail`` says it in words."""

    ok: bool
    detail: str


def link_health(client: StayingClient) -> LinkHealth:
    """Connected, cut off since when, or refused something within the last hour."""
    now = time.monotonic()
    if client.is_closed:
        return LinkHealth(ok=False, detail="the connection is closed for good; the process ends")
    if not client.is_connected:
        gone = 0.0 if client.cut_off_since is None else now - client.cut_off_since
        return LinkHealth(ok=False, detail=f"not connected for {gone:.0f} s")
    recent = [text for at, text in client.violations if now - at < VIOLATION_SHOWN_SECONDS]
    if recent:
        return LinkHealth(ok=False, detail=f"connected, but refused within the hour: {recent[-1]}")
    return LinkHealth(ok=True, detail="connected")


async def until_lost(
    client: StayingClient,
    url: str,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    check_seconds: float = CHECK_SECONDS,
) -> str:
    """Return, with the reason, when a new process is needed; an outage of the server is waited for without end.

    Parameters
    ----------
    url : str
        As it was given to `connect`.
    patience_seconds : float
        How long a server may answer others and not this client. [s]
    """
    answering_since: float | None = None
    while True:
        await asyncio.sleep(check_seconds)
        if client.is_closed:
            return f"NATS ({client.shown_name}): the connection is closed for good"
        if client.is_connected or not await _somebody_answers(url):
            answering_since = None
            continue
        now = time.monotonic()
        answering_since = now if answering_since is None else answering_since
        if now - answering_since >= patience_seconds:
            return f"NATS ({client.shown_name}): the server answers others, but this connection does not come back"


async def while_linked(work: Awaitable[object], client: StayingClient, url: str, **watch: float) -> None:
    """Do the work; end it when the connection needs a new process.

    Raises
    ------
    Unavailable
        The connection is lost: end the process.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.create_task(until_lost(client, url, **watch))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return
        raise Unavailable(f"{watching.result()}; this process ends and has to be started again")
    finally:
        await end(working, watching)


async def _somebody_answers(url: str) -> bool:
    """Whether a NATS server greets at any of the addresses; no login is tried."""
    for address in url.split(","):
        parts = urlsplit(address)
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 4222)
                try:
                    if (await reader.readline()).startswith(b"INFO "):
                        return True
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            logger.debug("no NATS server at %s: %r", parts.hostname, error)
    return False
