"""Looks at every meter now and then: a station that draws more than it accepted does not follow."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from twinev.services.compare_meter import ToldAndMeasured, unfollowed
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.told_limits import ToldLimits
from twinev.services.watch_enforcement import GRACE_WALL_SECONDS

_log = logging.getLogger(__name__)


class WatchMeters:
    """Blames stations by their meters, and clears them by these.

    Parameters
    ----------
    told : ToldLimits
        What stations accepted; here they are blamed.
    interval_seconds, grace_seconds : float
        Between two looks, and what a station may take to follow. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        reading: UnitOfWorkFactory,
        clock: Clock,
        told: ToldLimits,
        interval_seconds: float = 5.0,
        grace_seconds: float = GRACE_WALL_SECONDS,
    ) -> None:
        self._reading = reading
        self._clock = clock
        self._told = told
        self._interval_seconds = interval_seconds
        self._grace = timedelta(seconds=grace_seconds / clock.wall_seconds(1.0))

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self.look()
            except Exception:
                _log.exception("meters could not be watched")
            await asyncio.sleep(self._interval_seconds)

    async def look(self) -> None:
        """Compare every meter with what its EVSE accepted, once."""
        now = self._clock.now()
        verdicts = await asyncio.to_thread(self._judge)
        for station_id, reason in verdicts.items():
            if reason is None:
                self._told.clear(station_id, by_meter=True)
            else:
                self._told.blame(station_id, reason, now, by_meter=True)

    def _judge(self) -> dict[str, str | None]:
        with self._reading() as work:
            stations, sessions = work.stations.list(), work.sessions.active()
        seen = ToldAndMeasured(
            stations=tuple(stations),
            sessions=tuple(sessions),
            limits=dict(self._told.limits),
            accepted_at=dict(self._told.accepted_at),
            grace=self._grace,
        )
        return unfollowed(seen)
