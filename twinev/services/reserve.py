"""A driver reserves an EVSE, and takes a reservation back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from twinev.domain.operating_commands import CancelReservation
from twinev.domain.reservation import Reservation, ReservationRules, ReservationStatus
from twinev.domain.station_access import may_use
from twinev.domain.users import OPERATORS, User
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.command_station import CommandStation
from twinev.services.find_evse import Candidate, Wish, candidates
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.reservation_events import reservation_data

#: OCPP's answer of a station that keeps the reservation.
KEPT_BY_STATION = "Accepted"


def reserve(
    wish: Wish, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock, rules: ReservationRules
) -> Reservation:
    """Keep the first EVSE that answers the wish and can be had.

    Raises
    ------
    BadInput
        The window is not allowed, or no EVSE has that plug.
    NotFound
        No such station or site, or it is private to others.
    Conflict
        Every EVSE that answers it is taken, occupied or out of order, or the user has too many reservations.
    """
    now = clock.now()
    rules.require_allowed(wish.window, now)
    with unit_of_work() as work:
        work.reservations.serialise(user.id)
        _require_room(user, wish, work=work, rules=rules)
        found = _found(wish, user_id=user.id, work=work, now=now, rules=rules)
        number = work.reservations.next_number()
        for candidate in found:
            if candidate.obstacle is not None:
                continue
            reservation = _draft(wish, candidate, user=user, number=number, now=now, rules=rules)
            if work.reservations.book(reservation):
                work.events.add("reservation.made", reservation_data(reservation))
                work.commit()
                return reservation
    raise Conflict(_why_none(found))


def cancel_reservation(
    reservation_id: str, *, user: User, unit_of_work: UnitOfWorkFactory, clock: Clock
) -> Reservation:
    """Take a reservation back; its EVSE is free for others at once. Cancelling again changes nothing.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    Conflict
        It is over, or a session has begun from it.
    """
    with unit_of_work() as work:
        reservation = own_reservation(reservation_id, user=user, work=work)
        if reservation.status is ReservationStatus.CANCELLED:
            return reservation
        if not reservation.active:
            raise Conflict(f"reservation {reservation_id} is {reservation.status}: nothing to cancel")
        cancelled = end_reservation(reservation, ReservationStatus.CANCELLED, clock.now(), work=work)
        work.events.add("reservation.cancelled", reservation_data(cancelled))
        work.commit()
    return cancelled


async def cancel_at_station(reservation: Reservation, *, command_station: CommandStation, issued_by: str) -> None:
    """Tell the station that keeps a cancelled reservation to give it up; one that is away lets it expire."""
    if reservation.station_answer == KEPT_BY_STATION:
        command = CancelReservation(reservation_id=reservation.number)
        await command_station.send(reservation.station_id, command, issued_by=issued_by)


def end_reservation(
    reservation: Reservation, status: ReservationStatus, at: datetime, *, work: UnitOfWork
) -> Reservation:
    """Close a reservation that no session came from, and free its EVSE; the caller tells of it and commits."""
    ended = replace(reservation, status=status, ended_at=at)
    work.reservations.save(ended)
    work.reservations.release(reservation.id)
    return ended


def own_reservation(reservation_id: str, *, user: User, work: UnitOfWork) -> Reservation:
    """Return it if the user may see it; somebody else's is as good as none."""
    reservation = work.reservations.get(reservation_id)
    if reservation.user_id != user.id and user.roles.isdisjoint(OPERATORS):
        raise NotFound("reservation", reservation_id)
    return reservation


def _require_room(user: User, wish: Wish, *, work: UnitOfWork, rules: ReservationRules) -> None:
    active = work.reservations.active(user_id=user.id)
    if len(active) >= rules.max_active:
        raise Conflict(f"{user.username} has {len(active)} reservations, the most that one may have; cancel one first")
    meeting = next((r for r in active if r.window.overlaps(wish.window.start, wish.window.end)), None)
    if meeting is not None:
        raise Conflict(f"{user.username} has reservation {meeting.id} at that time; cancel it first")


def _found(wish: Wish, *, user_id: str, work: UnitOfWork, now: datetime, rules: ReservationRules) -> list[Candidate]:
    if wish.site_id is not None:
        work.sites.get(wish.site_id)
    found = list(candidates(wish, user_id=user_id, work=work, now=now, rules=rules))
    if found:
        return found
    if wish.station_id is not None:
        named = work.station_access.users(wish.station_id)
        if not may_use(work.stations.get(wish.station_id), named, user_id):
            raise NotFound("charging station", wish.station_id)
    if wish.evse_id is not None:
        raise BadInput("evse_id", wish.evse_id, f"an EVSE of station {wish.station_id} with the connector asked for")
    raise BadInput("connector_type", wish.connector_type, "a connector type that a station there has")


def _draft(
    wish: Wish, candidate: Candidate, *, user: User, number: int, now: datetime, rules: ReservationRules
) -> Reservation:
    station, evse = candidate.station, candidate.evse
    # Who reserves what has begun has the grace from now on.
    late_minutes = max((now - wish.window.start).total_seconds() / 60, 0.0)
    return Reservation(
        id=uuid.uuid4().hex,
        number=number,
        user_id=user.id,
        site_id=station.site_id,
        station_id=station.id,
        evse_id=evse.id,
        connector_type=evse.connector_type,
        window=wish.window,
        grace_minutes=rules.grace_minutes + late_minutes,
        made_at=now,
    )


def _why_none(found: list[Candidate]) -> str:
    reasons = [
        f"EVSE {candidate.evse.id} of station {candidate.station.id} {candidate.why_not}" for candidate in found[:3]
    ]
    more = f", and {len(found) - 3} more" if len(found) > 3 else ""
    return f"nothing is free in that time: {'; '.join(reasons)}{more}; choose another time or station"
