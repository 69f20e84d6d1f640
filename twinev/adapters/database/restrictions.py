"""The repository of grid operators' restrictions and how each fared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from twinev.adapters.database.statements import earlier_than, upsert
from twinev.adapters.database.tables import restriction_states, restriction_stations, restrictions
from twinev.domain.grid import Restriction
from twinev.errors import NotFound


class DatabaseRestrictions:
    """Implements `twinev.services.ports.smart_charging.Restrictions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, restriction_id: str) -> Restriction:
        found = self._all(select(restrictions).where(restrictions.c.id == restriction_id))
        if not found:
            raise NotFound("restriction", restriction_id)
        return found[0]

    def save(self, restriction: Restriction) -> None:
        """Insert it, or note its revocation; what was ordered never changes."""
        row = {column.name: getattr(restriction, column.name) for column in restrictions.c}
        fixed = [name for name in row if name != "revoked_at"]
        upsert(self._connection, restrictions, row, untouched=fixed)
        for position, station_id in enumerate(restriction.station_ids):
            link = {"restriction_id": restriction.id, "station_id": station_id, "position": position}
            upsert(self._connection, restriction_stations, link)

    def list(self, *, limit: int, before: str | None = None) -> Sequence[Restriction]:
        created_at, identifier = restrictions.c.created_at, restrictions.c.id
        statement = select(restrictions).order_by(created_at.desc(), identifier.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, created_at, identifier, before))
        return self._all(statement)

    def open(self, now: datetime, *, station_ids: Iterable[str] | None = None) -> Any:
        statement = select(restrictions).where(restrictions.c.revoked_at.is_(None), restrictions.c.end > now)
        if station_ids is not None:
            chosen = select(restriction_stations.c.restriction_id).where(
                restriction_stations.c.station_id.in_(tuple(station_ids))
            )
            statement = statement.where(restrictions.c.id.in_(chosen))
        return self._all(statement.order_by(restrictions.c.start, restrictions.c.id))

    def record_state(self, restriction_id: str, state: dict[str, Any]) -> None:
        upsert(self._connection, restriction_states, {"restriction_id": restriction_id, "state": state})

    def state(self, restriction_id: str) -> dict[str, Any] | None:
        statement = select(restriction_states.c.state).where(restriction_states.c.restriction_id == restriction_id)
        return self._connection.execute(statement).scalar()

    def _all(self, statement: Select[Any]) -> Any:
        rows = self._connection.execute(statement).all()
        stations_of: dict[str, Any] = defaultdict(tuple)
        links = (
            select(restriction_stations)
            .where(restriction_stations.c.restriction_id.in_([row.id for row in rows]))
            .order_by(restriction_stations.c.position)
        )
        for link in self._connection.execute(links):
            stations_of[link.restriction_id] += (link.station_id,)
        return [Restriction(**row._mapping, station_ids=stations_of[row.id]) for row in rows]
