"""What usage metrics are counted from: whole sites over a month, read without a session's other fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter

from sqlalchemy import Connection, func, or_, select

from twinev.adapters.database.restrictions import DatabaseRestrictions
from twinev.adapters.database.tables import (
    charging_sessions,
    id_tokens,
    meter_values,
    restriction_stations,
    restrictions,
    stations,
)
from twinev.domain.grid import Restriction
from twinev.services.ports.usage import Stay
from twinev.services.read_meters import REGISTER


class DatabaseUsage:
    """Implements `twinev.services.ports.usage.Usage`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stays(self, site_id: str, start: datetime, end: datetime) -> Sequence[Stay]:
        table = charging_sessions.c
        statement = (
            select(
                func.coalesce(id_tokens.c.user_id, table.id_token).label("user"),
                table.started_at,
                table.ended_at,
                table.energy_kwh,
            )
            .select_from(charging_sessions.outerjoin(id_tokens, id_tokens.c.id_token == table.id_token))
            .where(table.site_id == site_id, table.started_at < end)
            .where(or_(table.ended_at.is_(None), table.ended_at > start, table.started_at >= start))
        )
        return [Stay(**row._mapping) for row in self._connection.execute(statement)]

    def metered(self, site_id: str, start: datetime, end: datetime) -> Sequence[tuple[datetime, datetime, float]]:
        table = meter_values.c
        names = select(stations.c.id).where(stations.c.site_id == site_id)
        statement = (
            select(table.station_id, table.ocpp_transaction_id, table.evse_id, table.timestamp, table.value)
            .where(table.station_id.in_(names), table.timestamp >= start, table.timestamp <= end)
            .where(table.measurand == REGISTER, table.location == "Outlet", table.phase == "")
            .where(table.ocpp_transaction_id != "")
            .order_by(table.station_id, table.ocpp_transaction_id, table.evse_id, table.timestamp)
        )
        found = []
        for _, readings in groupby(self._connection.execute(statement), key=itemgetter(0, 1, 2)):
            for (*_, at, value), (*_, later, higher) in pairwise(readings):
                found.append((at, later, max(higher - value, 0.0)))
        return found

    def restrictions(self, site_id: str, start: datetime, end: datetime) -> Sequence[tuple[Restriction, float | None]]:
        of_site = (
            select(restriction_stations.c.restriction_id)
            .join(stations, stations.c.id == restriction_stations.c.station_id)
            .where(stations.c.site_id == site_id)
        )
        statement = (
            select(restrictions.c.id)
            .where(restrictions.c.id.in_(of_site), restrictions.c.start < end, restrictions.c.end > start)
            .where(or_(restrictions.c.revoked_at.is_(None), restrictions.c.revoked_at > restrictions.c.start))
            .order_by(restrictions.c.start, restrictions.c.id)
        )
        repository = DatabaseRestrictions(self._connection)
        ids = list(self._connection.scalars(statement))
        return [(repository.get(one), (repository.state(one) or {}).get("highest_kw")) for one in ids]
