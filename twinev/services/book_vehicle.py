"""A driver books a shared vehicle, picks it up and returns it, or does not."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from twinev.domain.reservation import ReservationRules
from twinev.domain.time_window import TimeWindow
from twinev.domain.users import OPERATORS, User
from twinev.domain.vehicle_booking import BookingStatus, Vehicle, VehicleBooking
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from twinev.services.reservation_events import booking_data


def book_vehicle(
    vehicle_id: str,
    window: TimeWindow,
    *,
    user: User,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
    rules: ReservationRules,
) -> VehicleBooking:
    """Keep a shared vehicle for a window.

    Raises
    ------
    NotFound, BadInput, Conflict
        No such shared vehicle; a window that is not allowed; it is taken, not for booking, or the user has too many.
    """
    now = clock.now()
    rules.require_allowed(window, now)
    with unit_of_work() as work:
        work.reservations.serialise(user.id)
        vehicle = shared_vehicle(vehicle_id, work=work)
        if not vehicle.available:
            raise Conflict(f"vehicle {vehicle_id} is not to be had now; choose another one")
        if len(work.vehicle_bookings.open(user_id=user.id)) >= rules.max_active:
            raise Conflict(f"{user.username} has {rules.max_active} vehicles booked, the most that one may have")
        booking = VehicleBooking(
            id=uuid.uuid4().hex,
            vehicle_id=vehicle.id,
            user_id=user.id,
            site_id=vehicle.site_id,
            window=window,
            grace_minutes=rules.grace_minutes + max((now - window.start).total_seconds() / 60, 0.0),
            made_at=now,
        )
        if not work.vehicle_bookings.book(booking):
            raise Conflict(f"vehicle {vehicle_id} is taken for part of that time; choose another time or vehicle")
        work.events.add("vehicle.booked", booking_data(booking))
        work.commit()
    return booking


def cancel_booking(booking: VehicleBooking, at: datetime, *, work: UnitOfWork) -> VehicleBooking:
    """Give up a booking before its pick-up; the caller commits. Cancelling again changes nothing."""
    if booking.status is BookingStatus.CANCELLED:
        return booking
    _require(booking, BookingStatus.ACTIVE, "cancel")
    cancelled = _end(booking, BookingStatus.CANCELLED, at, work=work)
    work.events.add("vehicle.cancelled", booking_data(cancelled))
    return cancelled


def pick_up(booking: VehicleBooking, at: datetime, *, work: UnitOfWork, rules: ReservationRules) -> VehicleBooking:
    """Note that the driver has taken the vehicle; the caller commits.

    Raises
    ------
    Conflict
        It is too early, the booking is over, or the one before has not returned the vehicle yet.
    """
    _require(booking, BookingStatus.ACTIVE, "pick up")
    if at < booking.window.start - rules.hold_before:
        raise Conflict(f"the booking begins at {booking.window.start.isoformat()}; come then")
    others = work.vehicle_bookings.open(vehicle_id=booking.vehicle_id)
    if any(other.status is BookingStatus.PICKED_UP for other in others):
        raise Conflict(f"vehicle {booking.vehicle_id} has not been returned yet")
    picked_up = replace(booking, status=BookingStatus.PICKED_UP, picked_up_at=at)
    work.vehicle_bookings.save(picked_up)
    work.events.add("vehicle.picked_up", booking_data(picked_up))
    return picked_up


def return_vehicle(booking: VehicleBooking, at: datetime, *, work: UnitOfWork) -> VehicleBooking:
    """Note that the vehicle is back; others may have it for what is left of the window. The caller commits."""
    _require(booking, BookingStatus.PICKED_UP, "return")
    returned = _end(booking, BookingStatus.RETURNED, at, work=work)
    work.events.add("vehicle.returned", booking_data(returned))
    return returned


def lapse_bookings(now: datetime, *, work: UnitOfWork) -> None:
    """End the bookings whose driver did not come in time; the caller commits."""
    for booking in work.vehicle_bookings.open():
        if booking.status is BookingStatus.ACTIVE and booking.expires_at <= now:
            lapsed = _end(booking, BookingStatus.NO_SHOW, now, work=work)
            work.events.add("vehicle.no_show", booking_data(lapsed))


def shared_vehicle(vehicle_id: str, *, work: UnitOfWork) -> Vehicle:
    """Return a shared vehicle; somebody's own is as good as none here."""
    vehicle = work.vehicles.get(vehicle_id)
    if not vehicle.shared:
        raise NotFound("vehicle", vehicle_id)
    return vehicle


def own_booking(vehicle_id: str, booking_id: str, *, user: User, work: UnitOfWork) -> VehicleBooking:
    """Return the booking of this vehicle if the user may see it; somebody else's is as good as none."""
    booking = work.vehicle_bookings.get(booking_id)
    seen = booking.user_id == user.id or not user.roles.isdisjoint(OPERATORS)
    if booking.vehicle_id != vehicle_id or not seen:
        raise NotFound("vehicle reservation", booking_id)
    return booking


def _end(booking: VehicleBooking, status: BookingStatus, at: datetime, *, work: UnitOfWork) -> VehicleBooking:
    ended = replace(booking, status=status, ended_at=at)
    work.vehicle_bookings.save(ended)
    work.vehicle_bookings.release(booking.id)
    return ended


def _require(booking: VehicleBooking, status: BookingStatus, verb: str) -> None:
    if booking.status is not status:
        raise Conflict(f"vehicle reservation {booking.id} is {booking.status}: nothing to {verb}")


def require_shared_site(site_id: str | None, *, work: UnitOfWork) -> str:
    """Return the id of a site that exists; a shared vehicle stands at one."""
    if site_id is None:
        raise BadInput("site_id", site_id, "the site where the shared vehicle stands")
    return work.sites.get(site_id).id
