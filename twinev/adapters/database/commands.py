"""The repository of commands that were sent to stations, and how each went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from twinev.adapters.database.statements import earlier_than, upsert
from twinev.adapters.database.tables import commands
from twinev.domain.plan import SentCommand


class DatabaseCommands:
    """Implements `twinev.services.ports.charge_points.Commands`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, command: SentCommand) -> None:
        row = asdict(command)
        for name in ("status", "detail"):
            row[name] = _storable(row[name], commands.c[name].type.length)
        upsert(self._connection, commands, row)

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        actions: Collection[str] | None = None,
    ) -> Sequence[SentCommand]:
        statement = select(commands).order_by(commands.c.sent_at.desc(), commands.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, commands.c.sent_at, commands.c.id, before))
        if station_id is not None:
            statement = statement.where(commands.c.station_id == station_id)
        if actions is not None:
            statement = statement.where(commands.c.action.in_(tuple(actions)))
        return [SentCommand(**row._mapping) for row in self._connection.execute(statement)]

    def without_outcome(self, *, before: datetime) -> Sequence[SentCommand]:
        statement = select(commands).where(commands.c.outcome.is_(None), commands.c.sent_at < before)
        return [SentCommand(**row._mapping) for row in self._connection.execute(statement)]


def _storable(text: str | None, longest: int | None) -> str | None:
    """A station's own words, as PostgreSQL takes them: of some length, and without the character NUL."""
    return None if text is None else text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest]
