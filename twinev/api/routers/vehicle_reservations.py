"""Reservations of shared vehicles: book, pick up, return, give up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, status
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import Driving, Platform, Reading, ThePlatform
from twinev.domain.time_window import TimeWindow
from twinev.domain.users import OPERATORS, User
from twinev.domain.vehicle_booking import VehicleBooking
from twinev.services.book_vehicle import (
    book_vehicle,
    cancel_booking,
    own_booking,
    pick_up,
    return_vehicle,
    shared_vehicle,
)
from twinev.wire.rest.pages import Page
from twinev.wire.rest.vehicles import VehicleReservationIn, VehicleReservationOut

router = APIRouter(prefix="/api/v1/vehicles/{vehicle_id}/reservations", tags=["vehicles"])

_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": VehicleReservationOut}}


@router.get("")
def list_vehicle_reservations(
    vehicle_id: str, ask: WantedPage, work: Reading, user: Driving
) -> Page[VehicleReservationOut]:
    """List the reservations of a shared vehicle, the last made first: a driver sees his own."""
    vehicle = shared_vehicle(vehicle_id, work=work)
    own = user.id if user.roles.isdisjoint(OPERATORS) else None
    rows = work.vehicle_bookings.list(vehicle.id, limit=ask.one_more, before=ask.after, user_id=own)
    return page_of(rows, ask, out=_out, name=lambda booking: booking.id)


@router.post("", status_code=status.HTTP_201_CREATED, response_model=None, responses=_CREATED)
async def reserve_vehicle(
    vehicle_id: str, body: VehicleReservationIn, platform: ThePlatform, user: Driving, once: OnlyOnce
) -> JSONResponse:
    """Keep a shared vehicle for the caller."""
    window = TimeWindow.around(body.start, body.end)
    given = {"unit_of_work": platform.unit_of_work, "clock": platform.clock, "rules": platform.reservation_rules}

    async def make() -> VehicleReservationOut:
        return _out(await run_in_threadpool(book_vehicle, vehicle_id, window, user=user, **given))

    return await once.answer(make)


@router.get("/{reservation_id}")
def get_vehicle_reservation(
    vehicle_id: str, reservation_id: str, work: Reading, user: Driving
) -> VehicleReservationOut:
    """Show one reservation of a vehicle."""
    return _out(own_booking(vehicle_id, reservation_id, user=user, work=work))


@router.delete("/{reservation_id}")
def delete_vehicle_reservation(
    vehicle_id: str, reservation_id: str, platform: ThePlatform, user: Driving
) -> VehicleReservationOut:
    """Give a reservation up before the pick-up."""
    return _out(_change(vehicle_id, reservation_id, platform, user, cancel_booking))


@router.post("/{reservation_id}/pick-up", status_code=status.HTTP_201_CREATED, response_model=None, responses=_CREATED)
async def pick_up_vehicle(
    vehicle_id: str, reservation_id: str, platform: ThePlatform, user: Driving, once: OnlyOnce
) -> JSONResponse:
    """Note that the caller has taken the vehicle."""
    change = partial(pick_up, rules=platform.reservation_rules)

    async def make() -> VehicleReservationOut:
        return _out(await run_in_threadpool(_change, vehicle_id, reservation_id, platform, user, change))

    return await once.answer(make)


@router.post("/{reservation_id}/return", status_code=status.HTTP_201_CREATED, response_model=None, responses=_CREATED)
async def return_the_vehicle(
    vehicle_id: str, reservation_id: str, platform: ThePlatform, user: Driving, once: OnlyOnce
) -> JSONResponse:
    """Note that the vehicle is back."""

    async def make() -> VehicleReservationOut:
        return _out(await run_in_threadpool(_change, vehicle_id, reservation_id, platform, user, return_vehicle))

    return await once.answer(make)


def _change(
    vehicle_id: str, reservation_id: str, platform: Platform, user: User, change: Callable[..., VehicleBooking]
) -> VehicleBooking:
    with platform.unit_of_work() as work:
        booking = own_booking(vehicle_id, reservation_id, user=user, work=work)
        changed = change(booking, platform.clock.now(), work=work)
        work.commit()
    return changed


def _out(booking: VehicleBooking) -> VehicleReservationOut:
    return VehicleReservationOut(
        id=booking.id,
        vehicle_id=booking.vehicle_id,
        user_id=booking.user_id,
        site_id=booking.site_id,
        start=booking.window.start,
        end=booking.window.end,
        expires_at=booking.expires_at,
        made_at=booking.made_at,
        status=booking.status.value,
        picked_up_at=booking.picked_up_at,
        ended_at=booking.ended_at,
    )
