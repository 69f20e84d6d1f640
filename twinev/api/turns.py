"""How many requests work at once: what is more waits its turn, holding neither a thread nor a connection.

A request that reads keeps its connection while it goes from thread to thread. Were those not counted, so many could
hold all connections that every thread waits for one, and none is left to go on in. So at any time
`REQUEST_THREADS` + `READINGS` connections are enough; the pools of `twinev.adapters.database.engine` hold more, for the
loops and the stations' questions too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from anyio.to_thread import current_default_thread_limiter

#: Few: they share one interpreter, and a writer waits in its thread for the one before.
REQUEST_THREADS = 12
#: Requests that hold a snapshot of the database.
READINGS = 8


@dataclass(frozen=True)
class Turns:
    """The turns of one application."""

    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READINGS))


def limit_threads() -> None:
    """Have requests use `REQUEST_THREADS`; to be called in the loop that serves them."""
    current_default_thread_limiter().total_tokens = REQUEST_THREADS
