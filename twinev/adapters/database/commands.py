"""The repository of commands that were sent to stations, and how each went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from twinev.adapters.database.statements import earlier_than, finding, storable, upsert, within
from twinev.adapters.database.tables import commands
from twinev.domain.plan import PLATFORM_PARTS, SentCommand
from twinev.errors import NotFound
from twinev.services.ports.charge_points import CommandFilter, CommandState

ACCEPTED = "accepted"
_NAMES = tuple(field.name for field in fields(SentCommand))
_SEARCHED = (commands.c.station_id, commands.c.action, commands.c.issued_by, commands.c.app, commands.c.status)


class DatabaseCommands:
    """Implements `twinev.services.ports.charge_points.Commands`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, command: SentCommand) -> None:
        row = {name: getattr(command, name) for name in _NAMES}
        for name in ("status", "detail"):
            row[name] = storable(row[name], commands.c[name])
        upsert(self._connection, commands, row)

    def get(self, command_id: str) -> SentCommand:
        found = self._all(select(commands).where(commands.c.id == command_id))
        if not found:
            raise NotFound("command", command_id)
        return found[0]

    def list(
        self,
        *,
        limit: int,
        before: str | None = None,
        station_id: str | None = None,
        actions: Collection[str] | None = None,
        wanted: CommandFilter | None = None,
    ) -> Sequence[SentCommand]:
        statement = select(commands).order_by(commands.c.sent_at.desc(), commands.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(earlier_than(self._connection, commands.c.sent_at, commands.c.id, before))
        if station_id is not None:
            statement = statement.where(commands.c.station_id == station_id)
        if actions is not None:
            statement = statement.where(commands.c.action.in_(tuple(actions)))
        return self._all(statement if wanted is None else _fitting(statement, wanted))

    def accepted_profiles(self, station_id: str, *, since: datetime, until: datetime) -> Sequence[SentCommand]:
        statement = select(commands).where(
            commands.c.station_id == station_id,
            commands.c.action == "SetChargingProfile",
            commands.c.outcome == ACCEPTED,
        )
        in_time = within(statement, commands.c.sent_at, since, until)
        return self._all(in_time.order_by(commands.c.sent_at, commands.c.id))

    def without_outcome(self, *, before: datetime) -> Sequence[SentCommand]:
        return self._all(select(commands).where(commands.c.outcome.is_(None), commands.c.sent_at < before))

    def _all(self, statement: Select[Any]) -> list[SentCommand]:
        return [SentCommand(**row._mapping) for row in self._connection.execute(statement)]


def _fitting(statement: Select[Any], wanted: CommandFilter) -> Select[Any]:
    outcome, by_platform = commands.c.outcome, commands.c.issued_by.in_(tuple(PLATFORM_PARTS))
    of_state = {
        None: [],
        CommandState.UNDER_WAY: [outcome.is_(None)],
        CommandState.ACCEPTED: [outcome == ACCEPTED],
        CommandState.FAILED: [outcome != ACCEPTED],
    }
    statement = statement.where(*finding(wanted.find, _SEARCHED), *of_state[wanted.state])
    if wanted.from_people is not None:
        statement = statement.where(~by_platform if wanted.from_people else by_platform)
    return within(statement, commands.c.sent_at, wanted.since, wanted.until)
