"""What this process costs: memory, processor time, and how much is said for it."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence

from twinev.simulator.station import Station


class Usage:
    """Tells in one line what has been used since the line before."""

    def __init__(self) -> None:
        self._wall, self._cpu, self._calls = time.monotonic(), time.process_time(), 0

    def line(self, stations: Sequence[Station], calls: int) -> str:
        """``calls`` is how many CALLs have been answered since the start."""
        wall, cpu = time.monotonic(), time.process_time()
        seconds = max(wall - self._wall, 1e-3)
        online = sum(station.online for station in stations)
        unsent = sum(len(station.reports.queue) for station in stations)
        text = (
            f"{online} of {len(stations)} online, {sum(station.power_kw for station in stations):.0f} kW, "
            f"{unsent} unsent; {(calls - self._calls) / seconds:.0f} calls/s, "
            f"{(cpu - self._cpu) / seconds:.0%} of a CPU, at most {_peak_mb():.0f} MB"
        )
        self._wall, self._cpu, self._calls = wall, cpu, calls
        return text


def _peak_mb() -> float:
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
