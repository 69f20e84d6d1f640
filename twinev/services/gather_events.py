"""Lets events gather before a plan is made of them: for longer while what stations said is not all taken in.

After an outage of the API, facts of minutes or hours wait in the stream. A plan of a state from then would address
transactions that have ended long ago, and every few facts would make another one. So planning waits until the facts
are up to date: at most `LONGEST_SECONDS`, for a reader that is stuck must not stop what the grid needs, and not at all
for what cannot wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from twinev.services.ports.station_link import Backlog

# Longer than thousands of facts take; shorter than anybody would wait for a plan. [s of the wall clock]
LONGEST_SECONDS = 15.0


class NoBacklog:
    """Where facts are taken in as they come."""

    lags = False


async def gather_events(
    backlog: Backlog,
    *,
    urgent: Callable[[], bool],
    debounce_seconds: float,
    longest_seconds: float = LONGEST_SECONDS,
) -> None:
    """Return after ``debounce_seconds``, or later when the backlog is gone, ``urgent`` or the longest wait is over."""
    latest = time.monotonic() + longest_seconds
    await asyncio.sleep(debounce_seconds)
    while backlog.lags and not urgent() and time.monotonic() < latest:
        await asyncio.sleep(debounce_seconds)
