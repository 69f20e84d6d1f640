"""Tells how a month went, at one site or at all together: its figures, its days, and the months before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from twinev.domain.charge_points import Site
from twinev.domain.site_day import SiteDay, added, power_together_kw
from twinev.domain.usage import Span, days_in_month, month_of, months_back
from twinev.errors import BadInput
from twinev.services.analysis.count_day import count_day
from twinev.services.analysis.figures import Co2Factor, Figure, RestrictionAndPower, figures_of
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

#: Of the days that nobody counted yet, so many are counted for one answer about several months.
MOST_COUNTED_NOW = 200
HOURS_A_DAY = 24


@dataclass(frozen=True, kw_only=True)
class Period:
    """A day or a month with its figures."""

    name: str
    figures: dict[str, Figure]


@dataclass(frozen=True, kw_only=True)
class MonthAnalysis:
    """A month.

    Parameters
    ----------
    settled : bool
        Nothing is expected to change in it any more.
    days : tuple of Period
        Those that have begun.
    hours_kw : tuple of float or None, shape (24,)
        Mean power of all EVs in each hour of the day, by the sites' clocks; None before the first such hour. [kW]
    """

    month: Period
    start: datetime
    end: datetime
    settled: bool
    days: tuple[Period, ...]
    hours_kw: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class _SiteMonth:
    """A month of one site: the days of it that have begun, of which some were counted before."""

    site: Site
    span: Span
    begun: tuple[Span, ...]
    days: Mapping[str, SiteDay]
    restrictions: tuple[RestrictionAndPower, ...] = ()

    @property
    def uncounted(self) -> list[Span]:
        return [day for day in self.begun if day.name not in self.days]

    def in_force(self, names: Iterable[str]) -> list[RestrictionAndPower]:
        """The restrictions that were in force on one of these days."""
        wanted = set(names)
        spans = [span for span in self.begun if span.name in wanted]
        return [
            (one, kw)
            for one, kw in self.restrictions
            if any(one.start < span.end and min(one.end, one.revoked_at or one.end) > span.start for span in spans)
        ]


class AnalyseMonth:
    """Adds up counted days; those that are not counted yet, such as today, are counted on the way.

    Parameters
    ----------
    reading : UnitOfWorkFactory
        For what only reads.
    co2 : Co2Factor, optional
        What a kWh from the grid emits.
    most_counted_now : int
        How many days of sites are counted for one answer about several months.
    """

    def __init__(
        self,
        *,
        reading: UnitOfWorkFactory,
        clock: Clock,
        co2: Co2Factor | None = None,
        most_counted_now: int = MOST_COUNTED_NOW,
    ) -> None:
        self._reading, self._clock = reading, clock
        self._most_counted_now = most_counted_now
        self.co2 = co2

    def month(self, first: date, *, site_id: str | None = None) -> MonthAnalysis:
        """The month that begins with ``first``, of one site or of all.

        Raises
        ------
        NotFound
            No site has that id.
        BadInput
            The month has not begun yet, or there is no site.
        """
        now = self._clock.now()
        with self._reading() as work:
            parts = [_counted(work, site, first, now) for site in _sites(work, site_id)]
            if not any(part.begun for part in parts):
                raise BadInput(
                    "month", first.isoformat()[:7], f"a month of a site that has begun; it is {now:%Y-%m-%d}"
                )
            return self._analysis(first, [_completed(work, part, now) for part in parts], now)

    def months(self, *, number: int, site_id: str | None = None) -> list[MonthAnalysis]:
        """The present month and those before it since the first session, at most ``number``, the newest first.

        It ends sooner where too many days of a month are not counted yet: they are being counted.
        """
        now = self._clock.now()
        left, found = self._most_counted_now, []
        with self._reading() as work:
            sites = _sites(work, site_id)
            today = max((now.astimezone(ZoneInfo(site.time_zone)).date() for site in sites), default=now.date())
            firsts = [work.analysis.first_session(site.id) for site in sites]
            begun = min((first for first in firsts if first is not None), default=now)
            for first in [today.replace(day=1), *months_back(today, number - 1)]:
                parts = [_counted(work, site, first, now) for site in sites]
                left -= sum(len(part.uncounted) for part in parts)
                if (found and left < 0) or all(part.span.end <= begun for part in parts):
                    break
                found.append(self._analysis(first, [_completed(work, part, now) for part in parts], now))
        return found

    def _analysis(self, first: date, parts: Sequence[_SiteMonth], now: datetime) -> MonthAnalysis:
        names = sorted({name for part in parts for name in part.days})
        return MonthAnalysis(
            month=self._period(first.isoformat()[:7], parts, names),
            start=min(part.span.start for part in parts),
            end=max(part.span.end for part in parts),
            settled=all(part.span.settled(now) for part in parts),
            days=tuple(self._period(name, parts, [name]) for name in names),
            hours_kw=_hours_kw(parts),
        )

    def _period(self, name: str, parts: Sequence[_SiteMonth], day_names: Sequence[str]) -> Period:
        days = [part.days[day] for part in parts for day in day_names if day in part.days]
        # One that spans several sites is one restriction.
        in_force = {one.id: (one, kw) for part in parts for one, kw in part.in_force(day_names)}
        figures = figures_of(
            added(days),
            quarters_kw=list(power_together_kw(days).values()),
            restrictions=list(in_force.values()),
            co2=self.co2,
        )
        return Period(name=name, figures=figures)


def _sites(work: UnitOfWork, site_id: str | None) -> list[Site]:
    return work.sites.list() if site_id is None else [work.sites.get(site_id)]


def _counted(work: UnitOfWork, site: Site, first: date, now: datetime) -> _SiteMonth:
    """The month with the days that were counted before."""
    days = days_in_month(first, time_zone=site.time_zone)
    last = date.fromisoformat(days[-1].name)
    return _SiteMonth(
        site=site,
        span=month_of(first, time_zone=site.time_zone),
        begun=tuple(day for day in days if day.start < now),
        days=work.site_days.between(site.id, first, last),
    )


def _completed(work: UnitOfWork, part: _SiteMonth, now: datetime) -> _SiteMonth:
    """The month with all its days that have begun, and the restrictions that were in force in it."""
    counted_now = {day.name: count_day(work, part.site, day, now=now) for day in part.uncounted}
    until = max(min(part.span.end, now), part.span.start)
    return replace(
        part,
        days={**part.days, **counted_now},
        restrictions=tuple(work.usage.restrictions(part.site.id, part.span.start, until)),
    )


def _hours_kw(parts: Sequence[_SiteMonth]) -> tuple[float | None, ...]:
    """Each site's mean of each hour of the day, added up."""
    totals: list[float | None] = [None] * HOURS_A_DAY
    for part in parts:
        zone = ZoneInfo(part.site.time_zone)
        kw_of_hour: list[list[float]] = [[] for _ in range(HOURS_A_DAY)]
        for start, kw in power_together_kw(part.days.values()).items():
            kw_of_hour[start.astimezone(zone).hour].append(kw)
        for hour, values_kw in enumerate(kw_of_hour):
            if values_kw:
                totals[hour] = (totals[hour] or 0.0) + sum(values_kw) / len(values_kw)
    return tuple(totals)
