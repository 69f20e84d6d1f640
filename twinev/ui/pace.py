"""How often something costly may be asked while events come thick and fast."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Lets one through at most every so many seconds.

    Parameters
    ----------
    seconds : float
        The least time between two. [s]
    monotonic : callable
        A clock in seconds that never goes back.
    """

    def __init__(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._monotonic = seconds, monotonic
        self._last: float | None = None

    def due(self) -> bool:
        """Whether it is time again; if so, the time counts from now."""
        now = self._monotonic()
        if self._last is not None and now - self._last < self._seconds:
            return False
        self._last = now
        return True

    def begin(self) -> None:
        """Count from now: it was just asked for another reason."""
        self._last = self._monotonic()
