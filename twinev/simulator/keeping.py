"""Works on an EVSE's memory of whom it is kept for: from ReserveNow until he comes, or the time is up."""

from __future__ import annotations

from datetime import datetime

from twinev.simulator.memory import EvseMemory
from twinev.simulator.reports import Reports
from twinev.simulator.reservation import KeptEvse
from twinev.simulator.station_clock import StationClock


class Keeping:
    """``at`` is true time everywhere."""

    def __init__(self, *, memory: EvseMemory, clock: StationClock, reports: Reports) -> None:
        self._memory = memory
        self._clock = clock
        self._reports = reports

    @property
    def on(self) -> bool:
        """Whether it is kept for somebody."""
        return self._memory.kept is not None

    @property
    def runs_out_at(self) -> datetime | None:
        return self._clock.true(self._memory.kept.until) if self._memory.kept else None

    def possible(self, kept: KeptEvse) -> bool:
        """Whether it can be kept: free, and not for another reservation."""
        return self._memory.plugged is None and (not self.on or self.under(kept.reservation_id))

    def begin(self, kept: KeptEvse) -> None:
        self._memory.kept = kept

    def end(self) -> KeptEvse | None:
        """Keep it for nobody any more; return what it was kept for."""
        kept, self._memory.kept = self._memory.kept, None
        return kept

    def under(self, reservation_id: int) -> bool:
        return self._memory.kept is not None and self._memory.kept.reservation_id == reservation_id

    def refuses(self, id_token: str, group: str | None = None) -> bool:
        """Whether it is kept for another token, as far as is known of its group."""
        return self._memory.kept is not None and self._memory.kept.refuses(id_token, group)

    def refuses_unasked(self, id_token: str | None) -> bool:
        """Whether the station knows that without the CSMS."""
        return id_token is not None and self.refuses(id_token) and self._memory.kept.group is None

    def run_out(self, at: datetime) -> bool:
        """Give it up when the time is up, and tell of it; return whether it was."""
        if self.runs_out_at is None or at < self.runs_out_at:
            return False
        self._reports.reservation_expired(self.end().reservation_id)
        return True
