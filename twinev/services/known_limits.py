"""What stations were told, for those who only look: of planning's memory, or of the record where another plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.told_limits import ToldLimits


@dataclass(frozen=True, kw_only=True)
class KnownLimits:
    """Planning's memory, and whether it is this process that plans."""

    told: ToldLimits
    plans_here: Callable[[], bool]

    def of(self, work: UnitOfWork, station_ids: Iterable[str]) -> ToldLimits:
        """Return what is known of these stations; of others too where this process plans."""
        if self.plans_here():
            return self.told
        wanted, read = frozenset(station_ids), ToldLimits()
        read.restore(work, sorted(wanted))
        read.faults = {name: fault for name, fault in work.station_faults.all().items() if name in wanted}
        return read
