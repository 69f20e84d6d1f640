"""The repository of grid operators' restrictions and how each fared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, select

from twinev.adapters.database.statements import earlier_than, upsert
from twinev.adapters.database.tables import (
    restriction_changes,
    restriction_states,
    restriction_stations,
    restrictions,
    stations,
)
from twinev.domain.area import area_from_json, area_to_json
from twinev.domain.grid import Restriction, RestrictionAct, RestrictionChange
from twinev.errors import NotFound
from twinev.services.ports.smart_charging import RestrictionFilter

CHANGEABLE = frozenset({"limit_kw", "end", "v2g", "revoked_at"})

_STATES = select(restriction_states).where(
    restriction_states.c.restriction_id.in_(bindparam("restriction_ids", expanding=True))
)
_LINKS = (
    select(restriction_stations.c.restriction_id, restriction_stations.c.station_id)
    .where(restriction_stations.c.restriction_id.in_(bindparam("of", expanding=True)))
    .order_by(restriction_stations.c.position)
)


class DatabaseRestrictions:
    """Implements `twinev.services.ports.smart_charging.Restrictions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, restriction_id: str) -> Restriction:
        found = self._all(select(restrictions).where(restrictions.c.id == restriction_id))
        if not found:
            raise NotFound("restriction", restriction_id)
        return found[0]

    def get_to_edit(self, restriction_id: str) -> Restriction:
        found = self._all(select(restrictions).where(restrictions.c.id == restriction_id).with_for_update())
        if not found:
            raise NotFound("restriction", restriction_id)
        return found[0]

    def save(self, restriction: Restriction) -> None:
        """Insert it, or change what may change: the limit, the end, V2G, and that it was revoked."""
        row = {column.name: getattr(restriction, column.name) for column in restrictions.c}
        row["site_ids"] = list(restriction.site_ids) or None
        row["area"] = None if restriction.area is None else area_to_json(restriction.area)
        fixed = [name for name in row if name not in CHANGEABLE]
        upsert(self._connection, restrictions, row, untouched=fixed)
        for position, station_id in enumerate(restriction.station_ids):
            link = {"restriction_id": restriction.id, "station_id": station_id, "position": position}
            upsert(self._connection, restriction_stations, link)

    def list(
        self, *, limit: int, before: str | None = None, wanted: RestrictionFilter | None = None
    ) -> Sequence[Restriction]:
        created_at, identifier = restrictions.c.created_at, restrictions.c.id
        statement = select(restrictions).order_by(created_at.desc(), identifier.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, created_at, identifier, before))
        return self._all(statement.where(*_conditions(wanted or RestrictionFilter())))

    def open(self, now: datetime, *, station_ids: Iterable[str] | None = None) -> Any:
        statement = select(restrictions).where(restrictions.c.revoked_at.is_(None), restrictions.c.end > now)
        if station_ids is not None:
            chosen = select(restriction_stations.c.restriction_id).where(
                restriction_stations.c.station_id.in_(tuple(station_ids))
            )
            statement = statement.where(restrictions.c.id.in_(chosen))
        return self._all(statement.order_by(restrictions.c.start, restrictions.c.id))

    def note(self, change: RestrictionChange) -> None:
        row = {column.name: getattr(change, column.name) for column in restriction_changes.c if column.name != "number"}
        self._connection.execute(insert(restriction_changes).values(**row))

    def history(self, restriction_id: str) -> Sequence[RestrictionChange]:
        statement = (
            select(restriction_changes)
            .where(restriction_changes.c.restriction_id == restriction_id)
            .order_by(restriction_changes.c.number)
        )
        return [_change(row._mapping) for row in self._connection.execute(statement)]

    def record_state(self, restriction_id: str, state: dict[str, Any]) -> None:
        upsert(self._connection, restriction_states, {"restriction_id": restriction_id, "state": state})

    def state(self, restriction_id: str) -> dict[str, Any] | None:
        statement = select(restriction_states.c.state).where(restriction_states.c.restriction_id == restriction_id)
        return self._connection.execute(statement).scalar()

    def states(self, restriction_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """As `state`, of each that has one."""
        rows = self._connection.execute(_STATES, {"restriction_ids": list(restriction_ids)})
        return {row.restriction_id: row.state for row in rows}

    def _all(self, statement: Select[Any]) -> Any:
        rows = self._connection.execute(statement).all()
        stations_of: dict[str, Any] = defaultdict(tuple)
        for restriction_id, station_id in self._connection.execute(_LINKS, {"of": [row.id for row in rows]}).all():
            stations_of[restriction_id] += (station_id,)
        return [_restriction(row._mapping, stations_of[row.id]) for row in rows]


def _restriction(row: Mapping[str, Any], station_ids: tuple[str, ...]) -> Restriction:
    chosen = {
        "site_ids": tuple(row["site_ids"] or ()),
        "area": None if row["area"] is None else area_from_json(row["area"]),
    }
    return Restriction(**{**row, **chosen}, station_ids=station_ids)


def _change(row: Mapping[str, Any]) -> RestrictionChange:
    kept = {name: value for name, value in row.items() if name != "number"}
    return RestrictionChange(**{**kept, "act": RestrictionAct(row["act"])})


def _conditions(wanted: RestrictionFilter) -> list[ColumnElement[bool]]:
    """Every condition that the filter names."""
    columns, conditions = restrictions.c, []
    if wanted.state == "revoked":
        conditions.append(columns.revoked_at.is_not(None))
    elif wanted.state is not None:
        over = columns.end > wanted.now if wanted.state == "open" else columns.end <= wanted.now
        conditions += [columns.revoked_at.is_(None), over]
    if wanted.created_by is not None:
        conditions.append(columns.created_by == wanted.created_by)
    if wanted.since is not None:
        conditions.append(columns.end > wanted.since)
    if wanted.until is not None:
        conditions.append(columns.start < wanted.until)
    chosen = select(restriction_stations.c.restriction_id)
    if wanted.station_id is not None:
        conditions.append(columns.id.in_(chosen.where(restriction_stations.c.station_id == wanted.station_id)))
    if wanted.site_id is not None:
        of_site = chosen.join(stations).where(stations.c.site_id == wanted.site_id)
        conditions.append(columns.id.in_(of_site))
    return conditions
