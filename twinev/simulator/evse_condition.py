"""The condition of an EVSE as its station reports it: available, in use, waiting for the driver, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from twinev.simulator.dialect import Condition
from twinev.simulator.memory import EvseMemory
from twinev.simulator.meter import to_millisecond
from twinev.simulator.outlet import Outlet
from twinev.simulator.reports import Reports
from twinev.simulator.station_clock import StationClock


@dataclass(kw_only=True)
class Situation:
    """What all EVSEs of a station share; without power before ``dark_until``."""

    dark_until: datetime
    meter_interval_seconds: float
    online: bool = False


class EvseCondition:
    """Follows one EVSE's condition; ``at`` is true time everywhere."""

    def __init__(
        self,
        *,
        situation: Situation,
        memory: EvseMemory,
        outlet: Outlet,
        reports: Reports,
        clock: StationClock,
        now: datetime,
    ) -> None:
        self._situation = situation
        self._memory = memory
        self._outlet = outlet
        self._reports = reports
        self._clock = clock
        self._note(Condition.AVAILABLE, now)

    def notice(self, at: datetime) -> bool:
        """Report the condition if it has changed; returns whether it has."""
        condition = self._found()
        if condition is self.current:
            return False
        self._note(condition, at)
        self.tell()
        return True

    def take(self, at: datetime) -> None:
        """Hold the condition of this moment, without a report."""
        self._note(self._found(), at)

    def tell(self) -> None:
        """Have the condition reported, also when it is told already."""
        self._reports.condition_changed(self._memory.id, self.current, self._shown, online=self._situation.online)

    def _note(self, condition: Condition, at: datetime) -> None:
        self.current, self.since = condition, at
        # What the clock showed then: it stays so when the hands are moved.
        self._shown = to_millisecond(self._clock.shown(at))

    def _found(self) -> Condition:
        plugged, state = self._memory.plugged, self._outlet.charging_state()
        if plugged is None:
            return Condition.RESERVED if self._memory.kept is not None else Condition.AVAILABLE
        if state is not None:
            return Condition(state)
        return Condition.PREPARING if plugged.wants_transaction else Condition.FINISHING
