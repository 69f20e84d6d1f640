"""Turns what happens at a station into queued messages and ledger lines, and keeps book of their delivery."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twinev.simulator.dialect import ACCEPTED, Condition, Dialect, Request
from twinev.simulator.fleet import StationSpec
from twinev.simulator.ledger import Ledger
from twinev.simulator.memory import PluggedEv, StationMemory, Transaction
from twinev.simulator.message_queue import MessageQueue, QueuedMessage
from twinev.simulator.meter import Reading, timestamp


@dataclass(frozen=True, kw_only=True)
class Status:
    """One StatusNotification to be made; ``at`` is what the station's clock showed."""

    evse_id: int
    condition: Condition
    at: datetime


class Reports:
    """``statuses`` are the StatusNotifications to be made; they are news, not records, so they are never queued."""

    def __init__(
        self, *, spec: StationSpec, dialect: Dialect, queue: MessageQueue, ledger: Ledger, memory: StationMemory
    ) -> None:
        self.queue = queue
        self.statuses: deque[Status] = deque()
        #: Whether a heartbeat is due before its turn.
        self.heartbeat_wanted = False
        self._spec = spec
        self._dialect = dialect
        self._ledger = ledger
        self._memory = memory

    def started(self, transaction: Transaction, begin: Reading, *, offline: bool) -> None:
        self._record(
            "transaction_started",
            transaction,
            begin.at,
            ocpp=self._spec.ocpp,
            evse_id=transaction.evse_id,
            connector_id=1,
            id_token=transaction.id_token,
            meter_wh=transaction.meter_start_wh,
            seq_no=transaction.seq_no,
        )
        self._queue(transaction, self._dialect.started(transaction, begin, offline=offline))

    def needs(self, transaction: Transaction, plugged: PluggedEv, at: datetime, *, departs_at: datetime) -> None:
        """The driver's wish. It is queued as well: it must come after its transaction's start, and not be lost."""
        self._record(
            "needs",
            transaction,
            at,
            evse_id=transaction.evse_id,
            energy_kwh=plugged.wanted_kwh,
            departure=timestamp(departs_at),
            max_kw=plugged.visit.ev.max_kw,
            profile=plugged.visit.profile,
        )
        request = self._dialect.needs(transaction.evse_id, plugged, departs_at)
        self.queue.put(request.action, request.payload, transaction=transaction.id, must_arrive=False)

    def state_changed(self, transaction: Transaction, at: datetime, *, offline: bool) -> None:
        request = self._dialect.state_changed(transaction, at, offline=offline)
        if request is not None:
            self._queue(transaction, request)

    def metered(self, transaction: Transaction, reading: Reading, *, offline: bool) -> None:
        self._queue(transaction, self._dialect.metered(transaction, reading, offline=offline))

    def ended(self, transaction: Transaction, end: Reading, *, reason: str, offline: bool) -> None:
        self._record(
            "transaction_ended",
            transaction,
            end.at,
            meter_wh=end.samples[0].value,
            reason=reason,
            seq_no=transaction.seq_no,
        )
        self._queue(transaction, self._dialect.ended(transaction, end, reason=reason, offline=offline))

    def charging_limit(self, limit_kw: float, at: datetime, seconds: float) -> None:
        """Somebody else than the CSMS limits the station."""
        self._tell(self._dialect.charging_limit(limit_kw, at, seconds))

    def charging_limit_cleared(self) -> None:
        """Nobody else limits the station any more."""
        self._tell(self._dialect.charging_limit_cleared())

    def reservation_expired(self, reservation_id: int) -> None:
        """Nobody came for a reservation in time."""
        self._tell(self._dialect.reservation_expired(reservation_id))

    def condition_changed(self, evse_id: int, condition: Condition, at: datetime, *, online: bool) -> None:
        """Offline, only the latest of each EVSE will be told after the reconnection."""
        if not online:
            kept = [status for status in self.statuses if status.evse_id != evse_id]
            self.statuses.clear()
            self.statuses.extend(kept)
        self.statuses.append(Status(evse_id=evse_id, condition=condition, at=at))

    def status_told(self, told: Status) -> None:
        """The CSMS confirmed a StatusNotification."""
        if self.statuses and self.statuses[0] is told:
            self.statuses.popleft()
        self._ledger.record(
            "status",
            station=self._spec.id,
            evse_id=told.evse_id,
            timestamp=timestamp(told.at),
            condition=told.condition.value,
        )

    def to_send(self, message: QueuedMessage) -> dict[str, Any]:
        """The payload of a queued message, complete with what the CSMS decided meanwhile."""
        csms_id = self._memory.csms_ids.get(message.transaction or "")
        return self._dialect.addressed(message.action, message.payload, csms_id)

    def named(self, message: QueuedMessage, csms_id: str) -> None:
        """The CSMS allotted an id to the transaction that ``message`` started."""
        assert message.transaction is not None, "only a transaction's start gets an id"
        self._memory.csms_ids[message.transaction] = csms_id
        self._ledger.record(
            "transaction_id", station=self._spec.id, transaction=message.transaction, ocpp_transaction_id=csms_id
        )

    def delivered(self, message: QueuedMessage) -> None:
        """The first message of the queue needs no further try."""
        self._ledger.record("delivered", station=self._spec.id, n=message.number)
        self.queue.done(message)
        if message.transaction is not None and not self._still_spoken_of(message.transaction):
            self._memory.csms_ids.pop(message.transaction, None)

    def _still_spoken_of(self, transaction: str) -> bool:
        running = (evse.transaction for evse in self._memory.evses)
        return any(of and of.id == transaction for of in running) or self.queue.speaks_of(transaction)

    def _tell(self, request: Request | None) -> None:
        if request is not None:
            self.queue.put(request.action, request.payload, must_arrive=False)

    def _record(self, kind: str, transaction: Transaction, at: datetime, **facts: Any) -> None:
        self._ledger.record(
            kind,
            n=self.queue.next_number,
            station=self._spec.id,
            transaction=transaction.id,
            timestamp=timestamp(at),
            **facts,
        )

    def _queue(self, transaction: Transaction, request: Request) -> None:
        for reading in request.readings:
            for sample in reading.samples:
                self._record(
                    "sample",
                    transaction,
                    reading.at,
                    evse_id=transaction.evse_id,
                    context=reading.context,
                    measurand=sample.measurand,
                    phase=sample.phase,
                    location=sample.location,
                    value=sample.value,
                    unit=sample.unit,
                )
        self.queue.put(request.action, request.payload, transaction=transaction.id)
        transaction.seq_no += 1


def token_accepted(status: str | None) -> bool:
    """Whether a CSMS's word on an id token lets the EV charge; saying nothing does."""
    return status in (None, ACCEPTED)
