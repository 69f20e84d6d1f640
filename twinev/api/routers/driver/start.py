"""Start charging: from a reservation, or at a private station; what each profile would give is asked by the script."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, driver_page
from twinev.api.pages import sentence
from twinev.api.platform import Reading, ThePlatform
from twinev.api.routers.driver.departures import departures
from twinev.domain.users import User
from twinev.domain.vehicle_booking import BookingStatus, Vehicle
from twinev.domain.vehicles import DriverProfile
from twinev.errors import Forbidden
from twinev.services.agree_contract import require_contract
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.start_places import start_place

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

#: What an EV's battery is taken to hold until its driver says so. [kWh]
USUAL_BATTERY_KWH = 60


@router.get(f"{PREFIX}/sessions/start", response_model=None)
def show_start(
    *,
    request: Request,
    login: Driver,
    work: Reading,
    platform: ThePlatform,
    reservation_id: Annotated[str | None, Query(max_length=64)] = None,
    station_id: Annotated[str | None, Query(max_length=48)] = None,
    evse_id: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """Show the form: EV, target, departure, profile."""
    user, now = login.user, platform.clock.now()
    place = start_place(
        reservation_id=reservation_id,
        station_id=station_id,
        evse_id=evse_id,
        user=user,
        work=work,
        now=now,
        rules=platform.reservation_rules,
    )
    preferences = work.preferences.of(user.id)
    usual = place.usual_departure(now)
    offered = departures(now, place.latest_departure(now))
    return driver_page(
        request,
        "start.html",
        login=login,
        place=place,
        vehicles=drivable(user, work=work),
        usual_vehicle_id=preferences.default_vehicle_id,
        usual_battery_kwh=USUAL_BATTERY_KWH,
        target_percent=round(100 * preferences.min_target_soc),
        chosen_profile=preferences.profile,
        profiles=tuple(DriverProfile),
        departures=offered,
        chosen_departure=min(offered, key=lambda one: abs(one.at - usual)).at,
        missing=_missing(user, work, platform),
    )


def drivable(user: User, *, work: UnitOfWork) -> list[Vehicle]:
    """The user's own vehicles, and the shared ones that he has at hand."""
    at_hand = {
        booking.vehicle_id
        for booking in work.vehicle_bookings.open(user_id=user.id)
        if booking.status is BookingStatus.PICKED_UP
    }
    seen = work.vehicles.list(owner_id=user.id)
    return [vehicle for vehicle in seen if vehicle.owner_id == user.id or vehicle.id in at_hand]


def _missing(user: User, work: UnitOfWork, platform: ThePlatform) -> str | None:
    """What the driver must agree to first, as a sentence; None for nothing."""
    try:
        require_contract(user.id, work=work, now=platform.clock.now())
    except Forbidden as refusal:
        return sentence(refusal)
    return None
