"""Which events a driver hears: those of his own sessions, bills, reservations and vehicle bookings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twinev.domain.users import User
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_REMEMBERED = 1000

# The key that names what an event is about, and who owns that.
_OWNER: Mapping[str, Callable[[UnitOfWork, str], str | None]] = {
    "session_id": lambda work, one: work.sessions.get(one).user_id,
    "cdr_id": lambda work, one: work.charge_detail_records.get(one).user_id,
    "reservation_id": lambda work, one: work.reservations.get(one).user_id,
    "vehicle_reservation_id": lambda work, one: work.vehicle_bookings.get(one).user_id,
}
_NAMED_BY = {
    "session": "session_id",
    "cdr": "cdr_id",
    "payment": "cdr_id",
    "reservation": "reservation_id",
    "vehicle": "vehicle_reservation_id",
}


class OwnEvents:
    """Tells whether an event is a user's; who owns what never changes once it is known, so it is remembered.

    Parameters
    ----------
    reading : UnitOfWorkFactory
        Opens a snapshot of the database.
    """

    def __init__(self, *, user: User, reading: UnitOfWorkFactory) -> None:
        self._user = user
        self._reading = reading
        self._owners: dict[tuple[str, str], str] = {}

    def concerns(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether the event speaks of something of the user's."""
        key = _NAMED_BY.get(kind.partition(".")[0])
        named = data.get(key) if key else None
        return isinstance(named, str) and self._owner(key, named) == self._user.id

    def _owner(self, key: str, named: str) -> str | None:
        known = self._owners.get((key, named))
        if known is not None:
            return known
        with self._reading() as work:
            try:
                owner = _OWNER[key](work, named)
            except NotFound:
                return None
        if owner is not None:
            while len(self._owners) >= _REMEMBERED:
                del self._owners[next(iter(self._owners))]
            self._owners[key, named] = owner
        return owner
