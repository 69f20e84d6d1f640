"""A charging station's state machine, common to all OCPP versions; it knows no socket.

Time moves only in `Station.catch_up`, from one instant at which something happens to the next: a sample is due, a
limit changes, an EV arrives, has settled at its new power, or departs; something goes wrong. What must reach the CSMS
goes into the queue.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from twinev.clock import PlatformClock
from twinev.simulator.answers import Answers
from twinev.simulator.dialect import Dialect
from twinev.simulator.drivers import Visits
from twinev.simulator.evse import Evse
from twinev.simulator.evse_condition import EvseCondition, Situation
from twinev.simulator.faults import Fault
from twinev.simulator.fleet import ClockSetting, StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.memory import EvseMemory, MemoryFile, new_memory
from twinev.simulator.message_queue import MessageQueue
from twinev.simulator.meter import to_millisecond
from twinev.simulator.mishaps import Mishaps
from twinev.simulator.orders import Orders
from twinev.simulator.outlet import Outlet
from twinev.simulator.profiles import InstalledProfiles
from twinev.simulator.reports import Reports
from twinev.simulator.station_clock import StationClock

MILLISECOND = timedelta(milliseconds=1)


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
        self._platform_clock = clock
        self._memory_file = memory_file
        now = to_millisecond(clock.now())
        self._situation = Situation(dark_until=now, meter_interval_seconds=meter_interval_seconds)
        remembered = memory_file.load()
        self._memory = remembered or new_memory(now, evses=spec.evses)
        self._clock = StationClock(spec=spec, memory=self._memory)
        self._profiles = InstalledProfiles(spec=spec, replace_equal_stack=dialect.replaces_equal_stack)
        self._profiles.restore(self._memory.profiles)
        queue = MessageQueue(memory_file.queue_path)
        self.reports = Reports(spec=spec, dialect=dialect, queue=queue, ledger=ledger, memory=self._memory)
        self.evses = [self._evse(memory, visits, now) for memory in self._memory.evses]
        self._transactions_since_boot = 0
        self._mishaps = Mishaps(
            faults=faults,
            now=now,
            clock=self._clock,
            profiles=self._profiles,
            reports=self.reports,
            go_offline=self._go_offline,
        )
        if remembered is not None:
            self._resume(now)
        for evse in self.evses:
            if evse.plugged is None:
                evse.expect_visit(self._memory.at, started=True)
        self.orders = Orders(
            evses=self.evses,
            profiles=self._profiles,
            reports=self.reports,
            clock=self._clock,
            catch_up=self.catch_up,
            changed=self._changed,
            news=self._tell_news,
        )
        self.answers = Answers(
            evses=self.evses,
            dialect=dialect,
            reports=self.reports,
            catch_up=self.catch_up,
            changed=self._changed,
            keep=self._keep,
        )

    def _evse(self, memory: EvseMemory, visits: Visits, now: datetime) -> Evse:
        shared = {"spec": self.spec, "memory": memory, "profiles": self._profiles, "clock": self._clock}
        outlet = Outlet(station=self._memory, sharing=self._transactions_running, **shared)
        common = {"situation": self._situation, "outlet": outlet, "reports": self.reports}
        condition = EvseCondition(memory=memory, clock=self._clock, now=now, **common)
        return Evse(condition=condition, visits=visits, new_id=self._new_id, **common, **shared)

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
    def offline_until(self) -> datetime:
        """No connection before then. (true time)"""
        return self._mishaps.offline_until

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
        known = (instant for instant in (self._mishaps.next_instant, *instants) if instant is not None)
        return min(known, default=None)

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
            if self._mishaps.suffer(at) or any(happened):
                self._changed()
        return self._memory.at

    def _changed(self) -> None:
        """Something happened: apply its consequences, keep it, and tell that there may be something to send."""
        for evse in self.evses:
            evse.outlet.apply_limit(anew=True)
            evse.notice(self._memory.at)
        self._memory.profiles = self._profiles.all()
        self._keep()
        self.on_change()
        self._tell_news()

    def _tell_news(self) -> None:
        self.on_news()

    def _keep(self) -> None:
        self._memory_file.save(self._memory)

    def reset_soon(self) -> None:
        """Reboot, but not before the answer to the CALL that asked for it is out."""
        self._mishaps.reset_soon(self._memory.at)
        self.on_change()

    def _go_offline(self, reboots: bool, at: datetime) -> None:
        self._situation.online = False
        if reboots:
            self._situation.dark_until = self.offline_until
            for evse in self.evses:
                evse.lose_power("Reboot", at)
            self._transactions_since_boot = 0
        self.on_cut(reboots)

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

    # ── The connection ───────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """The socket is up and the boot was accepted: the conditions are told anew."""
        self.catch_up()
        for evse in self.evses:
            # While still offline: one word on each EVSE is enough.
            evse.condition.tell()
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

    def close(self) -> None:
        """Keep everything for the next start."""
        self.catch_up()
        self._keep()
        self.reports.queue.close()


def _up_to_millisecond(at: datetime) -> datetime:
    return to_millisecond(at + 0.999 * MILLISECOND)
