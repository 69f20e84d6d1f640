"""Runs a fleet: lets its time pass, keeps its stations connected, and ends cleanly."""

from __future__ import annotations

import asyncio
import heapq
import logging
import ssl
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from twinev.clock import PlatformClock
from twinev.simulator.connection import CALL_TIMEOUT_SECONDS, StationConnection
from twinev.simulator.dialect import Dialect
from twinev.simulator.drivers import Visits
from twinev.simulator.faults import Faults
from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.memory import MemoryFile
from twinev.simulator.meter import timestamp, to_millisecond
from twinev.simulator.station import Station
from twinev.simulator.v16 import V16
from twinev.simulator.v21 import V21
from twinev.simulator.v201 import V201

LOGGER = logging.getLogger(__name__)

DIALECTS: dict[str, Dialect] = {dialect.version: dialect for dialect in (V16(), V201(), V21())}
# How often the stations look at the clock; what happens in between happens at its own instant all the same. [s, wall]
TICK_SECONDS = 0.1
SYNC_SECONDS = 1.0


class Simulation:
    """A fleet of stations at one CSMS.

    Parameters
    ----------
    url : str
        The CSMS's WebSocket, without the station's id.
    visits : Visits
        Who comes when.
    faults : Faults or None
        What goes wrong when; None: nothing.
    seed : int
        Draws what is left to chance in reconnecting.
    state_dir : Path or None
        Where the stations keep their memory over a restart; None: nowhere.
    meter_interval_seconds : float
        Time between meter values. [platform s]
    """

    def __init__(
        self,
        *,
        stations: Sequence[StationSpec],
        url: str,
        clock: PlatformClock,
        visits: Visits,
        ledger: Ledger,
        faults: Faults | None = None,
        seed: int = 1,
        state_dir: Path | None = None,
        meter_interval_seconds: float = 10.0,
        call_timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        self._ledger = ledger
        self.stations = [
            Station(
                spec=spec,
                dialect=DIALECTS[spec.ocpp],
                clock=clock,
                visits=visits,
                ledger=ledger,
                faults=faults.of(spec) if faults else iter(()),
                memory_file=MemoryFile(state_dir, spec.id),
                meter_interval_seconds=meter_interval_seconds,
            )
            for spec in stations
        ]
        self._agenda = Agenda(self.stations, clock)
        tls = ssl.create_default_context() if url.startswith("wss:") else None
        self._connections = [
            StationConnection(
                station=station,
                url=url,
                clock=clock,
                seed=seed,
                tls=tls,
                call_timeout_seconds=call_timeout_seconds,
            )
            for station in self.stations
        ]

    @property
    def calls_answered(self) -> int:
        """How many CALLs the CSMS has answered."""
        return sum(connection.calls_answered for connection in self._connections)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then close every socket and keep what must be kept."""
        speaking = [asyncio.create_task(connection.run()) for connection in self._connections]
        syncing = asyncio.create_task(self._sync())
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._agenda.let_time_pass()
                await asyncio.wait((stopping, *speaking, syncing), timeout=TICK_SECONDS, return_when="FIRST_COMPLETED")
                for task in (*speaking, syncing):
                    if task.done():
                        task.result()
        finally:
            tasks = (*speaking, syncing, stopping)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._close()

    async def _sync(self) -> None:
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            # The disk may take its time: the stations' time must not wait for it.
            await asyncio.to_thread(self._ledger.sync)

    def _close(self) -> None:
        for station in self.stations:
            station.close()
            self._ledger.record("end", station=station.spec.id, undelivered=len(station.reports.queue))
        self._ledger.close()


class Agenda:
    """Which station has something to live through next: of thousands, at any moment only a few have.

    A heap of instants; an entry whose station has found another instant meanwhile is passed over.
    """

    def __init__(self, stations: Sequence[Station], clock: PlatformClock) -> None:
        self._stations = stations
        self._clock = clock
        self._due: list[datetime | None] = [None] * len(stations)
        self._heap: list[tuple[datetime, int]] = []
        for place, station in enumerate(stations):
            station.on_change = partial(self._note, place)
            self._note(place)

    def let_time_pass(self) -> None:
        """Let every station catch up for which something is due."""
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            at, place = heapq.heappop(self._heap)
            if self._due[place] == at:
                self._due[place] = None
                self._stations[place].catch_up()
                self._note(place)

    def _note(self, place: int) -> None:
        at = self._stations[place].next_instant
        if at is not None and at != self._due[place]:
            self._due[place] = at
            heapq.heappush(self._heap, (at, place))


def scenario_origin(state_dir: Path | None, clock: PlatformClock) -> datetime:
    """When the scenario began: now, or when it was begun before the restart."""
    now = to_millisecond(clock.now())
    if state_dir is None:
        return now
    file = state_dir / "scenario-origin.txt"
    if file.exists():
        return datetime.fromisoformat(file.read_text(encoding="utf-8").strip())
    state_dir.mkdir(parents=True, exist_ok=True)
    file.write_text(timestamp(now) + "\n", encoding="utf-8")
    return now
