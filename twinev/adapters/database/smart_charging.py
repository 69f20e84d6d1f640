"""The repositories of what stations can do, what others limit them to, and which of them do not follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, Row, delete, select

from twinev.adapters.database.smart_charging_tables import charging_abilities, external_limits, station_faults
from twinev.adapters.database.statements import upsert
from twinev.domain.charging_abilities import ChargingAbilities
from twinev.domain.external_limit import ExternalLimit
from twinev.domain.station_fault import FaultCause, StationFault
from twinev.services.profile_records import schedule_from_record, schedule_to_record


class DatabaseAbilities:
    """Implements `twinev.services.ports.smart_charging.Abilities`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, station_ids: Iterable[str]) -> dict[str, ChargingAbilities]:
        chosen = charging_abilities.c.station_id.in_(tuple(station_ids))
        rows = self._connection.execute(select(charging_abilities).where(chosen))
        return {row.station_id: _abilities(row) for row in rows}

    def save(self, abilities: ChargingAbilities) -> None:
        row = asdict(abilities) | {"discharging_evses": sorted(abilities.discharging_evses)}
        upsert(self._connection, charging_abilities, row)


class DatabaseExternalLimits:
    """Implements `twinev.services.ports.smart_charging.ExternalLimits`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, station_ids: Iterable[str]) -> list[ExternalLimit]:
        table = external_limits
        statement = select(table).where(table.c.station_id.in_(tuple(station_ids)))
        rows = self._connection.execute(statement.order_by(table.c.station_id, table.c.evse_id, table.c.source))
        return [_limit(row) for row in rows]

    def save(self, limit: ExternalLimit) -> None:
        schedule = None if limit.schedule is None else schedule_to_record(limit.schedule)
        row = {name: getattr(limit, name) for name in ("station_id", "evse_id", "source", "grid_critical", "at")}
        upsert(self._connection, external_limits, row | {"schedule": schedule})

    def clear(self, station_id: str, source: str, *, evse_id: int | None = None) -> int:
        table = external_limits
        statement = delete(table).where(table.c.station_id == station_id, table.c.source == source)
        if evse_id is not None:
            statement = statement.where(table.c.evse_id == evse_id)
        return self._connection.execute(statement).rowcount


class DatabaseStationFaults:
    """Implements `twinev.services.ports.smart_charging.StationFaults`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, station_id: str) -> StationFault | None:
        row = self._connection.execute(
            select(station_faults).where(station_faults.c.station_id == station_id)
        ).one_or_none()
        return None if row is None else _fault(row)

    def all(self) -> dict[str, StationFault]:
        return {row.station_id: _fault(row) for row in self._connection.execute(select(station_faults))}

    def save(self, fault: StationFault) -> None:
        upsert(self._connection, station_faults, asdict(fault) | {"cause": str(fault.cause)})

    def remove(self, station_id: str) -> None:
        self._connection.execute(delete(station_faults).where(station_faults.c.station_id == station_id))


def _abilities(row: Row) -> ChargingAbilities:
    values = dict(row._mapping)
    return ChargingAbilities(**values | {"discharging_evses": frozenset(values["discharging_evses"])})


def _limit(row: Row) -> ExternalLimit:
    values = dict(row._mapping)
    schedule = values["schedule"]
    return ExternalLimit(**values | {"schedule": None if schedule is None else schedule_from_record(schedule)})


def _fault(row: Row) -> StationFault:
    return StationFault(**dict(row._mapping) | {"cause": FaultCause(row.cause)})
