"""Measures how sites are used, month by month and day by day, and shows what gives nobody away."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from twinev.domain.charge_points import Site
from twinev.domain.station_access import is_private
from twinev.domain.usage import (
    LEAST_USERS,
    Span,
    UsageFigures,
    days_in_month,
    energy_by_quarter,
    month_of,
    months_back,
    peak_kw,
    shown_days,
)
from twinev.errors import BadInput
from twinev.services.compare_meter import exceeds
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.ports.usage import Stay

#: Months are counted once: what is over and settled stays as it is.
MOST_KEPT = 1000
#: Whose session showed no card is nobody in particular: all of them count as one.
NO_CARD = ""


@dataclass(frozen=True, kw_only=True)
class UsageCell:
    """A site in a span of time; ``figures`` None is hidden, for too few people or none at all."""

    site_id: str
    span: Span
    figures: UsageFigures | None


@dataclass(frozen=True, kw_only=True)
class UsageMonth:
    """A month with its days, and how many restrictions of the grid were in force and kept in it."""

    month: UsageCell
    days: tuple[UsageCell, ...]
    restrictions: int
    restrictions_kept: int


class MeasureUsage:
    """Counts settled months, and keeps those it has counted."""

    def __init__(self, *, reading: UnitOfWorkFactory, clock: Clock) -> None:
        self._reading, self._clock = reading, clock
        self._kept: OrderedDict[tuple[str, str], UsageMonth] = OrderedDict()
        self._lock = threading.Lock()

    def months(self, *, number: int, site_id: str | None = None) -> list[UsageMonth]:
        """The last ``number`` months of each site that has a public station, by site, the newest first."""
        with self._reading() as work:
            sites = work.sites.list() if site_id is None else [work.sites.get(site_id)]
            named = work.station_access.stations()
            stations = [one for one in work.stations.list() if not is_private(one, named.get(one.id, ()))]
            public = {station.site_id for station in stations}
        return [
            self._month(site, first)
            for site in sorted(sites, key=lambda site: site.id)
            if site.id in public
            for first in months_back(self._today(site), number)
            if month_of(first, time_zone=site.time_zone).settled(self._clock.now())
        ]

    def month(self, site_id: str, first: date) -> UsageMonth:
        """One month of one site.

        Raises
        ------
        NotFound
            No site has that id.
        BadInput
            The month is not over, or not yet settled.
        """
        with self._reading() as work:
            site = work.sites.get(site_id)
        if not month_of(first, time_zone=site.time_zone).settled(self._clock.now()):
            raise BadInput("month", first.isoformat()[:7], "a month that has been over for two days")
        return self._month(site, first)

    def _today(self, site: Site) -> date:
        return self._clock.now().astimezone(ZoneInfo(site.time_zone)).date()

    def _month(self, site: Site, first: date) -> UsageMonth:
        key = (site.id, first.isoformat())
        # One at a time: a month is worth reading once, however many ask for it.
        with self._lock:
            if key not in self._kept:
                with self._reading() as work:
                    self._kept[key] = _measure(work, site, first)
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]


def _measure(work: UnitOfWork, site: Site, first: date) -> UsageMonth:
    month, days = month_of(first, time_zone=site.time_zone), days_in_month(first, time_zone=site.time_zone)
    evses = [evse for station in work.stations.list(site_id=site.id) for evse in station.evses]
    stays = work.usage.stays(site.id, month.start, month.end)
    by_quarter = energy_by_quarter(work.usage.metered(site.id, month.start, month.end), month)

    def cell(span: Span, *, show: bool) -> UsageCell:
        if not show:
            return UsageCell(site_id=site.id, span=span, figures=None)
        figures = _figures(span, stays, by_quarter, places=len(evses), most_kw=sum(evse.max_kw for evse in evses))
        return UsageCell(site_id=site.id, span=span, figures=figures)

    shown = shown_days([_users(stays, day) for day in days])
    ordered = work.usage.restrictions(site.id, month.start, month.end)
    return UsageMonth(
        month=cell(month, show=len(_users(stays, month)) >= LEAST_USERS),
        days=tuple(cell(day, show=place in shown) for place, day in enumerate(days)),
        restrictions=len(ordered),
        restrictions_kept=sum(kw is not None and not exceeds(kw, order.limit_kw) for order, kw in ordered),
    )


def _users(stays: Sequence[Stay], span: Span) -> frozenset[str]:
    """Who began to charge, or was plugged in, in the span."""
    return frozenset(stay.user or NO_CARD for stay in stays if _overlap_hours(stay, span) > 0 or _began(stay, span))


def _began(stay: Stay, span: Span) -> bool:
    return span.start <= stay.started_at < span.end


def _overlap_hours(stay: Stay, span: Span) -> float:
    end = span.end if stay.ended_at is None else min(stay.ended_at, span.end)
    return max((end - max(stay.started_at, span.start)).total_seconds() / 3600, 0.0)


def _figures(
    span: Span, stays: Sequence[Stay], by_quarter: Mapping[datetime, float], *, places: int, most_kw: float
) -> UsageFigures:
    began = [stay for stay in stays if _began(stay, span)]
    energy_kwh = sum(stay.energy_kwh for stay in began)
    plugged_hours = sum(_overlap_hours(stay, span) for stay in stays)
    return UsageFigures(
        sessions=len(began),
        energy_kwh=energy_kwh,
        occupancy=_share(plugged_hours, places * span.hours),
        utilisation=_share(energy_kwh, most_kw * span.hours),
        peak_kw=peak_kw(by_quarter, span),
    )


def _share(part: float, whole: float) -> float:
    return 0.0 if whole <= 0 else min(max(part / whole, 0.0), 1.0)
