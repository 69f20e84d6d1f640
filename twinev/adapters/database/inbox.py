"""The inbox: which messages of other modules were taken in; written in the transaction that takes one in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from twinev.adapters.database.tables import inbound_messages
from twinev.domain.announcement import Announcement

_table = inbound_messages


class DatabaseInbox:
    """Implements `twinev.services.ports.exchange.Inbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def content_hash(self, source: str, message_id: str) -> bytes | None:
        statement = select(_table.c.content_hash).where(_table.c.source == source, _table.c.message_id == message_id)
        return self._connection.execute(statement).scalar_one_or_none()

    def newer(self, announcement: Announcement) -> str | None:
        series = announcement.series
        statement = (
            select(_table.c.message_id)
            .where(
                _table.c.kind == str(series.kind),
                _table.c.subject == series.subject,
                _table.c.start < announcement.end,
                _table.c.end > series.start,
                _table.c.created_at > announcement.created_at,
            )
            .order_by(_table.c.created_at.desc())
            .limit(1)
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def remember(self, announcement: Announcement, at: datetime) -> None:
        series = announcement.series
        row = {
            "source": announcement.source,
            "message_id": announcement.message_id,
            "content_hash": announcement.content_hash,
            "kind": str(series.kind),
            "subject": series.subject,
            "created_at": announcement.created_at,
            "start": series.start,
            "end": announcement.end,
            "taken_at": at,
        }
        self._connection.execute(_table.insert(), row)

    def forget_before(self, at: datetime) -> None:
        """Forget what was taken in before ``at`` and speaks of a time before it."""
        self._connection.execute(delete(_table).where(_table.c.taken_at < at, _table.c.end < at))
