"""Threads of one's own, for work that must not queue behind other work in the process's shared pool.

The shared pool of `asyncio.to_thread` has a handful of threads. While a site's plan goes out, hundreds of commands wait
for them to be recorded; a station that wants to connect, or whose facts are to be taken in, must not wait behind those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class OwnThreads:
    """``count`` threads, made when they are needed."""

    def __init__(self, name: str, *, count: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)

    async def run(self, work: Callable[P, R], *args: P.args) -> R:
        """As `asyncio.to_thread`, in one of these threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
