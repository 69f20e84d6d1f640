"""The repository of flexibility orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from twinev.adapters.database.statements import earlier_than, upsert
from twinev.adapters.database.tables import flexibility_orders as _table
from twinev.domain.flexibility import FlexibilityOrder
from twinev.errors import NotFound


class DatabaseFlexibilityOrders:
    """Implements `twinev.services.ports.smart_charging.FlexibilityOrders`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, order_id: str) -> FlexibilityOrder:
        return self._one(select(_table).where(_table.c.id == order_id), order_id)

    def get_to_edit(self, order_id: str) -> FlexibilityOrder:
        return self._one(select(_table).where(_table.c.id == order_id).with_for_update(), order_id)

    def save(self, order: FlexibilityOrder) -> None:
        """Insert it, or note its revocation; what was ordered never changes."""
        row = {column.name: getattr(order, column.name) for column in _table.c}
        row["values_kw"] = list(order.values_kw)
        fixed = [name for name in row if name not in ("revoked_by", "revoked_at")]
        upsert(self._connection, _table, row, untouched=fixed)

    def list(self, *, limit: int, before: str | None = None, site_id: str | None = None) -> Sequence[FlexibilityOrder]:
        at, identifier = _table.c.ordered_at, _table.c.id
        statement = select(_table).order_by(at.desc(), identifier.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, at, identifier, before))
        if site_id is not None:
            statement = statement.where(_table.c.site_id == site_id)
        return [_order(row) for row in self._connection.execute(statement)]

    def open(self, site_id: str, now: datetime) -> Sequence[FlexibilityOrder]:
        statement = (
            select(_table)
            .where(_table.c.site_id == site_id, _table.c.revoked_at.is_(None), _table.c.end > now)
            .order_by(_table.c.ordered_at, _table.c.id)
        )
        return [_order(row) for row in self._connection.execute(statement)]

    def _one(self, statement: Any, order_id: str) -> FlexibilityOrder:
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound("flexibility order", order_id)
        return _order(row)


def _order(row: Row[Any]) -> FlexibilityOrder:
    # The end follows from the start and the steps; it is stored for the index.
    kept = {name: value for name, value in row._mapping.items() if name != "end"}
    return FlexibilityOrder(**{**kept, "values_kw": tuple(row.values_kw)})
