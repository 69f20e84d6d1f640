"""Events of reservations and of shared vehicles; whose they are is not told."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from twinev.wire.event_data import SITE, STATION, EventData, StationData, shown

_WINDOW = {"start": "2026-11-25T17:00:00+00:00", "end": "2026-11-25T19:00:00+00:00"}
_RESERVATION = (
    STATION
    | _WINDOW
    | {
        "evse_id": 1,
        "reservation_id": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "status": "active",
        "station_answer": None,
        "session_id": None,
    }
)
_BOOKING = (
    SITE
    | _WINDOW
    | {
        "vehicle_id": "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        "vehicle_reservation_id": "00112233445566778899aabbccddeeff",
        "status": "active",
    }
)


class ReservationData(StationData):
    """Base of what happened to a reservation of an EVSE."""

    evse_id: int = Field(ge=1, description="The EVSE within the station.")
    reservation_id: str
    start: AwareDatetime
    end: AwareDatetime
    status: Literal["active", "used", "expired", "cancelled", "no_show"]
    station_answer: str | None = Field(
        default=None, description="What the station made of it: OCPP's status, or why it was not asked."
    )
    session_id: str | None = Field(default=None, description="The session that used it.")


class ReservationMade(ReservationData):
    """An EVSE is kept for a driver within [start, end)."""

    model_config = shown(_RESERVATION)


class ReservationTold(ReservationData):
    """The station answered a reservation, or spoke of it by itself."""

    model_config = shown(_RESERVATION | {"station_answer": "Accepted"})


class ReservationUsed(ReservationData):
    """The driver came: a session has begun from the reservation."""

    model_config = shown(_RESERVATION | {"status": "used", "session_id": "5f0c2a8be1f54d3c9a6d1f7f3f0a8d11"})


class ReservationCancelled(ReservationData):
    """The driver took the reservation back; the EVSE is free for others."""

    model_config = shown(_RESERVATION | {"status": "cancelled"})


class ReservationExpired(ReservationData):
    """Nobody came, and the EVSE was not to be had: no fault of the driver's."""

    model_config = shown(_RESERVATION | {"status": "expired", "station_answer": "Faulted"})


class ReservationNoShow(ReservationData):
    """The driver did not come in time though the EVSE was there for him."""

    model_config = shown(_RESERVATION | {"status": "no_show"})


class VehicleBookingData(EventData):
    """Base of what happened to a booking of a shared vehicle."""

    vehicle_id: str
    vehicle_reservation_id: str
    start: AwareDatetime
    end: AwareDatetime
    status: Literal["active", "picked_up", "returned", "cancelled", "no_show"]


class VehicleBooked(VehicleBookingData):
    """A shared vehicle is kept for a driver within [start, end)."""

    model_config = shown(_BOOKING)


class VehiclePickedUp(VehicleBookingData):
    """The driver has taken the vehicle."""

    model_config = shown(_BOOKING | {"status": "picked_up"})


class VehicleReturned(VehicleBookingData):
    """The vehicle is back."""

    model_config = shown(_BOOKING | {"status": "returned"})


class VehicleCancelled(VehicleBookingData):
    """The driver gave the booking up."""

    model_config = shown(_BOOKING | {"status": "cancelled"})


class VehicleNoShow(VehicleBookingData):
    """The driver did not come for the vehicle in time."""

    model_config = shown(_BOOKING | {"status": "no_show"})


RESERVATION_EVENTS: dict[str, type[EventData]] = {
    "reservation.made": ReservationMade,
    "reservation.told": ReservationTold,
    "reservation.used": ReservationUsed,
    "reservation.cancelled": ReservationCancelled,
    "reservation.expired": ReservationExpired,
    "reservation.no_show": ReservationNoShow,
    "vehicle.booked": VehicleBooked,
    "vehicle.picked_up": VehiclePickedUp,
    "vehicle.returned": VehicleReturned,
    "vehicle.cancelled": VehicleCancelled,
    "vehicle.no_show": VehicleNoShow,
}
