"""Kernels that are started before anybody asks for one, with all that a page needs loaded: pages open at once.

A warm kernel belongs to nobody, knows no ticket, and nobody can reach it. Whoever opens a page next gets it, and only
then is it told what a cold one finds in its environment. Voila's own way to heat kernels is not taken: there a page's
kernel asks an unauthenticated address whose it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

#: What a warm kernel has run. Its pages cost the same memory whichever of them is opened.
LOAD = "import twinev.ui.every_page"
#: To start a kernel and load everything on a busy machine. [s]
LOAD_WITHIN_SECONDS = 120.0
#: To tell a warm kernel its environment. [s]
ADOPT_WITHIN_SECONDS = 10.0
#: Before a kernel is started anew after one could not be. [s]
PATIENCE_SECONDS = 30.0

_log = logging.getLogger(__name__)


class WarmKernels:
    """Keeps some kernels ready.

    Parameters
    ----------
    most : int
        How many are ready at a time.
    start : Callable[[], Awaitable[str]]
        Starts a kernel and returns its id.
    run : Callable[[str, str, float], Awaitable[None]]
        Runs code in the kernel of this id, within so many seconds; raises whatever goes wrong.
    end : Callable[[str], Awaitable[None]]
        Ends the kernel of this id.
    """

    def __init__(
        self,
        *,
        most: int,
        start: Callable[[], Awaitable[str]],
        run: Callable[[str, str, float], Awaitable[None]],
        end: Callable[[str], Awaitable[None]],
    ) -> None:
        self._most = most
        self._start = start
        self._run = run
        self._end = end
        self._ready: list[str] = []
        self._heating: asyncio.Task[None] | None = None

    @property
    def ready(self) -> tuple[str, ...]:
        """The kernels that could be taken now."""
        return tuple(self._ready)

    def heat(self) -> None:
        """Begin to make ready what is missing, in the background; call it in the event loop."""
        if self._heating is None or self._heating.done():
            self._heating = asyncio.create_task(self._heat())

    async def take(self, environment: Mapping[str, str]) -> str | None:
        """Return a warm kernel that was told ``environment``, or None where there is none."""
        # As JSON: Voila's names of variables are members of an enumeration, whose repr is no text.
        code = f"import json, os; os.environ.update(json.loads({json.dumps(dict(environment))!r}))"
        while self._ready:
            kernel_id = self._ready.pop(0)
            try:
                await self._run(kernel_id, code, ADOPT_WITHIN_SECONDS)
            except Exception as error:
                # Not the code, for it holds a ticket.
                _log.warning("warm kernel %s could not be used: %s", kernel_id, type(error).__name__)
                await self._drop(kernel_id)
            else:
                return kernel_id
        return None

    def forget(self, kernel_id: str) -> None:
        """A kernel has ended; the next `heat` puts another in its place."""
        if kernel_id in self._ready:
            self._ready.remove(kernel_id)

    async def _heat(self) -> None:
        # One at a time: they would only keep each other, and open pages, from the processor.
        while len(self._ready) < self._most:
            kernel_id = None
            try:
                kernel_id = await self._start()
                await self._run(kernel_id, LOAD, LOAD_WITHIN_SECONDS)
                self._ready.append(kernel_id)
            except Exception:
                _log.exception("no kernel could be made ready; the next page waits for its own")
                if kernel_id is not None:
                    await self._drop(kernel_id)
                await asyncio.sleep(PATIENCE_SECONDS)

    async def _drop(self, kernel_id: str) -> None:
        try:
            await self._end(kernel_id)
        except Exception:
            _log.debug("kernel %s had ended already", kernel_id, exc_info=True)


async def run_in_kernel(kernel_manager: Any, code: str, within_seconds: float) -> None:
    """Run code in a kernel, silently: no history, nothing told to whoever listens.

    Raises
    ------
    TimeoutError
        The kernel did not answer in time.
    RuntimeError
        The code failed.
    """
    client = kernel_manager.client()
    client.start_channels()
    try:
        # Not asked whether it is ready first: the request waits at the kernel's socket until it is.
        reply = await client.execute(
            code, silent=True, store_history=False, allow_stdin=False, reply=True, timeout=within_seconds
        )
        content = reply["content"]
        if content["status"] != "ok":
            raise RuntimeError(f"{content.get('ename', 'aborted')}: {content.get('evalue', '')}")
    finally:
        client.stop_channels()
