"""Limits how often something is tried: so many times a minute for each key, kept in this process's memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable

from twinev.errors import TooManyTries
from twinev.services.ports.clock import Clock

WINDOW_SECONDS = 60.0


class TryLimit:
    """A sliding window of one minute for each key.

    Parameters
    ----------
    what : str
        What is tried, as the end of "too many tries to …".
    per_minute : int
        Tries allowed in any 60 s.
    clock : Clock
        The wall's clock: who guesses passwords does not follow an accelerated one.
    """

    def __init__(self, *, what: str, per_minute: int, clock: Clock) -> None:
        self._what = what
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: dict[Hashable, deque[float]] = {}
        self._swept_at = 0.0

    def count(self, key: Hashable) -> None:
        """Count one try of ``key``; raise `TooManyTries` when it is one too many (which is not counted)."""
        now = self._clock.now().timestamp()
        with self._lock:
            self._sweep(now)
            tries = self._tries.setdefault(key, deque())
            while tries and tries[0] <= now - WINDOW_SECONDS:
                tries.popleft()
            if len(tries) >= self._per_minute:
                raise TooManyTries(self._what, tries[0] + WINDOW_SECONDS - now)
            tries.append(now)

    def forgive(self, key: Hashable) -> None:
        """Forget the tries of ``key``: it has proved to be honest."""
        with self._lock:
            self._tries.pop(key, None)

    def _sweep(self, now: float) -> None:
        # Keys come from strangers: without this, the memory would be theirs to fill.
        if now - self._swept_at < WINDOW_SECONDS:
            return
        self._swept_at = now
        old = [key for key, tries in self._tries.items() if not tries or tries[-1] <= now - WINDOW_SECONDS]
        for key in old:
            del self._tries[key]
