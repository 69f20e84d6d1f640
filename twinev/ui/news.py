"""Hears the platform's events (server-sent) in a thread and tells the page's event loop, at most so often."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable

from twinev.errors import TwinEVError
from twinev.wire.rest.system import EventOut

_log = logging.getLogger(__name__)

#: A storm of events is one piece of news. [s]
GATHERED_SECONDS = 2.0


class News:
    """Calls back on the event loop's thread soon after something happened.

    Parameters
    ----------
    events : callable
        Iterates over the events for as long as the login lasts, such as `Client.events`.
    gathered_seconds : float
        How long events are gathered before the call. [s]
    """

    def __init__(self, *, events: Callable[[], Iterable[EventOut]], gathered_seconds: float = GATHERED_SECONDS) -> None:
        self._events = events
        self._gathered_seconds = gathered_seconds
        self._kinds: set[str] = set()
        self._waiting = False
        self._callbacks: list[Callable[[frozenset[str]], None]] = []

    def on_news(self, callback: Callable[[frozenset[str]], None]) -> None:
        """Call back with the kinds of what happened."""
        self._callbacks.append(callback)

    def start(self) -> None:
        """Begin to listen; call it in the event loop. The thread ends with the login, or with the process."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), name="news", daemon=True).start()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            for event in self._events():
                loop.call_soon_threadsafe(self._hear, event.kind)
        except TwinEVError as error:
            # The page still asks now and then, and says there why it gets no answer.
            _log.warning("no more events: %s", error)
        except RuntimeError:
            # The loop was closed: nobody is there to be told.
            return

    def _hear(self, kind: str) -> None:
        self._kinds.add(kind)
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_later(self._gathered_seconds, self._tell)

    def _tell(self) -> None:
        kinds, self._kinds, self._waiting = frozenset(self._kinds), set(), False
        for callback in self._callbacks:
            callback(kinds)
