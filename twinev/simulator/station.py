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
from twinev.simulator import limits
from twinev.simulator.dialect import Condition, Dialect
from twinev.simulator.drivers import Visit, Visits
from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.limits import Circumstances, Period, StationProfile
from twinev.simulator.memory import MemoryFile, PluggedEv, StationMemory, Transaction
from twinev.simulator.message_queue import MessageQueue, QueuedMessage
from twinev.simulator.meter import (
    BEGIN,
    END,
    OTHER,
    PERIODIC,
    TRIGGERED,
    Reading,
    read_meter,
    read_register,
    to_millisecond,
)
from twinev.simulator.profiles import InstalledProfiles, Refusal
from twinev.simulator.reports import Reports, token_accepted

MILLISECOND = timedelta(milliseconds=1)
# How long a driver waits for a station without connection before it lets him charge unasked. [platform s]
OFFLINE_PATIENCE = timedelta(seconds=30)
# How long a station that was started from afar waits for the plug. [platform s]
PLUG_IN_TIMEOUT = timedelta(seconds=120)
# How soon a driver leaves whose card was refused. [platform s]
LEAVES_AFTER_REFUSAL = timedelta(seconds=60)
# A change of power below this is not worth a message of its own. [kW]
NOTICEABLE_KW = 0.05


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
        self.online = False
        self.on_news = on_news
        self.meter_interval_seconds = meter_interval_seconds
        self._clock = clock
        self._visits = visits
        self._memory_file = memory_file
        now = to_millisecond(clock.now())
        remembered = memory_file.load()
        self._memory = remembered or StationMemory(at=now)
        self.profiles = InstalledProfiles(units=spec.rate_units, replace_equal_stack=dialect.replaces_equal_stack)
        self.profiles.restore(self._memory.profiles)
        self.reports = Reports(
            spec=spec,
            dialect=dialect,
            queue=MessageQueue(memory_file.queue_path),
            ledger=ledger,
            memory=self._memory,
        )
        self.heartbeat_interval_seconds = 300.0
        self.heartbeat_wanted = False
        self._started_from_afar: RemoteStart | None = None
        self._next_visit: Visit | None = None
        self._condition = Condition.AVAILABLE
        self._condition_since = now
        if remembered is not None:
            self._resume(now)
        if self._memory.plugged is None:
            self._expect_visit(started=True)
        self._after_events()

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
        return self._memory.plugged.state.power_kw if self._memory.plugged else 0.0

    @property
    def limit_kw(self) -> float:
        """What the station allows its EV now. [kW]"""
        return limits.limit_kw_at(self.profiles.all(), self._memory.at, self._circumstances())

    @property
    def phases_in_use(self) -> int:
        plugged = self._memory.plugged
        return min(self.spec.phases, plugged.visit.ev.phases) if plugged else self.spec.phases

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
            self._move_to(self._next_instant(now))
        return self._memory.at

    def _next_instant(self, now: datetime) -> datetime:
        at = self._memory.at
        candidates = [now]
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if self._next_visit is not None:
            candidates.append(self._next_visit.arrives_at)
        if plugged is not None:
            candidates.append(plugged.departs_at)
        if plugged is not None and plugged.wants_transaction and not self.online:
            candidates.append(self._gives_up_waiting_at)
        if plugged is not None and transaction is not None:
            candidates.append(transaction.next_sample_at)
            change = limits.next_change(self.profiles.all(), at, self._circumstances())
            candidates.extend([change] if change else [])
            if transaction.settling_from_kw is not None:
                seconds = physics.seconds_to_settle(plugged.visit.ev, plugged.state, transaction.limit_kw or 0.0)
                candidates.append(at + timedelta(seconds=seconds))
        # Every step is at least a millisecond: what is due already happens at once.
        return min(now, max(at + MILLISECOND, to_millisecond(min(candidates) + MILLISECOND * 0.999)))

    def _move_to(self, at: datetime) -> None:
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is not None and transaction is not None:
            before = plugged.state
            seconds = (at - self._memory.at).total_seconds()
            plugged.state = physics.advance(
                plugged.visit.ev, before, seconds=seconds, limit_kw=transaction.limit_kw or 0.0
            )
            self._memory.register_wh += (plugged.state.delivered_kwh - before.delivered_kwh) * 1000
        self._memory.at = at
        self._happen(at)

    def _happen(self, at: datetime) -> None:
        """Everything that is due at ``at``, in the order in which a station would notice it."""
        happened = self._watch_settling(at) | self._sample(at)
        plugged = self._memory.plugged
        if plugged is not None and at >= plugged.departs_at:
            self._depart(at)
            happened = True
        elif plugged is not None and plugged.wants_transaction and not self.online:
            if at >= self._gives_up_waiting_at:
                self._start_transaction(plugged.visit.id_token, at)
                happened = True
        elif self._next_visit is not None and at >= self._next_visit.arrives_at:
            self._arrive(self._next_visit, at)
            happened = True
        if self._after_events() or happened:
            self._save()
            self.on_news()

    def _after_events(self) -> bool:
        """Look at the limit, the charging state and the condition anew; returns whether a message came of it."""
        at, transaction, plugged = self._memory.at, self._memory.transaction, self._memory.plugged
        changed = False
        if transaction is not None and plugged is not None:
            limit_kw = self.limit_kw
            if limit_kw != transaction.limit_kw:
                transaction.limit_kw = limit_kw
                transaction.settling_from_kw = plugged.state.power_kw
            state = self._charging_state(plugged, limit_kw)
            if state != transaction.charging_state:
                transaction.charging_state = state
                self.reports.state_changed(transaction, at, offline=not self.online)
                changed = True
        condition = self._condition_now()
        if condition != self._condition:
            self._condition, self._condition_since = condition, at
            self.reports.condition_changed(condition, at, online=self.online)
            changed = True
        return changed

    def _watch_settling(self, at: datetime) -> bool:
        """Report the new power once the EV has settled after a change of its limit."""
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is None or transaction is None or transaction.settling_from_kw is None:
            return False
        seconds = physics.seconds_to_settle(plugged.visit.ev, plugged.state, transaction.limit_kw or 0.0)
        if seconds > 2e-3:
            return False
        change_kw = abs(plugged.state.power_kw - transaction.settling_from_kw)
        transaction.settling_from_kw = None
        if change_kw < NOTICEABLE_KW:
            return False
        self.reports.metered(transaction, self._read(at, OTHER), offline=not self.online)
        return True

    def _sample(self, at: datetime) -> bool:
        transaction = self._memory.transaction
        if transaction is None or at < transaction.next_sample_at:
            return False
        self.reports.metered(transaction, self._read(at, PERIODIC), offline=not self.online)
        transaction.next_sample_at += timedelta(seconds=self.meter_interval_seconds)
        return True

    # ── EVs come and go ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _gives_up_waiting_at(self) -> datetime:
        return self._condition_since + OFFLINE_PATIENCE

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
        transaction = Transaction(
            id=str(uuid.uuid4()),
            id_token=id_token,
            started_at=at,
            meter_start_wh=round(self._memory.register_wh),
            next_sample_at=at + timedelta(seconds=self.meter_interval_seconds),
            remote_start_id=remote_start_id,
        )
        self._memory.transaction = transaction
        begin = read_register(at=at, context=BEGIN, register_wh=self._memory.register_wh)
        self.reports.started(transaction, begin, offline=not self.online)
        self.reports.needs(transaction, plugged, at)

    def _take_along(self, profile: StationProfile | None, now: datetime) -> None:
        """Install the TxProfile that came with a start from afar."""
        transaction = self._memory.transaction
        if profile is not None and transaction is not None:
            self.profiles.install(profile, now=now, transaction_id=transaction.id)

    def _end_transaction(self, reason: str, at: datetime) -> None:
        transaction, plugged = self._memory.transaction, self._memory.plugged
        assert transaction is not None, "only a transaction that runs can end"
        end = read_register(at=at, context=END, register_wh=self._memory.register_wh)
        self.reports.ended(transaction, end, reason=reason, offline=not self.online)
        self._memory.transaction = None
        self.profiles.end_transaction()
        if plugged is not None:
            # The contactor opens: no ramp.
            plugged.state = physics.disconnected(plugged.state)

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
        self._save()

    # ── What the CSMS says ───────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """The socket is up and the boot was accepted: the condition is told anew."""
        self.catch_up()
        self.online = True
        self.reports.condition_changed(self._condition, self._condition_since, online=False)
        self.on_news()

    def disconnected(self) -> None:
        self.catch_up()
        self.online = False

    def authorized(self, id_token: str, status: str) -> None:
        """The CSMS's word on the card of the driver who waits."""
        now = self.catch_up()
        plugged = self._memory.plugged
        if plugged is None or not plugged.wants_transaction or plugged.visit.id_token != id_token:
            return
        if token_accepted(status):
            self._start_transaction(id_token, now)
        else:
            plugged.wants_transaction = False
            plugged.departs_at = min(plugged.departs_at, now + LEAVES_AFTER_REFUSAL)
        self._changed()

    def confirmed(self, message: QueuedMessage, answer: dict[str, Any]) -> None:
        """A CALLRESULT came for the first message of the queue."""
        confirmation = self.reports.confirmed(message, answer)
        transaction = self._memory.transaction
        if transaction is None or transaction.id != message.transaction:
            return
        if confirmation.csms_id is not None:
            transaction.csms_id = confirmation.csms_id
            self._save()
        if not token_accepted(confirmation.token_status):
            self._end_transaction("DeAuthorized", self.catch_up())
            self._changed()

    def install(self, profile: StationProfile) -> Refusal | None:
        """Take a charging profile, or say why not."""
        now = self.catch_up()
        transaction = self._memory.transaction
        running = None if transaction is None else (transaction.csms_id or transaction.id)
        refusal = self.profiles.install(profile, now=now, transaction_id=running)
        self._changed()
        return refusal

    def clear(self, **criteria: Any) -> int:
        """Remove profiles; see `InstalledProfiles.clear`."""
        self.catch_up()
        cleared = self.profiles.clear(**criteria)
        self._changed()
        return cleared

    def composite(self, duration_seconds: int, unit: str) -> tuple[datetime, tuple[Period, ...]]:
        """The schedule that this station will apply from now on, in W or A."""
        now = self.catch_up()
        start, periods = limits.composite(
            self.profiles.all(), now=now, duration_seconds=duration_seconds, given=self._circumstances()
        )
        phases = self.phases_in_use
        return start, tuple(
            Period(start_seconds=period.start_seconds, limit=limits.from_kw(period.limit, unit, phases))
            for period in periods
        )

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
            self.reports.metered(transaction, self._read(now, TRIGGERED), offline=False)
        self.on_news()
        return True

    def close(self) -> None:
        """Keep everything for the next start."""
        self.catch_up()
        self._save()
        self.reports.queue.close()

    # ── Small questions ──────────────────────────────────────────────────────────────────────────────────────────────

    def _changed(self) -> None:
        self._after_events()
        self._save()
        self.on_news()

    def _save(self) -> None:
        self._memory.profiles = self.profiles.all()
        self._memory_file.save(self._memory)

    def _circumstances(self) -> Circumstances:
        transaction, phases = self._memory.transaction, self.phases_in_use
        return Circumstances(
            hardware_kw=self.spec.max_kw * phases / self.spec.phases,
            phases=phases,
            relative_start=transaction.started_at if transaction else self._memory.at,
        )

    def _read(self, at: datetime, context: str) -> Reading:
        plugged = self._memory.plugged
        assert plugged is not None, "the meter is read during transactions"
        ev, state = plugged.visit.ev, plugged.state
        return read_meter(
            at=at,
            context=context,
            register_wh=self._memory.register_wh,
            power_kw=state.power_kw,
            phases=self.phases_in_use,
            soc=state.battery_energy_kwh / ev.battery_kwh if ev.tells_soc else None,
        )

    def _charging_state(self, plugged: PluggedEv, limit_kw: float) -> str:
        if plugged.state.power_kw > 0 or physics.wanted_kw(plugged.visit.ev, plugged.state, limit_kw) > 0:
            return Condition.CHARGING.value
        suspended_by_ev = plugged.state.remaining_kwh <= 0
        return (Condition.SUSPENDED_EV if suspended_by_ev else Condition.SUSPENDED_EVSE).value

    def _condition_now(self) -> Condition:
        plugged, transaction = self._memory.plugged, self._memory.transaction
        if plugged is None:
            return Condition.AVAILABLE
        if transaction is not None:
            return Condition(transaction.charging_state or Condition.CHARGING.value)
        return Condition.PREPARING if plugged.wants_transaction else Condition.FINISHING
