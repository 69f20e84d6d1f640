"""Sees to reservations as time passes: tells the stations, lets go of what nobody came for, and of vehicles too."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from twinev.domain.charge_points import ConnectorStatus
from twinev.domain.operating_commands import ReserveNow
from twinev.domain.plan import RESERVATIONS, SentCommand
from twinev.domain.reservation import Reservation, ReservationRules, ReservationStatus
from twinev.errors import TwinEVError
from twinev.services.book_vehicle import lapse_bookings
from twinev.services.command_station import CommandStation
from twinev.services.driver_token import driver_token
from twinev.services.find_evse import OUT_OF_ORDER
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.reservation_events import reservation_data
from twinev.services.reserve import end_reservation

ISSUED_BY = RESERVATIONS
#: Answers after which a station is asked again: it was away, or an EV stood there that may leave.
ASK_AGAIN = frozenset({"offline", "timeout", "Occupied"})
ASK_AGAIN_AFTER = timedelta(minutes=1)

_log = logging.getLogger(__name__)


class KeepReservations:
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
        rules: ReservationRules,
        interval_seconds: float = 1.0,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._reading = reading
        self._clock = clock
        self._command_station = command_station
        self._rules = rules
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except TwinEVError:
                _log.exception("reservations could not be seen to")
            await asyncio.sleep(self._interval_seconds)

    async def look(self) -> None:
        """Do what is due, once."""
        due = await asyncio.to_thread(self._let_go)
        await asyncio.gather(*(self._tell(reservation) for reservation in due))

    def _let_go(self) -> list[Reservation]:
        """End what nobody came for; return what stations are to be told."""
        now = self._clock.now()
        with self._reading() as work:
            active = work.reservations.active()
            lapsed = any(reservation.expires_at <= now for reservation in active)
            lapsed = lapsed or any(booking.expires_at <= now for booking in work.vehicle_bookings.open())
        if lapsed:
            with self._unit_of_work() as work:
                # Read again: a session may have begun in between.
                active = work.reservations.active()
                for reservation in active:
                    if reservation.expires_at <= now:
                        _lapse(reservation, now, work)
                lapse_bookings(now, work=work)
                work.commit()
        return [reservation for reservation in active if self._to_be_told(reservation, now)]

    def _to_be_told(self, reservation: Reservation, now: datetime) -> bool:
        if not reservation.window.start - self._rules.hold_before <= now < reservation.expires_at:
            return False
        if reservation.told_at is None:
            return True
        return reservation.station_answer in ASK_AGAIN and now - reservation.told_at >= ASK_AGAIN_AFTER

    async def _tell(self, reservation: Reservation) -> None:
        token = await asyncio.to_thread(self._token_of, reservation)
        command = ReserveNow(
            reservation_id=reservation.number,
            id_token=token,
            # A card of the driver's will do as well: it is of the same group.
            group_id_token=token,
            expires_at=reservation.expires_at,
            evse_id=reservation.evse_id,
        )
        told_at = self._clock.now()
        sent = await self._command_station.send(reservation.station_id, command, issued_by=ISSUED_BY)
        await asyncio.to_thread(self._note_answer, reservation.id, told_at, sent)

    def _token_of(self, reservation: Reservation) -> str:
        with self._unit_of_work() as work:
            token = driver_token(reservation.user_id, work=work)
            work.commit()
        return token

    def _note_answer(self, reservation_id: str, told_at: datetime, sent: SentCommand) -> None:
        with self._unit_of_work() as work:
            known = work.reservations.get(reservation_id)
            answer = sent.status if sent.outcome in ("accepted", "rejected") else sent.outcome
            noted = replace(known, told_at=told_at, station_answer=answer)
            work.reservations.save(noted)
            if answer != known.station_answer:
                work.events.add("reservation.told", reservation_data(noted))
            work.commit()


def _lapse(reservation: Reservation, now: datetime, work: UnitOfWork) -> None:
    status = _why_nobody_came(reservation, work)
    lapsed = end_reservation(reservation, status, now, work=work)
    kind = "reservation.no_show" if status is ReservationStatus.NO_SHOW else "reservation.expired"
    work.events.add(kind, reservation_data(lapsed))


def _why_nobody_came(reservation: Reservation, work: UnitOfWork) -> ReservationStatus:
    """A no-show only where the driver could have charged: the EVSE in order, and nobody else at it."""
    station = work.stations.get(reservation.station_id)
    evse = next(evse for evse in station.evses if evse.id == reservation.evse_id)
    in_the_way = work.sessions.active_at(reservation.station_id, reservation.evse_id) is not None
    usable = station.online and evse.status not in OUT_OF_ORDER and evse.status is not ConnectorStatus.OCCUPIED
    return ReservationStatus.NO_SHOW if usable and not in_the_way else ReservationStatus.EXPIRED
