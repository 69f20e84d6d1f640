"""Runs a loop in the leading API process only: two planners of one site would send it against itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from twinev.services.ports.requests import Leadership

CHECK_SECONDS = 2.0


async def while_leading(
    leadership: Leadership, loop: Callable[[], Awaitable[None]], *, check_seconds: float = CHECK_SECONDS
) -> None:
    """Run ``loop`` whenever this process leads; end it within ``check_seconds`` when it does so no more."""
    while True:
        if not await asyncio.to_thread(leadership.held):
            await asyncio.sleep(check_seconds)
            continue
        running = asyncio.ensure_future(loop())
        try:
            while not running.done() and await asyncio.to_thread(leadership.held):
                await asyncio.wait({running}, timeout=check_seconds)
            if running.done():
                running.result()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
