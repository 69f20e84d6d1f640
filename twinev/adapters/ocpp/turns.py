"""Bounds how many handshakes ask the API at a time: after an outage thousands of stations come back at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class NoTurn(Exception):
    """The turn did not come in time."""


class Turns:
    """Gives turns in the order in which they were asked for.

    Parameters
    ----------
    at_once : int
        How many have a turn at the same time.
    wait_seconds : float
        How long one waits for it. [s]
    """

    def __init__(self, *, at_once: int, wait_seconds: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._wait_seconds = wait_seconds

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn within the block; raises `NoTurn`."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise NoTurn from error
        try:
            yield
        finally:
            self._free.release()
