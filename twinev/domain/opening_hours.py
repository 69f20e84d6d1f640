"""When a site can be entered (OCPI 2.2.1 Hours): every week's periods, and days that differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from twinev.domain.checks import require_utc
from twinev.errors import BadInput

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True, kw_only=True)
class RegularHours:
    """Open on ``weekday`` (1 Monday to 7 Sunday) from ``begin`` to ``end``, local time; 24:00 is the day's end."""

    weekday: int
    begin: str
    end: str

    def __post_init__(self) -> None:
        if not 1 <= self.weekday <= 7:
            raise BadInput("opening_hours.weekday", self.weekday, "1 (Monday) to 7 (Sunday)")
        for key, value in (("begin", self.begin), ("end", self.end)):
            if not _TIME.fullmatch(value):
                raise BadInput(f"opening_hours.{key}", value, "a local time such as 07:30, at most 24:00")
        if self.end <= self.begin:
            raise BadInput("opening_hours.end", self.end, f"later than {self.begin}; a night is two periods")


@dataclass(frozen=True, kw_only=True)
class ExceptionalPeriod:
    """Open, or closed, from ``begin`` to ``end`` whatever the week says."""

    begin: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "begin", require_utc("opening_hours.begin", self.begin))
        object.__setattr__(self, "end", require_utc("opening_hours.end", self.end))
        if self.end <= self.begin:
            raise BadInput("opening_hours.end", self.end.isoformat(), f"later than {self.begin.isoformat()}")

    def covers(self, instant: datetime) -> bool:
        return self.begin <= instant < self.end


@dataclass(frozen=True, kw_only=True)
class OpeningHours:
    """Opening hours of a site that is not always open; closings go before openings, both before the week."""

    regular: tuple[RegularHours, ...]
    openings: tuple[ExceptionalPeriod, ...] = ()
    closings: tuple[ExceptionalPeriod, ...] = ()

    def open_at(self, instant: datetime, *, time_zone: str) -> bool:
        """Whether the site is open at ``instant``."""
        if any(period.covers(instant) for period in self.closings):
            return False
        if any(period.covers(instant) for period in self.openings):
            return True
        local = instant.astimezone(ZoneInfo(time_zone))
        minute = f"{local:%H:%M}"
        return any(hours.weekday == local.isoweekday() and hours.begin <= minute < hours.end for hours in self.regular)
