"""A charging station's state machine, common to all OCPP versions; it knows no socket.

Time moves only in `Station.catch_up`, from one instant at which something happens to the next: a sample is due, a
limit changes, an EV arrives, has settled at its new power, or departs. What must reach the CSMS goes into the queue.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from twinev.clock import PlatformClock
from twinev.simulator import ev as physics
from twinev.simulator.dialect import Condition, Dialect
from twinev.simulator.drivers import Visit, Visits
from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.limits import Period, StationProfile
from twinev.simulator.memory import MemoryFile, PluggedEv, StationMemory, Transaction
from twinev.simulator.message_queue import MessageQueue, QueuedMessage
from twinev.simulator.meter import BEGIN, END, OTHER, PERIODIC, TRIGGERED, read_register, to_millisecond
from twinev.simulator.outlet import Outlet
from twinev.simulator.profiles import InstalledProfiles, Refusal
from twinev.simulator.reports import Reports, token_accepted

MILLISECOND = timedelta(milliseconds=1)
# How long a driver waits for a station without connection before it lets him charge unasked. [platform s]
OFFLINE_PATIENCE = timedelta(seconds=30)
# How long a station that was started from afar waits for the plug. [platform s]
PLUG_IN_TIMEOUT = timedelta(seconds=120)
# How soon a driver leaves whose card was refused. [platform s]
LEAVES_AFTER_REFUSAL = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class RemoteStart:
    """A start from afar that waits for the plug until ``until``."""

    id_token: str
    remote_start_id: int | None
    profile: StationProfile | None
    until: datetime


class Station:
    """One station with one EVSE and one connector.

    ``on_news`` is called when there is something to send.
    """

    def __init__(
        self,
        *,
        spec: StationSpec,
        dialect: Dialect,
        clock: PlatformClock,
        visits: Visits,
        ledger: Ledger,
        memory_file: MemoryFile,
        meter_interval_seconds: float = 10.0,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self.spec = spec
        self.dialect = dialect
        self.on_news = on_news
        self.online = False
        self.meter_interval_seconds = meter_interval_seconds
        self.heartbeat_interval_seconds = 300.0
        self.heartbeat_wanted = False
        self._clock = clock
        self._visits = visits
        self._memory_file = memory_file
        now = to_millisecond(clock.now())
        remembered = memory_file.load()
        self._memory = remembered or StationMemory(at=now)
        self._profiles = InstalledProfiles(units=spec.rate_units, replace_equal_stack=dialect.replaces_equal_stack)
        self._profiles.restore(self._memory.profiles)
        self._outlet = Outlet(spec=spec, memory=self._memory, profiles=self._profiles)
        queue = MessageQueue(memory_file.queue_path)
        self.reports = Reports(spec=spec, dialect=dialect, queue=queue, ledger=ledger, memory=self._memory)
        self._started_from_afar: RemoteStart | None = None
        self._next_visit: Visit | None = None
        self._condition = Condition.AVAILABLE
        self._condition_since = now
        if remembered is not None:
            self._resume(now)
        if self._memory.plugged is None:
            self._expect_visit(started=True)

    # ── What others may know ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def transaction(self) -> Transaction | None:
        return self._memory.transaction

    @property
    def plugged(self) -> PluggedEv | None:
        return self._memory.plugged

    @property
    def condition(self) -> Condition:
        return self._condition

    @property
    def register_wh(self) -> float:
        return self._memory.register_wh

    @property
    def power_kw(self) -> float:
        return self._outlet.power_kw

    @property
    def limit_kw(self) -> float:
        return self._outlet.limit_kw

    @property
    def card_to_authorize(self) -> str | None:
        """The id token that a driver holds to the reader right now."""
        plugged = self._memory.plugged
        return plugged.visit.id_token if plugged and plugged.wants_transaction else None

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def catch_up(self) -> datetime:
        """Live through everything up to the clock's now, which is returned."""
        now = to_millisecond(self._clock.now())
        while self._memory.at < now:
            at = self._next_instant(now)
            self._outlet.advance(at)
            self._live(at)
        return self._memory.at

    def _next_instant(self, now: datetime) -> datetime:
        plugged, transaction = self._memory.plugged, self._memory.transaction
        candidates = [now]
        if self._next_visit is not None:
            candidates.append(self._next_visit.arrives_at)
        if plugged is not None:
            candidates.append(plugged.departs_at)
        if self._waits_in_vain:
            candidates.append(self._condition_since + OFFLINE_PATIENCE)
        if transaction is not None:
            candidates.append(transaction.next_sample_at)
        if (by_itself := self._outlet.next_instant()) is not None:
            candidates.append(by_itself)
        # Every step is at least a millisecond: what is due already happens at once.
        earliest = max(min(candidates), self._memory.at + MILLISECOND)
        return min(now, to_millisecond(earliest + 0.999 * MILLISECOND))

    @property
    def _waits_in_vain(self) -> bool:
        return not self.online and self.card_to_authorize is not None

    def _live(self, at: datetime) -> None:
        """Everything that is due at ``at``, in the order in which a station would notice it."""
        happened = self._measure(at)
        plugged = self._memory.plugged
        if plugged is not None and at >= plugged.departs_at:
            self._depart(at)
        elif plugged is not None and self._waits_in_vain and at >= self._condition_since + OFFLINE_PATIENCE:
            self._start_transaction(plugged.visit.id_token, at)
        elif self._next_visit is not None and at >= self._next_visit.arrives_at:
            self._arrive(self._next_visit, at)
        else:
            self._outlet.apply_limit(anew=False)
            if not (self._notice() or happened):
                return
        self._changed()

    def _measure(self, at: datetime) -> bool:
        """Read the meter when it is time, or when the EV has just settled at another power."""
        transaction, offline = self._memory.transaction, not self.online
        if transaction is None:
            return False
        settled = self._outlet.has_settled()
        if settled:
            self.reports.metered(transaction, self._outlet.read(at, OTHER), offline=offline)
        due = at >= transaction.next_sample_at
        if due:
            self.reports.metered(transaction, self._outlet.read(at, PERIODIC), offline=offline)
            transaction.next_sample_at += timedelta(seconds=self.meter_interval_seconds)
        return settled or due

    def _notice(self) -> bool:
        """Report the charging state and the condition if they have changed; returns whether they have."""
        at, transaction = self._memory.at, self._memory.transaction
        state, condition = self._outlet.charging_state(), self._condition_now()
        state_changed = transaction is not None and state != transaction.charging_state
        if state_changed:
            transaction.charging_state = state
            self.reports.state_changed(transaction, at, offline=not self.online)
        condition_changed = condition is not self._condition
        if condition_changed:
            self._condition, self._condition_since = condition, at
            self.reports.condition_changed(condition, at, online=self.online)
        return state_changed or condition_changed

    def _condition_now(self) -> Condition:
        plugged, state = self._memory.plugged, self._outlet.charging_state()
        if plugged is None:
            return Condition.AVAILABLE
        if state is not None:
            return Condition(state)
        return Condition.PREPARING if plugged.wants_transaction else Condition.FINISHING

    def _changed(self) -> None:
        """Something happened: apply its consequences, keep it, and tell that there may be something to send."""
        self._outlet.apply_limit(anew=True)
        self._notice()
        self._memory.profiles = self._profiles.all()
        self._memory_file.save(self._memory)
        self.on_news()

    # ── EVs come and go ──────────────────────────────────────────────────────────────────────────────────────────────

    def _expect_visit(self, *, started: bool = False) -> None:
        self._next_visit = self._visits.next_visit(
            self.spec, number=self._memory.visits_made, free_since=self._memory.at, started=started
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
            self._start_transaction(waiting.id_token, at, remote_start_id=waiting.remote_start_id)
            self._take_along(waiting.profile, at)

    def _depart(self, at: datetime) -> None:
        if self._memory.transaction is not None:
            self._end_transaction("Local", at)
        self._memory.plugged = None
        self._expect_visit()

    def _start_transaction(self, id_token: str, at: datetime, *, remote_start_id: int | None = None) -> None:
        plugged = self._memory.plugged
        assert plugged is not None, "a transaction needs an EV"
        plugged.wants_transaction = False
        begin = read_register(at=at, context=BEGIN, register_wh=self._memory.register_wh)
        transaction = self._memory.transaction = Transaction(
            id=str(uuid.uuid4()),
            id_token=id_token,
            started_at=at,
            meter_start_wh=begin.samples[0].value,
            next_sample_at=at + timedelta(seconds=self.meter_interval_seconds),
            remote_start_id=remote_start_id,
        )
        self.reports.started(transaction, begin, offline=not self.online)
        self.reports.needs(transaction, plugged, at)

    def _take_along(self, profile: StationProfile | None, now: datetime) -> None:
        """Install the TxProfile that came with a start from afar."""
        transaction = self._memory.transaction
        if profile is not None and transaction is not None:
            self._profiles.install(profile, now=now, transaction_id=transaction.id)

    def _end_transaction(self, reason: str, at: datetime) -> None:
        transaction = self._memory.transaction
        assert transaction is not None, "only a transaction that runs can end"
        end = read_register(at=at, context=END, register_wh=self._memory.register_wh)
        self.reports.ended(transaction, end, reason=reason, offline=not self.online)
        self._memory.transaction = None
        self._profiles.end_transaction()
        self._outlet.open_contactor()

    def _resume(self, now: datetime) -> None:
        """After a restart: the open transaction ended when the power went; the EV that is still here starts anew."""
        memory = self._memory
        if memory.transaction is not None:
            self._end_transaction("PowerLoss", memory.at)
            if memory.plugged is not None:
                memory.plugged.wants_transaction = True
        if now < memory.at and memory.plugged is not None:
            # The platform's clock was set back: what is left of the stay is kept.
            memory.plugged.departs_at -= memory.at - now
        memory.at = now
        self._condition = self._condition_now()
        self._changed()

    # ── What the CSMS says ───────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """The socket is up and the boot was accepted: the condition is told anew."""
        self.catch_up()
        self.online = True
        self.reports.condition_changed(self._condition, self._condition_since, online=False)
        self.on_news()

    def disconnected(self) -> None:
        """The socket is gone."""
        self.catch_up()
        self.online = False

    def authorized(self, id_token: str, status: str) -> None:
        """The CSMS's word on the card of the driver who waits."""
        now = self.catch_up()
        plugged = self._memory.plugged
        if plugged is None or self.card_to_authorize != id_token:
            return
        if token_accepted(status):
            self._start_transaction(id_token, now)
        else:
            plugged.wants_transaction = False
            plugged.departs_at = min(plugged.departs_at, now + LEAVES_AFTER_REFUSAL)
        self._changed()

    def confirmed(self, message: QueuedMessage, answer: dict[str, Any]) -> None:
        """A CALLRESULT came for the first message of the queue."""
        confirmation = self.dialect.read_confirmation(message.action, answer)
        transaction = self._memory.transaction
        runs = transaction is not None and transaction.id == message.transaction
        if confirmation.csms_id is not None:
            self.reports.named(message, confirmation.csms_id)
            if runs:
                transaction.csms_id = confirmation.csms_id
            # Before the message leaves the queue: the messages behind it need the id.
            self._memory_file.save(self._memory)
        self.reports.delivered(message)
        if runs and not token_accepted(confirmation.token_status):
            self._end_transaction("DeAuthorized", self.catch_up())
            self._changed()

    def install(self, profile: StationProfile) -> Refusal | None:
        """Take a charging profile, or say why not."""
        now = self.catch_up()
        transaction = self._memory.transaction
        running = None if transaction is None else (transaction.csms_id or transaction.id)
        refusal = self._profiles.install(profile, now=now, transaction_id=running)
        self._changed()
        return refusal

    def clear(self, **criteria: Any) -> int:
        """Remove profiles; see `InstalledProfiles.clear`."""
        self.catch_up()
        cleared = self._profiles.clear(**criteria)
        self._changed()
        return cleared

    def composite(self, duration_seconds: int, unit: str) -> tuple[datetime, tuple[Period, ...]]:
        """The schedule that this station will apply from now on, in W or A."""
        self.catch_up()
        return self._outlet.composite(duration_seconds, unit)

    def start_from_afar(
        self, id_token: str, *, remote_start_id: int | None = None, profile: StationProfile | None = None
    ) -> bool:
        """Start a transaction now, or as soon as an EV comes; False when one runs."""
        now = self.catch_up()
        if self._memory.transaction is not None:
            return False
        if self._memory.plugged is None:
            self._started_from_afar = RemoteStart(
                id_token=id_token, remote_start_id=remote_start_id, profile=profile, until=now + PLUG_IN_TIMEOUT
            )
        else:
            self._start_transaction(id_token, now, remote_start_id=remote_start_id)
            self._take_along(profile, now)
            self._changed()
        return True

    def stop_from_afar(self, transaction_id: str) -> bool:
        """Stop the transaction of that id; False when it does not run."""
        now = self.catch_up()
        transaction = self._memory.transaction
        if transaction is None or transaction_id not in (transaction.csms_id, transaction.id):
            return False
        self._end_transaction("Remote", now)
        self._changed()
        return True

    def report_again(self, what: str) -> bool:
        """Send the ``status``, the ``meter`` or a ``heartbeat`` once more; False when there is nothing to tell."""
        now = self.catch_up()
        transaction = self._memory.transaction
        if what == "status":
            self.reports.condition_changed(self._condition, self._condition_since, online=True)
        elif what == "heartbeat":
            self.heartbeat_wanted = True
        elif transaction is None:
            return False
        else:
            self.reports.metered(transaction, self._outlet.read(now, TRIGGERED), offline=False)
        self.on_news()
        return True

    def close(self) -> None:
        """Keep everything for the next start."""
        self.catch_up()
        self._memory_file.save(self._memory)
        self.reports.queue.close()
