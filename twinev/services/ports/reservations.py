"""Stored reservations of EVSEs, charge orders, and who may use a private station."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from twinev.domain.charge_order import ChargeOrder
from twinev.domain.reservation import Reservation, ReservationStatus


class Reservations(Protocol):
    """An EVSE belongs to one reservation at a time: the database holds that, whatever happens beside it."""

    def get(self, reservation_id: str) -> Reservation: ...
    def of_number(self, station_id: str, number: int) -> Reservation | None: ...
    def of_session(self, session_id: str) -> Reservation | None: ...
    def next_number(self) -> int:
        """Allot an id for OCPP."""

    def serialise(self, user_id: str) -> None:
        """Wait until no other transaction makes something for this user: what he has can be counted then."""

    def book(self, reservation: Reservation) -> bool:
        """Insert it and take its EVSE for its window; False, and nothing done, when any of it is taken."""

    def save(self, reservation: Reservation) -> None:
        """Keep its new state; the EVSE and the window never change."""

    def release(self, reservation_id: str) -> None:
        """Let others have its EVSE from now on."""

    def taken(self, steps: range, station_ids: Collection[str], *, but_for: str | None = None) -> set[tuple[str, int]]:
        """The EVSEs that are taken in any of these steps of `TimeWindow`; not counting what user ``but_for`` has."""

    def active(self, *, station_id: str | None = None, user_id: str | None = None) -> Sequence[Reservation]:
        """Those still waiting for their driver, by their start."""

    def count(self, user_id: str, status: ReservationStatus, *, since: datetime) -> int:
        """How many of a user's reservations, by their start, are in this status."""

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        user_id: str | None = None,
        station_id: str | None = None,
        status: ReservationStatus | None = None,
    ) -> Sequence[Reservation]:
        """The last made first."""


class ChargeOrders(Protocol):
    def save(self, order: ChargeOrder) -> None: ...
    def waiting(self, station_id: str, evse_id: int, id_token: str, *, since: datetime) -> ChargeOrder | None:
        """The newest order of this token there without a session, made after ``since``."""

    def of_session(self, session_id: str) -> ChargeOrder | None: ...
    def running(self) -> Sequence[ChargeOrder]:
        """Those whose session has begun and not ended."""


class StationAccess(Protocol):
    """Who may use a private station; one without any users is public."""

    def users(self, station_id: str) -> frozenset[str]: ...
    def stations(self) -> dict[str, frozenset[str]]:
        """The private stations, each with its users."""

    def allow(self, station_id: str, user_id: str) -> None: ...
    def withdraw(self, station_id: str, user_id: str) -> None: ...
