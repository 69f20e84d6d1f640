"""The times of departure that a page offers: whole quarters of an hour, and the last one possible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

QUARTER = timedelta(minutes=15)
#: Later, the steps are hours.
QUARTERS_FOR = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Departure:
    """An instant, and how far away it is as people say it."""

    at: datetime
    duration: str


def departures(now: datetime, latest: datetime) -> list[Departure]:
    """From the next whole quarter that leaves some time to charge, until ``latest``."""
    first = datetime.fromtimestamp(0, UTC) + -(-(now - datetime.fromtimestamp(0, UTC)) // QUARTER) * QUARTER
    instants, at = [], first + QUARTER
    while at < latest:
        instants.append(at)
        at += QUARTER if at - first < QUARTERS_FOR else timedelta(hours=1)
    return [Departure(at=at, duration=_duration(at - now)) for at in [*instants, latest] if at > now]


def _duration(length: timedelta) -> str:
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
