"""The repository of reservations of EVSEs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, text, update

from twinev.adapters.database.booked_steps import release_steps, take_steps
from twinev.adapters.database.reservation_tables import evse_steps, reservations
from twinev.adapters.database.statements import earlier_than, insert_new
from twinev.adapters.database.tables import counters
from twinev.domain.reservation import Reservation, ReservationStatus
from twinev.domain.time_window import TimeWindow
from twinev.errors import NotFound

_table = reservations.c
_ALIKE = tuple(column.name for column in _table if column.name not in {"start", "end", "status"})
_LARGEST_NUMBER = 2**31 - 1
_TAKEN = (
    select(evse_steps.c.station_id, evse_steps.c.evse_id)
    .distinct()
    .where(evse_steps.c.station_id.in_(bindparam("station_ids", expanding=True)))
    .where(evse_steps.c.step >= bindparam("first"), evse_steps.c.step < bindparam("end"))
)
_TAKEN_BY_OTHERS = _TAKEN.join(reservations, _table.id == evse_steps.c.holder_id).where(
    _table.user_id != bindparam("user_id")
)
_CHANGING = ("told_at", "station_answer", "ended_at", "session_id")


class DatabaseReservations:
    """Implements `twinev.services.ports.reservations.Reservations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, reservation_id: str) -> Reservation:
        found = self._first(_table.id == reservation_id)
        if found is None:
            raise NotFound("reservation", reservation_id)
        return found

    def of_number(self, station_id: str, number: int) -> Reservation | None:
        # A station may say any number, also one that no column holds.
        if not 0 < number <= _LARGEST_NUMBER:
            return None
        return self._first(_table.station_id == station_id, _table.number == number)

    def of_session(self, session_id: str) -> Reservation | None:
        return self._first(_table.session_id == session_id)

    def next_number(self) -> int:
        counter = {"name": "reservation", "value": 0}
        insert_new(self._connection, counters, [counter])
        return self._connection.execute(
            update(counters)
            .where(counters.c.name == counter["name"])
            .values(value=counters.c.value + 1)
            .returning(counters.c.value)
        ).scalar_one()

    def serialise(self, user_id: str) -> None:
        # SQLite has one writer at a time anyway.
        if self._connection.dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(hashtext('reservations'), hashtext(:user_id))")
            self._connection.execute(lock, {"user_id": user_id})

    def book(self, reservation: Reservation) -> bool:
        window = reservation.window
        row: dict[str, Any] = {name: getattr(reservation, name) for name in _ALIKE}
        row |= {"start": window.start, "end": window.end, "status": str(reservation.status)}
        evse = {"station_id": reservation.station_id, "evse_id": reservation.evse_id}
        return take_steps(self._connection, reservations, row, evse_steps, thing=evse, numbers=window.steps)

    def save(self, reservation: Reservation) -> None:
        changed = {name: getattr(reservation, name) for name in _CHANGING} | {"status": str(reservation.status)}
        self._connection.execute(update(reservations).where(_table.id == reservation.id).values(changed))

    def release(self, reservation_id: str) -> None:
        release_steps(self._connection, evse_steps, reservation_id)

    def taken(self, steps: range, station_ids: Collection[str], *, but_for: str | None = None) -> set[tuple[str, int]]:
        asked = {"station_ids": list(station_ids), "first": steps.start, "end": steps.stop}
        if but_for is None:
            return {tuple(row) for row in self._connection.execute(_TAKEN, asked)}
        return {tuple(row) for row in self._connection.execute(_TAKEN_BY_OTHERS, asked | {"user_id": but_for})}

    def active(self, *, station_id: str | None = None, user_id: str | None = None) -> Sequence[Reservation]:
        statement = select(reservations).where(_table.status == str(ReservationStatus.ACTIVE))
        if station_id is not None:
            statement = statement.where(_table.station_id == station_id)
        if user_id is not None:
            statement = statement.where(_table.user_id == user_id)
        return self._all(statement.order_by(_table.start, _table.id))

    def count(self, user_id: str, status: ReservationStatus, *, since: datetime) -> int:
        conditions = (_table.user_id == user_id, _table.status == str(status), _table.start >= since)
        return self._connection.execute(select(func.count()).select_from(reservations).where(*conditions)).scalar_one()

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        user_id: str | None = None,
        station_id: str | None = None,
        status: ReservationStatus | None = None,
    ) -> Sequence[Reservation]:
        statement = select(reservations).order_by(_table.made_at.desc(), _table.id.desc()).limit(limit)
        wanted = {"user_id": user_id, "station_id": station_id, "status": status and str(status)}
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(_table[name] == value)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, _table.made_at, _table.id, before))
        return self._all(statement)

    def _first(self, *conditions: Any) -> Reservation | None:
        row = self._connection.execute(select(reservations).where(*conditions)).first()
        return None if row is None else _reservation(row)

    def _all(self, statement: Any) -> Any:
        return [_reservation(row) for row in self._connection.execute(statement)]


def _reservation(row: Row) -> Reservation:
    return Reservation(
        **{name: getattr(row, name) for name in _ALIKE},
        window=TimeWindow(start=row.start, end=row.end),
        status=ReservationStatus(row.status),
    )
