"""How a site is used, told so that nobody can be picked out: cells of fixed time, shown from five people on.

A cell is one site in one day or month, by the site's own clock. It is shown where at least `LEAST_USERS` people charged
in it. That alone is not enough: a month less the days that are shown would give away those that are not. So the hidden
days of a shown month hold at least `LEAST_USERS` people together, for which shown days are hidden too where need be.
Cells are told once they are over and settled: the difference of two answers would be what the last session added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

#: Nothing is shown of fewer people.
LEAST_USERS = 5
#: Stations that were offline send what happened meanwhile; a cell is told when that has come in.
SETTLING = timedelta(hours=48)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A day or a month of a site's clock, ``[start, end)`` in UTC."""

    name: str
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        return (self.end - self.start).total_seconds() / 3600

    def settled(self, now: datetime) -> bool:
        """Whether nothing is expected to change in it any more."""
        return now >= self.end + SETTLING


@dataclass(frozen=True, kw_only=True)
class UsageFigures:
    """What is told of a cell: sessions that began in it and their energy, and how busy the site was.

    ``occupancy`` is the part of the EVSEs' time in which an EV was plugged in, ``utilisation`` that of the energy which
    they could have delivered, ``peak_kw`` the highest mean of a quarter of an hour (None where no meter tells).
    """

    sessions: int
    energy_kwh: float
    occupancy: float
    utilisation: float
    peak_kw: float | None


def day_of(day: date, *, time_zone: str) -> Span:
    """The day as the site's clock has it, of 23, 24 or 25 hours."""
    return Span(name=day.isoformat(), start=_midnight(day, time_zone), end=_midnight(day + timedelta(1), time_zone))


def month_of(day: date, *, time_zone: str) -> Span:
    """The month that ``day`` lies in."""
    first = day.replace(day=1)
    return Span(
        name=first.isoformat()[:7], start=_midnight(first, time_zone), end=_midnight(_next_month(first), time_zone)
    )


def days_in_month(day: date, *, time_zone: str) -> list[Span]:
    """The days of the month that ``day`` lies in."""
    first = day.replace(day=1)
    number = (_next_month(first) - first).days
    return [day_of(first + timedelta(days=position), time_zone=time_zone) for position in range(number)]


def months_back(today: date, number: int) -> list[date]:
    """The first days of the ``number`` months before that of ``today``, the newest first."""
    found, first = [], today.replace(day=1)
    for _ in range(number):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found


def shown_days(users_of_day: Sequence[frozenset[str]]) -> frozenset[int]:
    """Which days of a month may be shown beside the month's own figures, by their places.

    Parameters
    ----------
    users_of_day : sequence of frozenset of str
        Who charged on each day.
    """
    shown = {place for place, users in enumerate(users_of_day) if len(users) >= LEAST_USERS}
    smallest_first = sorted(shown, key=lambda place: (len(users_of_day[place]), place))
    hidden = set(range(len(users_of_day))) - shown
    for place in smallest_first:
        together = _union(users_of_day[hide] for hide in hidden)
        if not together or len(together) >= LEAST_USERS:
            break
        hidden.add(place)
    return frozenset(range(len(users_of_day))) - hidden


def energy_by_quarter(energy_in: Iterable[tuple[datetime, datetime, float]], span: Span) -> dict[datetime, float]:
    """Energy in each quarter of an hour of ``span``, by the quarter's start. [kWh]

    Parameters
    ----------
    energy_in : iterable of (start, end, energy_kwh)
        Energy between two readings of a meter, taken to have flowed evenly.
    """
    quarters: dict[int, float] = {}
    for start, end, energy_kwh in energy_in:
        seconds = (end - start).total_seconds()
        begins = max(start, span.start)
        while seconds > 0 and begins < min(end, span.end):
            quarter = (begins - span.start) // QUARTER
            ends = min(end, span.start + QUARTER * (quarter + 1))
            part_kwh = energy_kwh * (ends - begins).total_seconds() / seconds
            quarters[quarter] = quarters.get(quarter, 0.0) + part_kwh
            begins = ends
    return {span.start + QUARTER * quarter: kwh for quarter, kwh in quarters.items()}


def peak_kw(by_quarter: Mapping[datetime, float], span: Span) -> float | None:
    """The highest mean power of a quarter of an hour within ``span``; None where no meter tells. [kW]

    A day begins with a quarter of its month, for no zone's clock differs from UTC by less than whole quarters.
    """
    highest_kwh = max((kwh for start, kwh in by_quarter.items() if span.start <= start < span.end), default=None)
    return None if highest_kwh is None else highest_kwh / (QUARTER / timedelta(hours=1))


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
