"""Stops sessions by themselves: those that hold what their driver ordered, and those whose reservation is over."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charge_order import ChargeOrder
from twinev.domain.plan import AUTOMATIC_STOP
from twinev.errors import Conflict, TwinEVError
from twinev.services.command_station import CommandStation
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

ISSUED_BY = AUTOMATIC_STOP
#: A station that was asked and did not stop is asked again after so long.
ASK_AGAIN_AFTER = timedelta(minutes=2)

_log = logging.getLogger(__name__)


class StopCharging:
    """A loop of the leading API process.

    Parameters
    ----------
    interval_seconds : float
        Between two looks. [s of the wall clock]
    """

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWorkFactory,
        reading: UnitOfWorkFactory,
        clock: Clock,
        command_station: CommandStation,
        interval_seconds: float = 1.0,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._clock = clock
        self._command_station = command_station
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except TwinEVError:
                _log.exception("sessions could not be stopped")
            await asyncio.sleep(self._interval_seconds)

    async def look(self) -> None:
        """Stop what is due, once."""
        due = await asyncio.to_thread(self._due)
        await asyncio.gather(*(self._stop(order, reason) for order, reason in due))

    def _due(self) -> list[tuple[ChargeOrder, str]]:
        now = self._clock.now()
        with self._reading() as work:
            energy_kwh = {session.id: session.energy_kwh for session in work.sessions.active()}
            judged = [(order, order.due(energy_kwh.get(order.session_id, 0.0), now)) for order in _to_ask(work, now)]
        return [(order, reason) for order, reason in judged if reason is not None]

    async def _stop(self, order: ChargeOrder, reason: str) -> None:
        await asyncio.to_thread(self._note, order)
        _log.info("session %s is stopped: its %s is reached", order.session_id, reason)
        try:
            await self._command_station.stop_session(order.session_id, issued_by=ISSUED_BY)
        except Conflict:
            _log.debug("session %s has ended meanwhile", order.session_id)

    def _note(self, order: ChargeOrder) -> None:
        with self._unit_of_work() as work:
            work.charge_orders.save(replace(order, stop_asked_at=self._clock.now()))
            work.commit()


def _to_ask(work: UnitOfWork, now: datetime) -> list[ChargeOrder]:
    return [
        order
        for order in work.charge_orders.running()
        if order.stop_asked_at is None or now - order.stop_asked_at >= ASK_AGAIN_AFTER
    ]
