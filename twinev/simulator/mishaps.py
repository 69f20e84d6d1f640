"""What goes wrong at a station, each in its time: lost connections, reboots, limits from elsewhere."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from twinev.simulator.faults import Fault, FaultKind
from twinev.simulator.limits import EXTERNAL, Period, StationProfile
from twinev.simulator.meter import to_millisecond
from twinev.simulator.profiles import InstalledProfiles
from twinev.simulator.reports import Reports
from twinev.simulator.station_clock import StationClock

# How long a Reset that the CSMS asks for keeps the station away. [platform s]
RESET_SECONDS = 20.0


class Mishaps:
    """Lets the station suffer its faults, those before ``now`` left out.

    ``go_offline`` is called with whether the station reboots, and when; ``at`` is true time everywhere.
    """

    def __init__(
        self,
        *,
        faults: Iterable[Fault],
        now: datetime,
        clock: StationClock,
        profiles: InstalledProfiles,
        reports: Reports,
        go_offline: Callable[[bool, datetime], None],
    ) -> None:
        self._faults = (fault for fault in faults if fault.at >= now)
        self._clock = clock
        self._profiles = profiles
        self._reports = reports
        self._go_offline = go_offline
        self._coming: list[Fault] = []
        #: No connection before then. (true time)
        self.offline_until = now
        self._expect_another()

    @property
    def next_instant(self) -> datetime | None:
        """When something goes wrong next; None: never."""
        return self._coming[0].at if self._coming else None

    def reset_soon(self, at: datetime) -> None:
        """Reboot a second later."""
        fault = Fault(at=at + timedelta(seconds=1), kind=FaultKind.REBOOT, seconds=RESET_SECONDS)
        heapq.heappush(self._coming, fault)

    def suffer(self, at: datetime) -> bool:
        """Let everything happen that is due at ``at``; tell if there was any."""
        happened = False
        while self._coming and self._coming[0].at <= at:
            fault, happened = heapq.heappop(self._coming), True
            match fault.kind:
                case FaultKind.OFFLINE | FaultKind.REBOOT:
                    self.offline_until = max(self.offline_until, at + timedelta(seconds=fault.seconds))
                    self._go_offline(fault.kind is FaultKind.REBOOT, at)
                case FaultKind.CHARGING_LIMIT if fault.limit_kw is None:
                    self._profiles.lift()
                    self._reports.charging_limit_cleared()
                    continue
                case FaultKind.CHARGING_LIMIT:
                    self._be_limited(fault, at)
            self._expect_another()
        return happened

    def _expect_another(self) -> None:
        following = next(self._faults, None)
        if following is not None:
            heapq.heappush(self._coming, following)

    def _be_limited(self, fault: Fault, at: datetime) -> None:
        shown = to_millisecond(self._clock.shown(at))
        self._profiles.impose(
            StationProfile(
                id=-1,
                purpose=EXTERNAL,
                stack_level=0,
                evse_id=0,
                unit="W",
                periods=(Period(start_seconds=0, limit=fault.limit_kw * 1000),),
                start=shown,
                duration_seconds=round(fault.seconds),
            )
        )
        self._reports.charging_limit(fault.limit_kw, shown, fault.seconds)
        over = Fault(at=at + timedelta(seconds=fault.seconds), kind=fault.kind, seconds=0)
        heapq.heappush(self._coming, over)
