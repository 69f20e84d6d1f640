"""A charging station's state machine, common to all OCPP versions; it knows no socket.

Time moves only in `Station.catch_up`, from one instant at which something happens to the next: a sample is due, a
limit changes, an EV arrives, has settled at its new power, or departs; something goes wrong. What must reach the CSMS
goes into the queue.
"""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from twinev.clock import PlatformClock
from twinev.simulator.dialect import Dialect
from twinev.simulator.drivers import Visits
from twinev.simulator.evse import Evse, Situation
from twinev.simulator.faults import Fault, FaultKind
from twinev.simulator.fleet import ClockSetting, StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.limits import EXTERNAL, Period, StationProfile
from twinev.simulator.memory import EvseMemory, MemoryFile, StationMemory
from twinev.simulator.message_queue import MessageQueue, QueuedMessage
from twinev.simulator.meter import to_millisecond
from twinev.simulator.orders import Orders
from twinev.simulator.outlet import Outlet
from twinev.simulator.profiles import InstalledProfiles
from twinev.simulator.reports import Reports, token_accepted
from twinev.simulator.station_clock import StationClock

MILLISECOND = timedelta(milliseconds=1)
# How long a Reset that the CSMS asks for keeps the station away. [platform s]
RESET_SECONDS = 20.0


class Station:
    """One station with its EVSEs.

    ``on_news`` is called when there is something to send, ``on_cut`` when the connection fails (with whether the
    station reboots), ``on_change`` when what it waits for may be another instant than before.
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
        faults: Iterable[Fault] = (),
        meter_interval_seconds: float = 10.0,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self.spec = spec
        self.dialect = dialect
        self.on_news = on_news
        self.on_cut: Callable[[bool], None] = lambda _reboots: None
        self.on_change: Callable[[], None] = lambda: None
        self.heartbeat_interval_seconds = 300.0
        self.heartbeat_wanted = False
        self._platform_clock = clock
        self._memory_file = memory_file
        now = to_millisecond(clock.now())
        self._situation = Situation(dark_until=now, meter_interval_seconds=meter_interval_seconds)
        remembered = memory_file.load()
        self._memory = remembered or _new_memory(spec, now)
        self._clock = StationClock(spec=spec, memory=self._memory)
        self._profiles = InstalledProfiles(spec=spec, replace_equal_stack=dialect.replaces_equal_stack)
        self._profiles.restore(self._memory.profiles)
        queue = MessageQueue(memory_file.queue_path)
        self.reports = Reports(spec=spec, dialect=dialect, queue=queue, ledger=ledger, memory=self._memory)
        self.evses = [self._evse(memory, visits, now) for memory in self._memory.evses]
        self._transactions_since_boot = 0
        self._faults = (fault for fault in faults if fault.at >= now)
        self._coming: list[Fault] = []
        self._expect_fault()
        #: No connection before then. (true time)
        self.offline_until = now
        if remembered is not None:
            self._resume(now)
        for evse in self.evses:
            if evse.plugged is None:
                evse.expect_visit(self._memory.at, started=True)
        self.orders = Orders(
            evses=self.evses,
            profiles=self._profiles,
            clock=self._clock,
            catch_up=self.catch_up,
            changed=self._changed,
        )

    def _evse(self, memory: EvseMemory, visits: Visits, now: datetime) -> Evse:
        shared = {"spec": self.spec, "memory": memory, "profiles": self._profiles, "clock": self._clock}
        outlet = Outlet(station=self._memory, sharing=self._transactions_running, **shared)
        return Evse(
            situation=self._situation,
            outlet=outlet,
            reports=self.reports,
            visits=visits,
            new_id=self._new_id,
            now=now,
            **shared,
        )

    def _transactions_running(self) -> int:
        return sum(memory.transaction is not None for memory in self._memory.evses)

    def _new_id(self) -> str:
        self._transactions_since_boot += 1
        return str(self._transactions_since_boot if self.spec.transaction_ids_reset else uuid.uuid4())

    # ── What others may know ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def online(self) -> bool:
        return self._situation.online

    @property
    def meter_interval_seconds(self) -> float:
        return self._situation.meter_interval_seconds

    @meter_interval_seconds.setter
    def meter_interval_seconds(self, seconds: float) -> None:
        self._situation.meter_interval_seconds = seconds

    @property
    def power_kw(self) -> float:
        return sum(evse.outlet.power_kw for evse in self.evses)

    @property
    def cards_to_authorize(self) -> Iterator[tuple[int, str]]:
        """The EVSEs and id tokens of drivers who hold a card to the reader right now."""
        return ((evse.id, evse.card_to_authorize) for evse in self.evses if evse.card_to_authorize)

    @property
    def numbers_of_evses(self) -> range:
        return range(1, len(self.evses) + 1)

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def next_instant(self) -> datetime | None:
        """When something will happen here by itself; None: never."""
        instants = (evse.next_instant() for evse in self.evses)
        coming = [fault.at for fault in self._coming[:1]]
        return min((*coming, *(instant for instant in instants if instant is not None)), default=None)

    def catch_up(self) -> datetime:
        """Live through everything up to the clock's now, which is returned."""
        now = to_millisecond(self._platform_clock.now())
        while self._memory.at < now:
            due = self.next_instant
            # Every step is at least a millisecond: what is due already happens at once.
            at = now if due is None else min(now, _up_to_millisecond(max(due, self._memory.at + MILLISECOND)))
            for evse in self.evses:
                evse.outlet.advance(at)
            self._memory.at = at
            happened = [evse.live(at) for evse in self.evses]
            if self._suffer(at) or any(happened):
                self._changed()
        return self._memory.at

    def _changed(self) -> None:
        """Something happened: apply its consequences, keep it, and tell that there may be something to send."""
        for evse in self.evses:
            evse.outlet.apply_limit(anew=True)
            evse.notice(self._memory.at)
        self._memory.profiles = self._profiles.all()
        self._memory_file.save(self._memory)
        self.on_change()
        self.on_news()

    # ── What goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────

    def reset_soon(self) -> None:
        """Reboot, but not before the answer to the CALL that asked for it is out."""
        fault = Fault(at=self._memory.at + timedelta(seconds=1), kind=FaultKind.REBOOT, seconds=RESET_SECONDS)
        heapq.heappush(self._coming, fault)
        self.on_change()

    def _expect_fault(self) -> None:
        following = next(self._faults, None)
        if following is not None:
            heapq.heappush(self._coming, following)

    def _suffer(self, at: datetime) -> bool:
        happened = False
        while self._coming and self._coming[0].at <= at:
            fault, happened = heapq.heappop(self._coming), True
            match fault.kind:
                case FaultKind.OFFLINE | FaultKind.REBOOT:
                    self._go_offline(fault, at)
                case FaultKind.CHARGING_LIMIT if fault.limit_kw is None:
                    self._profiles.lift()
                    self.reports.charging_limit_cleared()
                    continue
                case FaultKind.CHARGING_LIMIT:
                    self._be_limited(fault, at)
            self._expect_fault()
        return happened

    def _go_offline(self, fault: Fault, at: datetime) -> None:
        self.offline_until = max(self.offline_until, at + timedelta(seconds=fault.seconds))
        self._situation.online = False
        if fault.kind is FaultKind.REBOOT:
            self._situation.dark_until = self.offline_until
            for evse in self.evses:
                evse.lose_power("Reboot", at)
            self._transactions_since_boot = 0
        self.on_cut(fault.kind is FaultKind.REBOOT)

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
        self.reports.charging_limit(fault.limit_kw, shown, fault.seconds)
        over = Fault(at=at + timedelta(seconds=fault.seconds), kind=fault.kind, seconds=0)
        heapq.heappush(self._coming, over)

    def _resume(self, now: datetime) -> None:
        """After a restart: open transactions ended when the power went; EVs that are still here start anew."""
        memory = self._memory
        for evse in self.evses:
            evse.lose_power("PowerLoss", memory.at)
        set_back_seconds = max(0.0, (memory.at - now).total_seconds())
        memory.at = now
        for evse in self.evses:
            evse.wake(now, set_back_seconds=set_back_seconds)
        self._changed()

    # ── What the CSMS says ───────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """The socket is up and the boot was accepted: the conditions are told anew."""
        self.catch_up()
        for evse in self.evses:
            # While still offline: one word on each EVSE is enough.
            evse.tell_condition()
        self._situation.online = True
        self.on_change()
        self.on_news()

    def disconnected(self) -> None:
        """The socket is gone."""
        self.catch_up()
        self._situation.online = False
        self.on_change()

    def time_told(self, told: datetime, *, by: ClockSetting) -> None:
        """The CSMS says what time it is."""
        if self._clock.told(told, self.catch_up(), by=by):
            self._changed()

    def authorized(self, evse_id: int, id_token: str, status: str, group: str | None = None) -> None:
        """The CSMS's word on the card of the driver who waits, and of which group it is."""
        now, evse = self.catch_up(), self.evses[evse_id - 1]
        if evse.card_to_authorize != id_token:
            return
        if token_accepted(status) and not evse.keeping.refuses(id_token, group):
            evse.start_transaction(id_token, now)
        else:
            evse.refuse(now)
        self._changed()

    def confirmed(self, message: QueuedMessage, answer: dict[str, Any]) -> None:
        """A CALLRESULT came for the first message of the queue."""
        confirmation = self.dialect.read_confirmation(message.action, answer)
        evse = next((evse for evse in self.evses if evse.runs(message.transaction)), None)
        if confirmation.csms_id is not None:
            self.reports.named(message, confirmation.csms_id)
            if evse is not None:
                evse.transaction.csms_id = confirmation.csms_id
            # Before the message leaves the queue: the messages behind it need the id.
            self._memory_file.save(self._memory)
        self.reports.delivered(message)
        if evse is not None and not token_accepted(confirmation.token_status):
            evse.end_transaction("DeAuthorized", self.catch_up())
            self._changed()

    def report_again(self, what: str, evse_id: int | None = None) -> bool:
        """Send the ``status``, the ``meter`` or a ``heartbeat`` once more; False when there is nothing to tell."""
        now = self.catch_up()
        asked = [evse for evse in self.evses if evse_id in (None, 0, evse.id)]
        if what == "heartbeat":
            self.heartbeat_wanted = True
        elif what == "status":
            for evse in asked:
                evse.tell_condition()
        else:
            told = [evse.tell_meter(now) for evse in asked]
            if not any(told):
                return False
        self.on_news()
        return True

    def close(self) -> None:
        """Keep everything for the next start."""
        self.catch_up()
        self._memory_file.save(self._memory)
        self.reports.queue.close()


def _new_memory(spec: StationSpec, now: datetime) -> StationMemory:
    evses = [EvseMemory(id=number) for number in range(1, spec.evses + 1)]
    return StationMemory(at=now, clock_set_at=now, evses=evses)


def _up_to_millisecond(at: datetime) -> datetime:
    return to_millisecond(at + 0.999 * MILLISECOND)
