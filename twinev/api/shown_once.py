"""Keeps the bodies of what seldom changes: to make one anew for each answer takes longer than to read what it shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Shown = TypeVar("Shown")

#: Then all is forgotten, and made anew.
MOST = 5000


class ShownOnce(Generic[Shown]):
    """Bodies by name, each given again only while all that it was made of is the same.

    What it is made of is compared by value, which takes no time where it is the very same object: repositories give
    those as long as the rows stay as they are.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[Any, ...], Shown]] = {}

    def of(self, name: Hashable, sources: tuple[Any, ...], make: Callable[..., Shown]) -> Shown:
        """Return ``make(*sources)``."""
        known = self._known.get(name)
        if known is not None and known[0] == sources:
            return known[1]
        shown = make(*sources)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[name] = (sources, shown)
        return shown
