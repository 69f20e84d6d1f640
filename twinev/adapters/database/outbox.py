"""The outbox: events that are published if, and only if, the change that they tell of was committed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from twinev.adapters.database.tables import outbox
from twinev.services.ports.clock import Clock
from twinev.services.ports.exchange import OutboxEvent


class DatabaseEvents:
    """Implements `twinev.services.ports.exchange.Events`; rows are written together, at the commit."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._added: list[dict[str, Any]] = []

    def add(self, kind: str, data: dict[str, Any]) -> None:
        self._added.append({"id": uuid.uuid4().hex, "kind": kind, "at": self._clock.now(), "data": data})

    def flush(self) -> bool:
        """Write what was added; tell whether there was anything."""
        if not self._added:
            return False
        self._connection.execute(outbox.insert(), self._added)
        self._added.clear()
        return True


class DatabaseOutbox:
    """Implements `twinev.services.ports.exchange.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pending(self, limit: int) -> Sequence[OutboxEvent]:
        statement = select(outbox).order_by(outbox.c.number).limit(limit)
        return [
            OutboxEvent(id=row.id, kind=row.kind, at=row.at, data=row.data)
            for row in self._connection.execute(statement)
        ]

    def published(self, event_ids: Iterable[str]) -> None:
        """Forget events that the stream holds now."""
        self._connection.execute(delete(outbox).where(outbox.c.id.in_(tuple(event_ids))))

    def lag(self) -> tuple[int, datetime | None]:
        """Return how many events wait, and since when the oldest does."""
        count, oldest = self._connection.execute(select(func.count(), func.min(outbox.c.at))).one()
        return count, oldest
