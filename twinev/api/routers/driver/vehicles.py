"""Vehicles: a driver's own, to add, edit and remove; the shared ones, to reserve, pick up and return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, driver_page
from twinev.api.driver_texts import connector_name
from twinev.api.platform import Reading, ThePlatform
from twinev.domain.charge_points import Site
from twinev.domain.connectors import ConnectorType
from twinev.domain.reservation import ReservationRules
from twinev.domain.users import User
from twinev.domain.vehicle_booking import BookingStatus, Vehicle, VehicleBooking
from twinev.errors import NotFound
from twinev.services.book_vehicle import shared_vehicle
from twinev.services.ports.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

ADDRESS = f"{PREFIX}/vehicles"
#: What EVs in Europe have; others stay as they are.
USUAL_CONNECTORS = (ConnectorType.TYPE_2_CABLE, ConnectorType.CCS2, ConnectorType.CHADEMO, ConnectorType.TYPE_1_CABLE)


@dataclass(frozen=True, kw_only=True)
class BookedVehicle:
    """A booking that waits for its pick-up or return, and where the vehicle stands."""

    booking: VehicleBooking
    vehicle: Vehicle
    site: Site
    rules: ReservationRules

    @property
    def picked_up(self) -> bool:
        return self.booking.status is BookingStatus.PICKED_UP

    @property
    def pick_up_from(self) -> datetime:
        return self.booking.window.start - self.rules.hold_before


@router.get(ADDRESS, response_model=None)
def show_vehicles(request: Request, login: Driver, work: Reading, platform: ThePlatform) -> Response:
    """List the person's own vehicles, his bookings, and the shared ones."""
    seen = work.vehicles.list(owner_id=login.user.id)
    return driver_page(
        request,
        "vehicles.html",
        login=login,
        own=[vehicle for vehicle in seen if not vehicle.shared],
        usual_id=work.preferences.of(login.user.id).default_vehicle_id,
        bookings=_bookings(login.user, work, platform.reservation_rules),
        shared=[(vehicle, work.sites.get(vehicle.site_id)) for vehicle in seen if vehicle.shared],
    )


@router.get(f"{ADDRESS}/new", response_model=None)
def show_new_vehicle(request: Request, login: Driver) -> Response:
    """Show the form of a new vehicle."""
    connectors = _connectors((ConnectorType.TYPE_2_CABLE,))
    return driver_page(request, "vehicle.html", login=login, vehicle=None, connectors=connectors)


@router.get(f"{ADDRESS}/{{vehicle_id}}", response_model=None)
def show_vehicle(vehicle_id: str, request: Request, login: Driver, work: Reading) -> Response:
    """Show the form of one of the person's own."""
    vehicle = work.vehicles.get(vehicle_id)
    if vehicle.owner_id != login.user.id:
        raise NotFound("vehicle", vehicle_id)
    connectors = _connectors(vehicle.connectors)
    return driver_page(request, "vehicle.html", login=login, vehicle=vehicle, connectors=connectors)


@router.get(f"{ADDRESS}/{{vehicle_id}}/reserve", response_model=None)
def show_reserve_vehicle(
    vehicle_id: str, request: Request, login: Driver, work: Reading, platform: ThePlatform
) -> Response:
    """Show the form that reserves a shared one."""
    vehicle = shared_vehicle(vehicle_id, work=work)
    rules = platform.reservation_rules
    site = work.sites.get(vehicle.site_id)
    return driver_page(request, "vehicle_reserve.html", login=login, vehicle=vehicle, site=site, rules=rules)


def _bookings(user: User, work: UnitOfWork, rules: ReservationRules) -> list[BookedVehicle]:
    return [
        BookedVehicle(
            booking=booking,
            vehicle=work.vehicles.get(booking.vehicle_id),
            site=work.sites.get(booking.site_id),
            rules=rules,
        )
        for booking in work.vehicle_bookings.open(user_id=user.id)
    ]


def _connectors(chosen: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    """What there is to choose from: type, name, and whether it is chosen."""
    offered = dict.fromkeys((*USUAL_CONNECTORS, *chosen))
    return [(kind, connector_name(kind), kind in chosen) for kind in offered]
