"""Keeps on record which stations do not follow, and alerts of each: once when it begins, once when it is over.

What is tried again, reconnects and fails again, or outlives a restart is the same fault: it is over when the station
accepts, reads back right and measures within its limits.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from twinev.domain.station_fault import StationFault
from twinev.errors import NotFound, Unavailable
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

RETRY_SECONDS = 1.0

_log = logging.getLogger(__name__)

News = tuple[str, StationFault | None]


class RecordFaults:
    """Writes down what `note` hears; `note` is called by `ToldLimits.on_fault` and returns at once.

    Parameters
    ----------
    unit_of_work, reading : UnitOfWorkFactory
        For what writes, and for what only reads.
    """

    def __init__(self, *, unit_of_work: UnitOfWorkFactory, reading: UnitOfWorkFactory) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._news: asyncio.Queue[News] = asyncio.Queue()

    def note(self, station_id: str, fault: StationFault | None) -> None:
        """Hear that a station was seen to fail, or with None to follow."""
        self._news.put_nowait((station_id, fault))

    async def run(self) -> None:
        """Write for ever."""
        open_faults = set(await asyncio.to_thread(self._read_open))
        while True:
            news = [await self._news.get()]
            while not self._news.empty():
                news.append(self._news.get_nowait())
            worth_writing: list[News] = []
            for station_id, fault in news:
                # That a station follows is no news where nothing else is on record.
                if fault is not None or station_id in open_faults:
                    worth_writing.append((station_id, fault))
                (open_faults.discard if fault is None else open_faults.add)(station_id)
            if worth_writing:
                await self._write_surely(worth_writing)
            for _ in news:
                self._news.task_done()

    async def settled(self) -> None:
        """Wait until everything that was noted is written."""
        await self._news.join()

    async def _write_surely(self, news: list[News]) -> None:
        while True:
            try:
                await asyncio.to_thread(self._write, news)
            except Unavailable as error:
                _log.warning("faults of stations wait for the database: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return

    def _read_open(self) -> set[str]:
        with self._reading() as work:
            return set(work.station_faults.all())

    def _write(self, news: list[News]) -> None:
        with self._unit_of_work() as work:
            for station_id, fault in news:
                _record(work, station_id, fault)
            work.commit()


def _record(work: UnitOfWork, station_id: str, fault: StationFault | None) -> None:
    known = work.station_faults.get(station_id)
    try:
        site_id = work.stations.get(station_id).site_id
    except NotFound:
        return
    named = {"site_id": site_id, "station_id": station_id}
    if fault is None:
        if known is not None:
            work.station_faults.remove(station_id)
            work.events.add("station.following", named | {"since": known.since.isoformat()})
        return
    since = known.since if known else fault.since
    work.station_faults.save(replace(fault, since=since))
    if known is None:
        told = {"cause": str(fault.cause), "reason": fault.reason, "since": since.isoformat()}
        work.events.add("station.not_following", named | told)
