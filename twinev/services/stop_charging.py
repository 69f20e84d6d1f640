"""Stops sessions by themselves: those that hold what their driver ordered, and those whose reservation is over."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charge_order import ChargeOrder
from twinev.domain.plan import AUTOMATIC_STOP
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import DriverProfile
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
            sessions = {session.id: session for session in work.sessions.active()}
            judged = [
                (order, _why_due(order, sessions.get(order.session_id), now, work=work)) for order in _to_ask(work, now)
            ]
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


def _why_due(order: ChargeOrder, session: ChargingSession | None, now: datetime, *, work: UnitOfWork) -> str | None:
    if session is None:
        return order.due(0.0, now)
    return order.due(session.energy_kwh, now, draws_on_until=_draws_on_until(session, work=work))


def _draws_on_until(session: ChargingSession, *, work: UnitOfWork) -> datetime | None:
    """The departure of an EV that may give energy back, which holds its target only then; None for any other.

    Who wants it fast is done at the target: giving back and charging again would take longer.
    """
    if not session.needs.max_discharge_kw or session.needs.profile is DriverProfile.FAST:
        return None
    abilities = work.abilities.of([session.station_id]).get(session.station_id)
    if abilities is None or session.evse_id not in abilities.discharging_evses:
        return None
    return session.departure(stay_minutes=work.sites.get(session.site_id).default_stay_minutes)


def _to_ask(work: UnitOfWork, now: datetime) -> list[ChargeOrder]:
    return [
        order
        for order in work.charge_orders.running()
        if order.stop_asked_at is None or now - order.stop_asked_at >= ASK_AGAIN_AFTER
    ]
