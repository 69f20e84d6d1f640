"""The power side of an EVSE: what its EV draws under the limit that the profiles leave, and the meter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from twinev.simulator import ev as physics
from twinev.simulator import limits
from twinev.simulator.fleet import ProfileManner, StationSpec
from twinev.simulator.limits import Circumstances, StationProfile
from twinev.simulator.memory import EvseMemory, StationMemory
from twinev.simulator.meter import Measured, Reading, to_millisecond
from twinev.simulator.profiles import InstalledProfiles
from twinev.simulator.station_clock import StationClock

CHARGING = "Charging"
SUSPENDED_EV = "SuspendedEV"
SUSPENDED_EVSE = "SuspendedEVSE"
# A change of power below this is not worth a message of its own. [kW]
NOTICEABLE_KW = 0.05
# Who is so close to the power wanted has settled. [s]
SETTLED_SECONDS = 2e-3


class Outlet:
    """Works on an EVSE's memory: the EV there, the registers, and the limit within the transaction.

    ``sharing`` tells how many EVSEs of the station are in use.
    """

    def __init__(
        self,
        *,
        spec: StationSpec,
        station: StationMemory,
        memory: EvseMemory,
        profiles: InstalledProfiles,
        clock: StationClock,
        sharing: Callable[[], int],
    ) -> None:
        self._spec = spec
        self._station = station
        self._memory = memory
        self._profiles = profiles
        self._clock = clock
        self._sharing = sharing
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
        return limits.limit_kw_at(self._followed(), self._clock.shown(self._station.at), self.circumstances())

    def circumstances(self) -> Circumstances:
        """What the composite schedule depends on besides the profiles."""
        transaction, phases = self._memory.transaction, self.phases
        share = phases / self._spec.phases
        return Circumstances(
            hardware_kw=self._spec.max_kw * share,
            discharge_kw=self._spec.discharge_kw * share,
            phases=phases,
            relative_start=transaction.started_at if transaction else self._clock.shown(self._station.at),
            evse_id=self._memory.id,
            sharing=max(1, self._sharing()),
        )

    def advance(self, at: datetime) -> None:
        """Let the EV charge until ``at``, if a transaction runs, and the registers count."""
        memory = self._memory
        plugged, transaction = memory.plugged, memory.transaction
        if plugged is None or transaction is None:
            return
        before = plugged.state
        seconds = (at - self._station.at).total_seconds()
        limit_kw = transaction.limit_kw or 0.0
        after = plugged.state = physics.advance(plugged.visit.ev, before, seconds=seconds, limit_kw=limit_kw)
        memory.imported_wh += (after.delivered_kwh - before.delivered_kwh) * 1000
        memory.exported_wh += (after.returned_kwh - before.returned_kwh) * 1000

    def apply_limit(self, *, anew: bool) -> None:
        """Look whether the limit has changed; ``anew`` when the profiles or the transaction are others."""
        transaction, at = self._memory.transaction, self._station.at
        if transaction is None:
            self._limit_changes_at = None
            return
        due = self._limit_changes_at is not None and at >= self._limit_changes_at
        if not (anew or due or transaction.limit_kw is None):
            return
        change = limits.next_change(self._followed(), self._clock.shown(at), self.circumstances())
        self._limit_changes_at = None if change is None else self._clock.true(change)
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
            instants.append(self._station.at + timedelta(seconds=self._seconds_to_settle()))
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
        if plugged.state.power_kw or wanted_kw:
            # Discharging is a transfer of energy too (OCPP 2.1 part 2, ChargingStateEnumType).
            return CHARGING
        return SUSPENDED_EV if plugged.state.remaining_kwh <= 0 else SUSPENDED_EVSE

    def open_contactor(self) -> None:
        """The EV gets nothing more, at once."""
        if self._memory.plugged is not None:
            self._memory.plugged.state = physics.disconnected(self._memory.plugged.state)

    def read(self, at: datetime, context: str) -> Reading:
        """Read all that the meter measures."""
        return self._reading(at, context, self._measure().samples())

    def read_registers(self, at: datetime, context: str) -> Reading:
        """Read the energy registers alone, as at a transaction's begin and end."""
        return self._reading(at, context, self._measure().registers())

    def _reading(self, at: datetime, context: str, samples: tuple) -> Reading:
        return Reading(at=to_millisecond(self._clock.shown(at)), context=context, samples=samples)

    def _measure(self) -> Measured:
        memory, plugged = self._memory, self._memory.plugged
        assert plugged is not None, "the meter is read during transactions"
        ev, state = plugged.visit.ev, plugged.state
        return Measured(
            imported_wh=memory.imported_wh,
            exported_wh=memory.exported_wh if self._spec.bidirectional else None,
            power_kw=state.power_kw,
            phases=self.phases,
            soc=state.battery_energy_kwh / ev.battery_kwh if ev.tells_soc else None,
        )

    def _followed(self) -> tuple[StationProfile, ...]:
        return () if self._spec.profiles is ProfileManner.IGNORED else self._profiles.all()

    def _seconds_to_settle(self) -> float:
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is None or transaction is None:
            return 0.0
        return physics.seconds_to_settle(plugged.visit.ev, plugged.state, transaction.limit_kw or 0.0)
