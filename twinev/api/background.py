"""Runs the API process's loops beside its requests, and runs one again that failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)

Service = Callable[[], Awaitable[None]]

_CANCEL_AGAIN_SECONDS = 0.5
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)


@asynccontextmanager
async def running(services: Mapping[str, Service]) -> AsyncIterator[None]:
    """Keep all services going within the block; they are cancelled at its end."""
    tasks = [asyncio.create_task(_keep_going(name, service), name=name) for name, service in services.items()]
    try:
        yield
    finally:
        await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: libraries lose a cancellation that meets their answer in the same moment."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_SECONDS)


async def _keep_going(name: str, service: Service) -> None:
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        begun = loop.time()
        try:
            await service()
            logger.error("%s has ended by itself", name)
        except Exception:
            logger.exception("%s has failed", name)
        if loop.time() - begun > 60:
            failures = 0
        await asyncio.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
        failures += 1
