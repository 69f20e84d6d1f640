"""Counts the days that are over and settled once, and again where something came late, for as long as this leads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from twinev.domain.charge_points import Site
from twinev.domain.usage import Span, day_of
from twinev.errors import Unavailable
from twinev.services.analysis.count_day import count_day
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

#: Stations that were offline for longer than a day is given to settle still send: so long a day is looked at again.
LATE = timedelta(days=40)
ROUND_SECONDS = 3600.0
#: Whoever starts the platform has more urgent things for it to do.
FIRST_SECONDS = 60.0
PAUSE_SECONDS = 0.2

_log = logging.getLogger(__name__)


class CountDays:
    """Looks once an hour; one day at a time is counted, in a thread of its own.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    first_seconds, round_seconds, pause_seconds : float
        How long it rests at the beginning, after a round, and after a day. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        first_seconds: float = FIRST_SECONDS,
        round_seconds: float = ROUND_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._unit_of_work, self._reading, self._clock = unit_of_work, reading, clock
        self._first_seconds, self._round_seconds = first_seconds, round_seconds
        self._pause_seconds = pause_seconds

    async def run(self) -> None:
        """Count for ever; a database that is away is tried again in the next round."""
        await asyncio.sleep(self._first_seconds)
        with ThreadPoolExecutor(1, thread_name_prefix="analysis") as thread:
            while True:
                try:
                    await self._round(thread)
                except Unavailable as error:
                    _log.warning("days are counted later: %s", error)
                await asyncio.sleep(self._round_seconds)

    async def _round(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        due = await loop.run_in_executor(thread, self.due)
        for site, day in due:
            await loop.run_in_executor(thread, self.count, site, day)
            await asyncio.sleep(self._pause_seconds)

    def count_all(self) -> int:
        """Count all that is due; say how many days that was."""
        due = self.due()
        for site, day in due:
            self.count(site, day)
        return len(due)

    def due(self) -> list[tuple[Site, Span]]:
        """The settled days that are not counted, or were counted from something else than is known now."""
        with self._reading() as work:
            return [(site, day) for site in work.sites.list() for day in self._due_of(work, site)]

    def count(self, site: Site, day: Span) -> None:
        """Count one day and keep it."""
        with self._reading() as work:
            traces = work.analysis.traces(site.id, day.start, day.end)
            counted = count_day(work, site, day, now=self._clock.now())
        with self._unit_of_work() as work:
            work.site_days.save(counted, traces)
            work.commit()

    def _due_of(self, work: UnitOfWork, site: Site) -> Iterator[Span]:
        now, begun = self._clock.now(), work.analysis.first_session(site.id)
        if begun is None:
            return
        zone = ZoneInfo(site.time_zone)
        first, today = begun.astimezone(zone).date().replace(day=1), now.astimezone(zone).date()
        counted_from = work.site_days.traces(site.id, first, today)
        for day in _days_back(first, today, site):
            known = counted_from.get(day.name)
            if not day.settled(now) or (known is not None and now - day.end > LATE):
                continue
            if known is None or known != work.analysis.traces(site.id, day.start, day.end):
                yield day


def _days_back(first: date, last: date, site: Site) -> Iterator[Span]:
    """From ``last`` back to ``first``: what is new is asked for most."""
    for back in range((last - first).days + 1):
        yield day_of(last - timedelta(days=back), time_zone=site.time_zone)
