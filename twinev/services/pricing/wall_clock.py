"""When a tariff's restrictions can change by the site's wall clock, on days with a change of clocks too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twinev.domain.tariffs import DAYS, Tariff, TariffRestrictions

_DAY = timedelta(days=1)
#: Clocks change on a quarter of an hour of UTC, everywhere.
_QUARTER = timedelta(minutes=15)
_MIDNIGHT = time(0)


def clock_changes(tariff: Tariff, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant from a day before ``start`` to a day after ``end`` at which a restriction may begin or end."""
    times = {_MIDNIGHT}
    for element in tariff.elements:
        times |= {clock for clock in (element.restrictions.start_time, element.restrictions.end_time) if clock}
    day, last = start.astimezone(zone).date() - _DAY, end.astimezone(zone).date() + _DAY
    while day <= last:
        yield from _instants(day, times, zone)
        day += _DAY


def holds_by_clock(restrictions: TariffRestrictions, instant: datetime, zone: ZoneInfo) -> bool:
    """Whether times, dates and days of week let the element count."""
    local = instant.astimezone(zone)
    if restrictions.start_date is not None and local.date() < restrictions.start_date:
        return False
    if restrictions.end_date is not None and local.date() >= restrictions.end_date:
        return False
    if restrictions.days_of_week and DAYS[local.weekday()] not in restrictions.days_of_week:
        return False
    return _within(local.time(), restrictions.start_time or _MIDNIGHT, restrictions.end_time or _MIDNIGHT)


def _within(clock: time, start: time, end: time) -> bool:
    if start < end:
        return start <= clock < end
    # The window goes on after midnight; two equal times are the whole day.
    return clock >= start or clock < end


def _instants(day: date, times: Iterable[time], zone: ZoneInfo) -> Iterator[datetime]:
    for clock in times:
        # A time that the clock shows twice counts at both; one that it skips does no harm.
        for fold in (0, 1):
            yield datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)
    begin = datetime.combine(day, _MIDNIGHT, zone)
    after = datetime.combine(day + _DAY, _MIDNIGHT, zone)
    if begin.utcoffset() != after.utcoffset():
        instant, end = begin.astimezone(UTC), after.astimezone(UTC)
        while instant < end:
            yield instant
            instant += _QUARTER
