"""One EVSE of a station: who stands there, which transaction runs, and what of it is to be reported.

It knows no clock that runs: its station moves it from one instant to the next (`twinev.simulator.station`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from twinev.simulator import ev as physics
from twinev.simulator.drivers import Visit, Visits
from twinev.simulator.evse_condition import EvseCondition, Situation
from twinev.simulator.fleet import StationSpec
from twinev.simulator.keeping import Keeping
from twinev.simulator.memory import EvseMemory, PluggedEv, Transaction
from twinev.simulator.meter import BEGIN, END, OTHER, PERIODIC, TRIGGERED, to_millisecond
from twinev.simulator.outlet import Outlet
from twinev.simulator.profiles import InstalledProfiles
from twinev.simulator.remote_start import RemoteStart
from twinev.simulator.reports import Reports
from twinev.simulator.station_clock import StationClock

# How long a driver waits for a station without connection before it lets him charge unasked. [platform s]
OFFLINE_PATIENCE = timedelta(seconds=30)
# How soon a driver leaves whose card was refused. [platform s]
LEAVES_AFTER_REFUSAL = timedelta(seconds=60)


class Evse:
    """Works on its part of the station's memory; ``at`` is true time everywhere, and ``new_id`` names a transaction."""

    def __init__(
        self,
        *,
        spec: StationSpec,
        situation: Situation,
        memory: EvseMemory,
        outlet: Outlet,
        profiles: InstalledProfiles,
        reports: Reports,
        visits: Visits,
        clock: StationClock,
        condition: EvseCondition,
        new_id: Callable[[], str],
    ) -> None:
        self.outlet = outlet
        self.condition = condition
        self._spec = spec
        self._situation = situation
        self._memory = memory
        self._profiles = profiles
        self._reports = reports
        self._visits = visits
        self._clock = clock
        self._new_id = new_id
        self.keeping = Keeping(memory=memory, clock=clock, reports=reports)
        self._started_from_afar: RemoteStart | None = None
        self._next_visit: Visit | None = None

    @property
    def id(self) -> int:
        return self._memory.id

    @property
    def transaction(self) -> Transaction | None:
        return self._memory.transaction

    @property
    def plugged(self) -> PluggedEv | None:
        return self._memory.plugged

    @property
    def imported_wh(self) -> float:
        return self._memory.imported_wh

    @property
    def exported_wh(self) -> float:
        return self._memory.exported_wh

    def runs(self, transaction: str | None) -> bool:
        """Whether that transaction, by the station's name or the CSMS's, runs here."""
        running = self._memory.transaction
        return running is not None and transaction is not None and transaction in (running.id, running.csms_id)

    @property
    def card_to_authorize(self) -> str | None:
        """The id token that a driver holds to the reader right now."""
        plugged = self._memory.plugged
        return plugged.visit.id_token if plugged and plugged.wants_transaction else None

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _offline(self) -> bool:
        return not self._situation.online

    def next_instant(self) -> datetime | None:
        """When something will happen here by itself; None: never."""
        plugged, transaction = self._memory.plugged, self._memory.transaction
        instants = [self._next_visit.arrives_at] if self._next_visit else []
        if self.keeping.runs_out_at is not None:
            instants.append(self.keeping.runs_out_at)
        if plugged is not None:
            instants.append(plugged.departs_at)
        if self._offline and self.card_to_authorize is not None:
            instants.append(self._patient_until)
        if transaction is not None:
            instants.append(transaction.next_sample_at)
        if (by_itself := self.outlet.next_instant()) is not None:
            instants.append(by_itself)
        return min(instants, default=None)

    @property
    def _patient_until(self) -> datetime:
        """When a station without connection lets the driver charge unasked."""
        return max(self._situation.dark_until, self.condition.since + OFFLINE_PATIENCE)

    def live(self, at: datetime) -> bool:
        """Everything that is due at ``at``, in the order in which a station would notice it; tell if there was any."""
        happened = any((self.keeping.run_out(at), self._measure(at)))
        plugged = self._memory.plugged
        if plugged is not None and at >= plugged.departs_at:
            self._depart(at)
        elif self._offline and self.card_to_authorize is not None and at >= self._patient_until:
            self._start_unasked(self.card_to_authorize, at)
        elif self._next_visit is not None and at >= self._next_visit.arrives_at:
            self._arrive(self._next_visit, at)
        else:
            self.outlet.apply_limit(anew=False)
            return self.notice(at) or happened
        return True

    def _measure(self, at: datetime) -> bool:
        """Read the meter when it is time, or when the EV has just settled at another power."""
        transaction = self._memory.transaction
        if transaction is None:
            return False
        settled = self.outlet.has_settled()
        if settled:
            self._reports.metered(transaction, self.outlet.read(at, OTHER), offline=self._offline)
        due = at >= transaction.next_sample_at
        if due:
            self._reports.metered(transaction, self.outlet.read(at, PERIODIC), offline=self._offline)
            transaction.next_sample_at += timedelta(seconds=self._situation.meter_interval_seconds)
        return settled or due

    def notice(self, at: datetime) -> bool:
        """Report the charging state and the condition if they have changed; returns whether they have."""
        transaction, state = self._memory.transaction, self.outlet.charging_state()
        state_changed = transaction is not None and state != transaction.charging_state
        if state_changed:
            transaction.charging_state = state
            self._reports.state_changed(transaction, self._shown(at), offline=self._offline)
        return self.condition.notice(at) or state_changed

    def tell_meter(self, at: datetime) -> bool:
        """Have the meter reported outside its turn; False when no transaction runs."""
        transaction = self._memory.transaction
        if transaction is not None:
            self._reports.metered(transaction, self.outlet.read(at, TRIGGERED), offline=False)
        return transaction is not None

    def _shown(self, at: datetime) -> datetime:
        return to_millisecond(self._clock.shown(at))

    # ── EVs come and go ──────────────────────────────────────────────────────────────────────────────────────────────

    def expect_visit(self, at: datetime, *, started: bool = False) -> None:
        self._next_visit = self._visits.next_visit(
            self._spec, evse_id=self.id, number=self._memory.visits_made, free_since=at, started=started
        )

    def _arrive(self, visit: Visit, at: datetime) -> None:
        self._next_visit = None
        self._memory.visits_made += 1
        self._memory.plugged = PluggedEv(
            visit=visit,
            state=physics.plugged(visit.ev, soc=visit.soc, energy_kwh=visit.energy_kwh),
            departs_at=to_millisecond(at + timedelta(seconds=visit.stay_seconds)),
        )
        waiting, self._started_from_afar = self._started_from_afar, None
        if waiting is not None and at < waiting.until:
            self._obey(waiting, at)
        elif self.keeping.refuses_unasked(visit.id_token):
            self.refuse(at)

    def _depart(self, at: datetime) -> None:
        if self._memory.transaction is not None:
            self.end_transaction("Local", at)
        self._memory.plugged = None
        self.expect_visit(at)

    def start_transaction(self, id_token: str, at: datetime, *, remote_start_id: int | None = None) -> None:
        plugged = self._memory.plugged
        assert plugged is not None, "a transaction needs an EV"
        plugged.wants_transaction = False
        begin = self.outlet.read_registers(at, BEGIN)
        kept = self.keeping.end()
        transaction = self._memory.transaction = Transaction(
            id=self._new_id(),
            evse_id=self.id,
            id_token=id_token,
            started_at=begin.at,
            meter_start_wh=begin.samples[0].value,
            next_sample_at=at + timedelta(seconds=self._situation.meter_interval_seconds),
            remote_start_id=remote_start_id,
            reservation_id=kept.reservation_id if kept else None,
        )
        self._reports.started(transaction, begin, offline=self._offline)
        self._reports.needs(transaction, plugged, begin.at, departs_at=self._shown(plugged.departs_at))

    def _start_unasked(self, id_token: str, at: datetime) -> None:
        """Without connection any card charges, but not where another's is awaited."""
        if self.keeping.refuses(id_token):
            self.refuse(at)
        else:
            self.start_transaction(id_token, at)

    def end_transaction(self, reason: str, at: datetime) -> None:
        transaction = self._memory.transaction
        assert transaction is not None, "only a transaction that runs can end"
        self._reports.ended(transaction, self.outlet.read_registers(at, END), reason=reason, offline=self._offline)
        self._memory.transaction = None
        self._profiles.end_transaction(self.id)
        self.outlet.open_contactor()

    def start_from_afar(self, start: RemoteStart, at: datetime) -> bool:
        """Start a transaction now, or as soon as an EV comes; False when one runs."""
        if self._memory.transaction is not None:
            return False
        if self._memory.plugged is None:
            self._started_from_afar = start
            self._next_visit = self._visits.called(self._next_visit, at)
            return True
        self._obey(start, at)
        return True

    def _obey(self, start: RemoteStart, at: datetime) -> None:
        self.start_transaction(start.id_token, at, remote_start_id=start.remote_start_id)
        if start.profile is not None:
            self._profiles.install(start.profile, now=self._clock.shown(at), transaction_id=self._memory.transaction.id)

    def refuse(self, at: datetime) -> None:
        """The card was refused: the driver leaves soon."""
        plugged = self._memory.plugged
        assert plugged is not None, "only who stands there is refused"
        plugged.wants_transaction = False
        plugged.departs_at = min(plugged.departs_at, at + LEAVES_AFTER_REFUSAL)

    def lose_power(self, reason: str, at: datetime) -> None:
        """The transaction ends as the power goes; the EV that is still here will want another one."""
        if self._memory.transaction is None:
            return
        self.end_transaction(reason, at)
        if self._memory.plugged is not None:
            self._memory.plugged.wants_transaction = True

    def wake(self, at: datetime, *, set_back_seconds: float) -> None:
        """After a restart; ``set_back_seconds`` is how far the platform's clock was set back meanwhile."""
        if self._memory.plugged is not None:
            # What is left of the stay is kept.
            self._memory.plugged.departs_at -= timedelta(seconds=set_back_seconds)
        self.condition.take(at)
