"""The repository of charging sessions, with what belongs to them before they exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from twinev.adapters.database.raw_rows import RawRows
from twinev.adapters.database.remembered import Remembered
from twinev.adapters.database.statements import earlier_than, finding, insert_new, upsert, within
from twinev.adapters.database.tables import charging_sessions, counters, held_needs, held_states
from twinev.domain.charge_points import ChargingState
from twinev.domain.event_sequence import EventSequence
from twinev.domain.session import ChargingSession
from twinev.domain.vehicles import ChargingNeeds, DriverProfile
from twinev.errors import NotFound
from twinev.services.ports.charging import SessionFilter

_SESSIONS: Remembered[ChargingSession] = Remembered()

_table = charging_sessions
_RAW = RawRows(list(_table.c))
_SELECT = select(*_RAW.selected)
_SEARCHED = (_table.c.station_id, _table.c.ocpp_transaction_id, _table.c.id_token, _table.c.stop_reason)
_ALIKE = (
    "id",
    "site_id",
    "station_id",
    "evse_id",
    "ocpp_transaction_id",
    "id_token",
    "user_id",
    "started_at",
    "ended_at",
    "stop_reason",
    "meter_start_kwh",
    "export_start_kwh",
    "energy_kwh",
    "returned_kwh",
    "power_kw",
    "measured_at",
)


class DatabaseSessions:
    """Implements `twinev.services.ports.charging.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, session_id: str) -> ChargingSession:
        found = self._first(_SELECT.where(_table.c.id == session_id))
        if found is None:
            raise NotFound("charging session", session_id)
        return found

    def active(self, *, site_id: str | None = None) -> list[ChargingSession]:
        statement = _SELECT.where(_table.c.ended_at.is_(None))
        if site_id is not None:
            statement = statement.where(_table.c.site_id == site_id)
        return self._all(statement.order_by(_table.c.started_at.desc(), _table.c.id.desc()))

    def of_transaction(self, station_id: str, ocpp_transaction_id: str) -> Sequence[ChargingSession]:
        return self._all(
            _SELECT.where(
                _table.c.station_id == station_id, _table.c.ocpp_transaction_id == ocpp_transaction_id
            ).order_by(_table.c.started_at)
        )

    def active_at(self, station_id: str, evse_id: int) -> ChargingSession | None:
        return self._first(
            _SELECT.where(_table.c.station_id == station_id, _table.c.evse_id == evse_id, _table.c.ended_at.is_(None))
            .order_by(_table.c.started_at.desc())
            .limit(1)
        )

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        active: bool | None = None,
        site_id: str | None = None,
        user_id: str | None = None,
        wanted: SessionFilter | None = None,
    ) -> Sequence[ChargingSession]:
        statement = _SELECT.order_by(_table.c.started_at.desc(), _table.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, _table.c.started_at, _table.c.id, before))
        if station_id is not None:
            statement = statement.where(_table.c.station_id == station_id)
        if site_id is not None:
            statement = statement.where(_table.c.site_id == site_id)
        if user_id is not None:
            statement = statement.where(_table.c.user_id == user_id)
        if active is not None:
            statement = statement.where(_table.c.ended_at.is_(None) if active else _table.c.ended_at.is_not(None))
        if wanted is not None:
            in_time = within(statement, _table.c.started_at, wanted.since, wanted.until)
            statement = in_time.where(*finding(wanted.find, _SEARCHED, ids=(_table.c.id,)))
        return self._all(statement)

    def during(self, station_id: str, *, start: datetime, end: datetime) -> Sequence[ChargingSession]:
        return self._all(
            _SELECT.where(
                _table.c.station_id == station_id,
                _table.c.started_at < end,
                _table.c.ended_at.is_(None) | (_table.c.ended_at > start),
            ).order_by(_table.c.started_at)
        )

    def changed(
        self, since: datetime | None, before: datetime | None, *, offset: int, limit: int
    ) -> tuple[Sequence[ChargingSession], int]:
        changed_at = func.coalesce(_table.c.ended_at, _table.c.measured_at, _table.c.started_at)
        count = within(select(func.count()).select_from(_table), changed_at, since, before)
        chosen = within(_SELECT, changed_at, since, before).order_by(changed_at, _table.c.id)
        return self._all(chosen.offset(offset).limit(limit)), self._connection.execute(count).scalar_one()

    def save(self, session: ChargingSession) -> None:
        row: dict[str, Any] = {name: getattr(session, name) for name in _ALIKE}
        row["charging_state"] = session.charging_state and str(session.charging_state)
        row["last_seq_no"] = session.events.last
        row["missing_seq_nos"] = session.events.gaps or None
        upsert(self._connection, _table, row | _needs_row(session.needs))

    def hold_needs(self, station_id: str, evse_id: int, needs: ChargingNeeds, at: datetime) -> None:
        upsert(
            self._connection,
            held_needs,
            {"station_id": station_id, "evse_id": evse_id, "at": at, **_needs_row(needs)},
        )

    def take_needs(self, station_id: str, evse_id: int, *, since: datetime) -> ChargingNeeds | None:
        of_evse = (held_needs.c.station_id == station_id) & (held_needs.c.evse_id == evse_id)
        row = self._connection.execute(select(held_needs).where(of_evse)).one_or_none()
        if row is None:
            return None
        self._connection.execute(delete(held_needs).where(of_evse))
        return _needs(row) if row.at >= since else None

    def hold_state(self, station_id: str, evse_id: int, state: ChargingState, at: datetime) -> None:
        row = {"station_id": station_id, "evse_id": evse_id, "at": at, "charging_state": str(state)}
        upsert(self._connection, held_states, row)

    def take_state(self, station_id: str, evse_id: int, *, since: datetime) -> ChargingState | None:
        of_evse = (held_states.c.station_id == station_id) & (held_states.c.evse_id == evse_id)
        row = self._connection.execute(select(held_states).where(of_evse)).one_or_none()
        if row is None:
            return None
        self._connection.execute(delete(held_states).where(of_evse))
        return ChargingState(row.charging_state) if row.at >= since else None

    def next_transaction_number(self) -> int:
        counter = {"name": "ocpp_transaction", "value": 0}
        insert_new(self._connection, counters, [counter])
        return self._connection.execute(
            update(counters)
            .where(counters.c.name == counter["name"])
            .values(value=counters.c.value + 1)
            .returning(counters.c.value)
        ).scalar_one()

    def _first(self, statement: Any) -> ChargingSession | None:
        row = self._connection.execute(statement).first()
        return None if row is None else self._session(row)

    def _all(self, statement: Any) -> Any:
        return [self._session(row) for row in self._connection.execute(statement).all()]

    def _session(self, row: Row) -> ChargingSession:
        return _SESSIONS.of(row[0], row, lambda: _session(SimpleNamespace(**_RAW.values(row, self._connection))))


def _session(row: Any) -> ChargingSession:
    return ChargingSession(
        **{name: getattr(row, name) for name in _ALIKE},
        charging_state=ChargingState(row.charging_state) if row.charging_state else None,
        events=EventSequence(last=row.last_seq_no, gaps=tuple((a, b) for a, b in row.missing_seq_nos or ())),
        needs=_needs(row),
    )


def _needs(row: Any) -> ChargingNeeds:
    return ChargingNeeds(
        energy_kwh=row.energy_requested_kwh,
        departure_at=row.departure_at,
        max_kw=row.ev_max_kw,
        max_discharge_kw=row.ev_max_discharge_kw,
        profile=DriverProfile(row.profile),
    )


def _needs_row(needs: ChargingNeeds) -> dict[str, Any]:
    return {
        "energy_requested_kwh": needs.energy_kwh,
        "departure_at": needs.departure_at,
        "ev_max_kw": needs.max_kw,
        "ev_max_discharge_kw": needs.max_discharge_kw,
        "profile": str(needs.profile),
    }
