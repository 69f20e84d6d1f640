"""Keeps what was made of rows that are read again and again: to make it takes longer than to read it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")

#: Then all is forgotten, and made anew.
MOST = 50_000


class Remembered(Generic[Made]):
    """What cannot change, made of a row; given again only while the row is the same to the last column."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[Any, ...], Made]] = {}

    def of(self, key: Hashable, row: Sequence[Any], make: Callable[[], Made]) -> Made:
        """Return what ``make`` makes of the row with these values; ``key`` tells which row it is."""
        values = tuple(row)
        known = self._known.get(key)
        if known is not None and known[0] == values:
            return known[1]
        made = make()
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = (values, made)
        return made
