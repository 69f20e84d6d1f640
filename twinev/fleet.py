"""Runs calculations beside the event loop, in processes of their own that are replaced when they die."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from twinev.errors import SolverFailure, Unavailable

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class ProcessFleet:
    """`twinev.services.ports.planning.Executor` as a pool of processes, started at the first use.

    Parameters
    ----------
    workers : int
        Each costs what the solver and its libraries take, about 200 MB.
    warm_up : callable, optional
        Called once in every new process, so that the first calculation does not wait for slow imports.
    """

    def __init__(self, *, workers: int = 1, warm_up: Callable[[], None] | None = None) -> None:
        self._workers = workers
        self._warm_up = warm_up
        self._pool: ProcessPoolExecutor | None = None

    async def start(self) -> None:
        """Start a process now and wait until it is warm."""
        await self.run(os.getpid, timeout_seconds=120.0)

    async def run(self, function: Callable[..., Result], /, *args: object, timeout_seconds: float) -> Result:
        """Return what ``function(*args)`` returns; both and the result can be pickled.

        Raises
        ------
        SolverFailure
            It took longer than ``timeout_seconds``; it has been stopped.
        Unavailable
            The process died over it, and again at the second try.
        """
        try:
            return await self._run_once(function, args, timeout_seconds)
        except BrokenProcessPool:
            _log.warning("a process died over %s; trying once more in a new one", function.__name__)
        try:
            return await self._run_once(function, args, timeout_seconds)
        except BrokenProcessPool as error:
            raise Unavailable(
                f"the process died twice over {function.__name__}; is there enough memory? (see the system's log)"
            ) from error

    def close(self) -> None:
        """End the processes at once."""
        if self._pool is not None:
            self._discard(self._pool)

    async def _run_once(self, function: Callable[..., Result], args: tuple[object, ...], seconds: float) -> Result:
        pool = self._current_pool()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(pool.submit(function, *args)), seconds)
        except BrokenProcessPool:
            self._discard(pool)
            raise
        except TimeoutError as error:
            self._discard(pool)
            raise SolverFailure(f"{function.__name__} was stopped: it took more than {seconds:.0f} s") from error

    def _current_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                # A forked child would inherit the event loop, sockets and threads of this process.
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._warm_up,),
            )
        return self._pool

    def _discard(self, pool: ProcessPoolExecutor) -> None:
        """Give up a pool, its processes included; others who wait for it get BrokenProcessPool."""
        if self._pool is pool:
            self._pool = None
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.kill()
        pool.shutdown(wait=False)


def _begin(warm_up: Callable[[], None] | None) -> None:
    """First of all in a new process: end with the parent, who may be killed without a chance to say so."""
    threading.Thread(target=_end_with_parent, daemon=True, name="end with parent").start()
    if warm_up is not None:
        warm_up()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
