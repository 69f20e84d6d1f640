"""Which events of a transaction are missing, told by the numbers of those that came (OCPP 2.0.1 part 2, E01.FR.07).

A station numbers the events of a transaction one by one, most from 0 on. While it is offline it may drop some
(E04.FR.07), and those that it queued come late: a gap is no error, but whoever reads the session must see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: A station that leaves out every other number must not grow the session for ever.
MOST_GAPS = 50

Gap = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class EventSequence:
    """``last`` is the highest number that came, ``gaps`` the first and last number of each run that did not.

    ``last`` None: no event came, or they have no numbers (OCPP 1.6). Beyond `MOST_GAPS` the oldest gaps are joined, and
    hold numbers that did come.
    """

    last: int | None = None
    gaps: tuple[Gap, ...] = ()

    def with_start(self, number: int) -> EventSequence:
        """The transaction's first event: what is numbered before it is no event of this transaction."""
        if self.last is None:
            return EventSequence(last=number)
        after = tuple((max(first, number + 1), last) for first, last in self.gaps if last > number)
        return EventSequence(last=max(self.last, number), gaps=after)

    def with_event(self, number: int) -> EventSequence:
        """A later event; where it comes before the start is known, all from 0 on are missing."""
        before = -1 if self.last is None else self.last
        if number > before:
            gap = ((before + 1, number - 1),) if number > before + 1 else ()
            return EventSequence(last=number, gaps=_at_most(self.gaps + gap))
        gaps = tuple(left for gap in self.gaps for left in _without(gap, number))
        return EventSequence(last=self.last, gaps=_at_most(gaps))


def _without(gap: Gap, number: int) -> Iterator[Gap]:
    first, last = gap
    if not first <= number <= last:
        yield gap
        return
    if first < number:
        yield first, number - 1
    if number < last:
        yield number + 1, last


def _at_most(gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    too_many = len(gaps) - MOST_GAPS
    return gaps if too_many <= 0 else ((gaps[0][0], gaps[too_many][1]), *gaps[too_many + 1 :])
