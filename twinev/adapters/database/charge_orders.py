"""The repositories of charge orders, and of who may use a private station."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from twinev.adapters.database.reservation_tables import charge_orders, station_access
from twinev.adapters.database.statements import insert_new, upsert
from twinev.adapters.database.tables import charging_sessions
from twinev.domain.charge_order import BatteryState, ChargeOrder
from twinev.domain.vehicles import ChargingNeeds, DriverProfile

_table = charge_orders.c
_ALIKE = (
    "id",
    "user_id",
    "station_id",
    "evse_id",
    "id_token",
    "ordered_at",
    "vehicle_id",
    "reservation_id",
    "stop_at_target",
    "stop_at",
    "session_id",
    "stop_asked_at",
)
_OF_BATTERY = ("battery_kwh", "soc", "target_soc")


class DatabaseChargeOrders:
    """Implements `twinev.services.ports.reservations.ChargeOrders`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, order: ChargeOrder) -> None:
        needs = order.needs
        row: dict[str, Any] = {name: getattr(order, name) for name in _ALIKE}
        row |= {name: getattr(order.battery, name, None) for name in _OF_BATTERY}
        row |= {
            "energy_kwh": needs.energy_kwh,
            "departure_at": needs.departure_at,
            "ev_max_kw": needs.max_kw,
            "ev_max_discharge_kw": needs.max_discharge_kw,
            "profile": str(needs.profile),
        }
        upsert(self._connection, charge_orders, row)

    def waiting(self, station_id: str, evse_id: int, id_token: str, *, since: datetime) -> ChargeOrder | None:
        statement = (
            select(charge_orders)
            .where(
                _table.station_id == station_id,
                _table.evse_id == evse_id,
                _table.id_token == id_token,
                _table.session_id.is_(None),
                _table.ordered_at >= since,
            )
            .order_by(_table.ordered_at.desc(), _table.id)
            .limit(1)
        )
        row = self._connection.execute(statement).first()
        return None if row is None else _order(row)

    def of_session(self, session_id: str) -> ChargeOrder | None:
        row = self._connection.execute(select(charge_orders).where(_table.session_id == session_id)).first()
        return None if row is None else _order(row)

    def running(self) -> Sequence[ChargeOrder]:
        statement = (
            select(charge_orders)
            .join(charging_sessions, charging_sessions.c.id == _table.session_id)
            .where(charging_sessions.c.ended_at.is_(None))
            .order_by(_table.ordered_at, _table.id)
        )
        return [_order(row) for row in self._connection.execute(statement)]


class DatabaseStationAccess:
    """Implements `twinev.services.ports.reservations.StationAccess`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def users(self, station_id: str) -> frozenset[str]:
        statement = select(station_access.c.user_id).where(station_access.c.station_id == station_id)
        return frozenset(self._connection.execute(statement).scalars())

    def stations(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for row in self._connection.execute(select(station_access)):
            found[row.station_id].add(row.user_id)
        return {station_id: frozenset(users) for station_id, users in found.items()}

    def allow(self, station_id: str, user_id: str) -> None:
        insert_new(self._connection, station_access, [{"station_id": station_id, "user_id": user_id}])

    def withdraw(self, station_id: str, user_id: str) -> None:
        columns = station_access.c
        self._connection.execute(
            delete(station_access).where(columns.station_id == station_id, columns.user_id == user_id)
        )


def _order(row: Row) -> ChargeOrder:
    battery = None
    if row.battery_kwh is not None:
        battery = BatteryState(**{name: getattr(row, name) for name in _OF_BATTERY})
    return ChargeOrder(
        **{name: getattr(row, name) for name in _ALIKE},
        battery=battery,
        needs=ChargingNeeds(
            energy_kwh=row.energy_kwh,
            departure_at=row.departure_at,
            max_kw=row.ev_max_kw,
            max_discharge_kw=row.ev_max_discharge_kw,
            profile=DriverProfile(row.profile),
        ),
    )
