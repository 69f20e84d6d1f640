"""Hears of a search's incumbent and bound as often as its solver tells, and passes on what a person can follow."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS = 0.2
# The solvers' infinities are large numbers.
LARGE = 1e19


class Watch:
    """Passes on a search's progress, at most a few times a second.

    Parameters
    ----------
    listener : callable
        Is told incumbent and bound; None stands for what is not known yet.
    """

    def __init__(self, listener: Callable[[float | None, float | None], None]) -> None:
        self._listener = listener
        self._last_s = float("-inf")

    def hear(self, incumbent: float, bound: float) -> None:
        """Take note of where the search is."""
        known = [value if abs(value) < LARGE else None for value in (incumbent, bound)]
        if known == [None, None] or time.monotonic() - self._last_s < SECONDS:
            return
        # Half a story is worth telling, but not worth making the other half wait.
        if None not in known:
            self._last_s = time.monotonic()
        self._listener(*known)
