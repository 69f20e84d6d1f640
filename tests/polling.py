"""Waiting for what tells nobody when it happens: look again and again, and fail when it never does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


def wait_until(holds: Callable[[], object], *, within: float, what: str, every: float = 0.1) -> float:
    """Return how many seconds it took until ``holds()`` was true; fail with ``what`` when it never is."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - began


async def until(holds: Callable[[], object], *, within: float = 20.0, every: float = 0.005) -> None:
    """Wait until ``holds()`` is true, giving way to everything else in between."""

    async def look() -> object:
        return holds()

    await answer_of(look, within=within, every=every)


async def until_seen(holds: Callable[[], object], *, within: float = 15.0, every: float = 0.02) -> None:
    """Wait until ``holds()`` is true, which reads a database or a file and is therefore asked in a thread."""
    await answer_of(lambda: asyncio.to_thread(holds), within=within, every=every)


async def answer_of(ask: Callable[[], Awaitable[Any]], *, within: float = 20.0, every: float = 0.02) -> Any:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + within
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"not within {within:g} s"
        await asyncio.sleep(every)
    return answer
