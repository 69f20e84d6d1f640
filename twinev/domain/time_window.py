"""A window of time on a grid of five minutes: what can be booked, so that two bookings meet or do not, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twinev.domain.checks import require_utc
from twinev.errors import BadInput

#: The grid: a thing is booked for whole steps of it.
STEP = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class TimeWindow:
    """[start, end), both on the grid; `around` widens any two instants to it."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for key in ("start", "end"):
            instant = require_utc(key, getattr(self, key))
            if (instant - _EPOCH) % STEP:
                raise BadInput(key, instant.isoformat(), f"a multiple of {STEP}")
            object.__setattr__(self, key, instant)
        if self.end <= self.start:
            raise BadInput("end", self.end.isoformat(), f"after the start, {self.start.isoformat()}")

    @classmethod
    def around(cls, start: datetime, end: datetime) -> TimeWindow:
        """The smallest window on the grid that holds [start, end)."""
        start, end = require_utc("start", start), require_utc("end", end)
        if end <= start:
            raise BadInput("end", end.isoformat(), f"after the start, {start.isoformat()}")
        try:
            return cls(start=start - (start - _EPOCH) % STEP, end=end + (_EPOCH - end) % STEP)
        except OverflowError as error:
            raise BadInput("end", end.isoformat(), "a time that anybody will see") from error

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def steps(self) -> range:
        """The numbers of its steps, counted from 1970."""
        return range((self.start - _EPOCH) // STEP, (self.end - _EPOCH) // STEP)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end
