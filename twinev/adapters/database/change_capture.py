"""Watches what a connection writes, and tells it as changes of records: what was there before, and what is after.

It looks at each statement before it is executed, so no repository has to remember to tell. Values of columns whose
names speak of secrets are hidden, and so are bytes; long values are cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Delete, Insert, Row, Table, Update, event, select

from twinev.domain.audit import HIDDEN, Change

#: What the platform keeps for itself: no person's change.
BOOKKEEPING = frozenset(
    {
        "audit_entries",
        "counters",
        # Which steps a booking takes follows from its window.
        "evse_steps",
        "facts",
        "idempotency_keys",
        "inbound_messages",
        "login_grants",
        "login_sessions",
        "login_tickets",
        "outbox",
        "sessions_to_settle",
        # Counted from what is on record elsewhere.
        "site_days",
        "vehicle_steps",
    }
)
#: Of one entry; of more records only their number is kept.
MOST_CHANGES = 50
_LONGEST_VALUE = 500
_SECRET = re.compile(r"password|secret|hmac|hash|ticket|(?<!id_)token$|(^|_)key$", re.IGNORECASE)


class ChangeCapture:
    """Collects the changes of one transaction.

    Parameters
    ----------
    connection : Connection
        The transaction's own.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changes: list[Change] = []
        self.wrote = False
        self._more = 0
        event.listen(connection, "before_execute", self._look)

    def add(self, change: Change) -> None:
        """Add what was changed elsewhere."""
        self.wrote = True
        if len(self._changes) < MOST_CHANGES:
            self._changes.append(change)
        else:
            self._more += 1

    def take(self) -> list[Change]:
        """Return the changes since the last time."""
        changes, self._changes = self._changes, []
        if self._more:
            changes.append(Change(record=f"and {self._more} more", kind="changed", before={}, after={}))
        self._more, self.wrote = 0, False
        return changes

    def close(self) -> None:
        event.remove(self._connection, "before_execute", self._look)

    def _look(
        self,
        _connection: Connection,
        statement: Any,
        rows: Sequence[Mapping[str, Any]],
        row: Mapping[str, Any],
        _options: Mapping[str, Any],
    ) -> None:
        if not isinstance(statement, (Insert, Update, Delete)) or statement.table.name in BOOKKEEPING:
            return
        self.wrote = True
        if isinstance(statement, Insert):
            self._look_at_insert(statement.table, rows or ([row] if row else [self._values(statement)]))
        else:
            self._look_at_rows(statement)

    def _look_at_insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert or update: with one row it is looked up what was there."""
        if len(rows) > 1:
            many = {"rows": len(rows), "first": _shown(table, rows[0]), "last": _shown(table, rows[-1])}
            self.add(Change(record=table.name, kind="made", before={}, after=many))
            return
        after = dict(rows[0])
        key = {column.name: after.get(column.name) for column in table.primary_key}
        before = None if None in key.values() else self._row_at(table, key)
        self._add(table, before, after)

    def _look_at_rows(self, statement: Update | Delete) -> None:
        table = statement.table
        found = select(table).limit(MOST_CHANGES + 1)
        if statement.whereclause is not None:
            found = found.where(statement.whereclause)
        after = self._values(statement) if isinstance(statement, Update) else None
        for before in self._connection.execute(found).all():
            self._add(table, before, after)

    def _row_at(self, table: Table, key: Mapping[str, Any]) -> Row | None:
        at_key = [table.c[name] == value for name, value in key.items()]
        return self._connection.execute(select(table).where(*at_key)).one_or_none()

    def _values(self, statement: Insert | Update) -> dict[str, Any]:
        """The values that a statement carries in itself."""
        given = statement.compile(dialect=self._connection.dialect).params
        return {column.name: given[column.name] for column in statement.table.c if column.name in given}

    def _add(self, table: Table, before: Row | None, after: Mapping[str, Any] | None) -> None:
        was = {} if before is None else dict(before._mapping)
        known = was or after or {}
        record = "/".join([table.name, *(str(known.get(column.name, "")) for column in table.primary_key)])
        if before is None:
            self.add(Change(record=record, kind="made", before={}, after=_shown(table, after or {})))
        elif after is None:
            self.add(Change(record=record, kind="removed", before=_shown(table, was), after={}))
        else:
            differing = {name: value for name, value in after.items() if was.get(name) != value}
            if differing:
                before_it = {name: was.get(name) for name in differing}
                shown = {"before": _shown(table, before_it), "after": _shown(table, differing)}
                self.add(Change(record=record, kind="changed", **shown))


def _shown(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row may be kept in the log."""
    # Names of columns are a kind of string of SQLAlchemy's own, which is no key of JSON.
    return {str(name): _value(name, value) for name, value in values.items() if name in table.c}


def _value(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes) or _SECRET.search(name):
        return HIDDEN
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (dict, list, tuple)):
        return _cut(orjson.dumps(_without_secrets(value), default=str).decode())
    return _cut(str(value))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        hidden = {name: HIDDEN if _SECRET.search(str(name)) else _without_secrets(held) for name, held in value.items()}
        return {str(name): held for name, held in hidden.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(held) for held in value]
    return value


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"
