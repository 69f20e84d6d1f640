"""How many requests work at once: what is more waits its turn, holding neither a thread nor a connection.

Whoever reads takes a turn first, so that some of the threads are always left to those who write. A snapshot is opened
and closed in the thread that reads it; the few that are held longer (`twinev.api.platform.held_reading`) are counted
by the same turns. So at any time `REQUEST_THREADS` + `READINGS` connections are enough; the pools of
`twinev.adapters.database.engine` hold more, for the loops and the stations' questions too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from anyio.to_thread import current_default_thread_limiter

from twinev.services.ports.unit_of_work import UnitOfWorkFactory

#: Few: they share one interpreter, and a writer waits in its thread for the one before.
REQUEST_THREADS = 12
#: Requests that hold a snapshot of the database.
READINGS = 8


@dataclass(frozen=True)
class Turns:
    """The turns of one application."""

    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READINGS))


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of the database that a route will open when it is its turn.

    ``at_once``: in the loop that serves, without a turn and a thread. That is for short reads from a database in this
    process. A thread would not wait for the disk or a server there, but for the interpreter, and again after each row:
    with several requests under way that takes twice the time of the reading itself.
    """

    reading: UnitOfWorkFactory
    turn: asyncio.Semaphore
    at_once: bool = False


def limit_threads() -> None:
    """Have requests use `REQUEST_THREADS`; to be called in the loop that serves them."""
    current_default_thread_limiter().total_tokens = REQUEST_THREADS
