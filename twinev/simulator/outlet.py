"""The power side of a station: what its EV draws under the limit that the profiles leave, and the meter."""

from __future__ import annotations

from datetime import datetime, timedelta

from twinev.simulator import ev as physics
from twinev.simulator import limits
from twinev.simulator.fleet import StationSpec
from twinev.simulator.limits import Circumstances, Period
from twinev.simulator.memory import StationMemory
from twinev.simulator.meter import Reading, read_meter
from twinev.simulator.profiles import InstalledProfiles

CHARGING = "Charging"
SUSPENDED_EV = "SuspendedEV"
SUSPENDED_EVSE = "SuspendedEVSE"
# A change of power below this is not worth a message of its own. [kW]
NOTICEABLE_KW = 0.05
# Who is so close to the power wanted has settled. [s]
SETTLED_SECONDS = 2e-3


class Outlet:
    """Works on the station's memory: the EV there, the register, and the limit within the transaction."""

    def __init__(self, *, spec: StationSpec, memory: StationMemory, profiles: InstalledProfiles) -> None:
        self._spec = spec
        self._memory = memory
        self._profiles = profiles
        self._limit_changes_at: datetime | None = None

    @property
    def power_kw(self) -> float:
        return self._memory.plugged.state.power_kw if self._memory.plugged else 0.0

    @property
    def phases(self) -> int:
        """The phases in use: the EV's, as far as the station has them."""
        plugged = self._memory.plugged
        return min(self._spec.phases, plugged.visit.ev.phases) if plugged else self._spec.phases

    @property
    def limit_kw(self) -> float:
        """What the station allows its EV now. [kW]"""
        return limits.limit_kw_at(self._profiles.all(), self._memory.at, self._circumstances())

    def composite(self, duration_seconds: int, unit: str) -> tuple[datetime, tuple[Period, ...]]:
        """The schedule that applies from now on, in W or A."""
        start, periods = limits.composite(
            self._profiles.all(), now=self._memory.at, duration_seconds=duration_seconds, given=self._circumstances()
        )
        phases = self.phases
        return start, tuple(
            Period(start_seconds=period.start_seconds, limit=limits.from_kw(period.limit, unit, phases))
            for period in periods
        )

    def advance(self, at: datetime) -> None:
        """Let the EV charge until ``at``, if a transaction runs, and the register count."""
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is not None and transaction is not None:
            before = plugged.state
            seconds = (at - self._memory.at).total_seconds()
            limit_kw = transaction.limit_kw or 0.0
            plugged.state = physics.advance(plugged.visit.ev, before, seconds=seconds, limit_kw=limit_kw)
            self._memory.register_wh += (plugged.state.delivered_kwh - before.delivered_kwh) * 1000
        self._memory.at = at

    def apply_limit(self, *, anew: bool) -> None:
        """Look whether the limit has changed; ``anew`` when the profiles or the transaction are others."""
        transaction, at = self._memory.transaction, self._memory.at
        if transaction is None:
            self._limit_changes_at = None
            return
        due = self._limit_changes_at is not None and at >= self._limit_changes_at
        if not (anew or due or transaction.limit_kw is None):
            return
        self._limit_changes_at = limits.next_change(self._profiles.all(), at, self._circumstances())
        limit_kw = self.limit_kw
        if limit_kw != transaction.limit_kw:
            transaction.limit_kw = limit_kw
            transaction.settling_from_kw = self.power_kw

    def next_instant(self) -> datetime | None:
        """When something will happen here by itself: another limit, or the EV has settled at its power."""
        transaction = self._memory.transaction
        if transaction is None:
            return None
        instants = [self._limit_changes_at] if self._limit_changes_at else []
        if transaction.settling_from_kw is not None:
            instants.append(self._memory.at + timedelta(seconds=self._seconds_to_settle()))
        return min(instants, default=None)

    def has_settled(self) -> bool:
        """Whether, just now, the EV has settled after a change of its limit at a noticeably different power."""
        transaction = self._memory.transaction
        if transaction is None or transaction.settling_from_kw is None or self._seconds_to_settle() > SETTLED_SECONDS:
            return False
        change_kw = abs(self.power_kw - transaction.settling_from_kw)
        transaction.settling_from_kw = None
        return change_kw >= NOTICEABLE_KW

    def charging_state(self) -> str | None:
        """OCPP 2.0.1's ChargingState within a transaction; None outside."""
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is None or transaction is None:
            return None
        wanted_kw = physics.wanted_kw(plugged.visit.ev, plugged.state, transaction.limit_kw or 0.0)
        if plugged.state.power_kw > 0 or wanted_kw > 0:
            return CHARGING
        return SUSPENDED_EV if plugged.state.remaining_kwh <= 0 else SUSPENDED_EVSE

    def open_contactor(self) -> None:
        """The EV gets nothing more, at once."""
        if self._memory.plugged is not None:
            self._memory.plugged.state = physics.disconnected(self._memory.plugged.state)

    def read(self, at: datetime, context: str) -> Reading:
        """Read all that the meter measures."""
        plugged = self._memory.plugged
        assert plugged is not None, "the meter is read during transactions"
        ev, state = plugged.visit.ev, plugged.state
        return read_meter(
            at=at,
            context=context,
            register_wh=self._memory.register_wh,
            power_kw=state.power_kw,
            phases=self.phases,
            soc=state.battery_energy_kwh / ev.battery_kwh if ev.tells_soc else None,
        )

    def _seconds_to_settle(self) -> float:
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is None or transaction is None:
            return 0.0
        return physics.seconds_to_settle(plugged.visit.ev, plugged.state, transaction.limit_kw or 0.0)

    def _circumstances(self) -> Circumstances:
        transaction, phases = self._memory.transaction, self.phases
        return Circumstances(
            hardware_kw=self._spec.max_kw * phases / self._spec.phases,
            phases=phases,
            relative_start=transaction.started_at if transaction else self._memory.at,
        )
