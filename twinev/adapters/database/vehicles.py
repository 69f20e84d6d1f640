"""The repositories of vehicles and of the bookings of shared ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from twinev.adapters.database.booked_steps import release_steps, take_steps
from twinev.adapters.database.driver_tables import vehicle_bookings, vehicle_steps, vehicles
from twinev.adapters.database.statements import earlier_than, upsert
from twinev.domain.time_window import TimeWindow
from twinev.domain.vehicle_booking import BookingStatus, Vehicle, VehicleBooking
from twinev.errors import NotFound

_bookings = vehicle_bookings.c
_ALIKE = tuple(column.name for column in _bookings if column.name not in {"start", "end", "status"})
_OPEN = (str(BookingStatus.ACTIVE), str(BookingStatus.PICKED_UP))


class DatabaseVehicles:
    """Implements `twinev.services.ports.drivers.Vehicles`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, vehicle_id: str) -> Vehicle:
        row = self._connection.execute(select(vehicles).where(vehicles.c.id == vehicle_id)).first()
        if row is None:
            raise NotFound("vehicle", vehicle_id)
        return _vehicle(row)

    def list(self, *, owner_id: str) -> list[Vehicle]:
        seen = or_(vehicles.c.owner_id == owner_id, vehicles.c.owner_id.is_(None))
        rows = self._connection.execute(select(vehicles).where(seen).order_by(vehicles.c.id))
        return [_vehicle(row) for row in rows]

    def save(self, vehicle: Vehicle) -> None:
        row = {column.name: getattr(vehicle, column.name) for column in vehicles.c}
        upsert(self._connection, vehicles, row | {"connectors": list(vehicle.connectors)})

    def remove(self, vehicle_id: str) -> None:
        self._connection.execute(delete(vehicle_steps).where(vehicle_steps.c.vehicle_id == vehicle_id))
        self._connection.execute(delete(vehicle_bookings).where(_bookings.vehicle_id == vehicle_id))
        self._connection.execute(delete(vehicles).where(vehicles.c.id == vehicle_id))


class DatabaseVehicleBookings:
    """Implements `twinev.services.ports.drivers.VehicleBookings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, booking_id: str) -> VehicleBooking:
        row = self._connection.execute(select(vehicle_bookings).where(_bookings.id == booking_id)).first()
        if row is None:
            raise NotFound("vehicle reservation", booking_id)
        return _booking(row)

    def book(self, booking: VehicleBooking) -> bool:
        window = booking.window
        row: dict[str, Any] = {name: getattr(booking, name) for name in _ALIKE}
        row |= {"start": window.start, "end": window.end, "status": str(booking.status)}
        vehicle = {"vehicle_id": booking.vehicle_id}
        return take_steps(self._connection, vehicle_bookings, row, vehicle_steps, thing=vehicle, numbers=window.steps)

    def save(self, booking: VehicleBooking) -> None:
        changed = {
            "status": str(booking.status),
            "picked_up_at": booking.picked_up_at,
            "ended_at": booking.ended_at,
        }
        self._connection.execute(update(vehicle_bookings).where(_bookings.id == booking.id).values(changed))

    def release(self, booking_id: str) -> None:
        release_steps(self._connection, vehicle_steps, booking_id)

    def open(self, *, vehicle_id: str | None = None, user_id: str | None = None) -> Sequence[VehicleBooking]:
        statement = select(vehicle_bookings).where(_bookings.status.in_(_OPEN))
        if vehicle_id is not None:
            statement = statement.where(_bookings.vehicle_id == vehicle_id)
        if user_id is not None:
            statement = statement.where(_bookings.user_id == user_id)
        return self._all(statement.order_by(_bookings.start, _bookings.id))

    def list(
        self, vehicle_id: str, *, limit: int, before: str | None = None, user_id: str | None = None
    ) -> Sequence[VehicleBooking]:
        statement = select(vehicle_bookings).where(_bookings.vehicle_id == vehicle_id)
        if user_id is not None:
            statement = statement.where(_bookings.user_id == user_id)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, _bookings.made_at, _bookings.id, before))
        return self._all(statement.order_by(_bookings.made_at.desc(), _bookings.id.desc()).limit(limit))

    def _all(self, statement: Any) -> Any:
        return [_booking(row) for row in self._connection.execute(statement)]


def _vehicle(row: Row) -> Vehicle:
    return Vehicle(**{**row._mapping, "connectors": tuple(row.connectors)})


def _booking(row: Row) -> VehicleBooking:
    return VehicleBooking(
        **{name: getattr(row, name) for name in _ALIKE},
        window=TimeWindow(start=row.start, end=row.end),
        status=BookingStatus(row.status),
    )
