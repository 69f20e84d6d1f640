"""Stored vehicles, bookings of shared ones, and drivers' preferences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twinev.domain.preferences import Preferences
from twinev.domain.vehicle_booking import Vehicle, VehicleBooking


class Vehicles(Protocol):
    def get(self, vehicle_id: str) -> Vehicle: ...
    def list(self, *, owner_id: str) -> list[Vehicle]:
        """The owner's and all shared ones, by id."""

    def save(self, vehicle: Vehicle) -> None: ...
    def remove(self, vehicle_id: str) -> None:
        """Forget it, with the bookings that are over."""


class VehicleBookings(Protocol):
    """A vehicle belongs to one booking at a time: the database holds that."""

    def get(self, booking_id: str) -> VehicleBooking: ...
    def book(self, booking: VehicleBooking) -> bool:
        """Insert it and take the vehicle for its window; False, and nothing done, when any of it is taken."""

    def save(self, booking: VehicleBooking) -> None: ...
    def release(self, booking_id: str) -> None:
        """Let others have the vehicle from now on."""

    def open(self, *, vehicle_id: str | None = None, user_id: str | None = None) -> Sequence[VehicleBooking]:
        """Those that wait for their pick-up or return, by their start."""

    def list(
        self, vehicle_id: str, *, limit: int, before: str | None = None, user_id: str | None = None
    ) -> Sequence[VehicleBooking]:
        """The last made first."""


class PreferencesStore(Protocol):
    def of(self, user_id: str) -> Preferences:
        """The user's, or what holds for who has chosen nothing."""

    def save(self, preferences: Preferences, *, was: int) -> bool:
        """Replace version ``was``; False when that is not the one that is stored."""
