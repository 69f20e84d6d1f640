"""The audit log: entries that a transaction writes about itself, and the reading of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, or_, select

from twinev.adapters.database.audit_tables import audit_entries
from twinev.adapters.database.change_capture import ChangeCapture
from twinev.domain.audit import Actor, AuditEntry, Change
from twinev.services.ports.audit import AuditFilter, actor_now
from twinev.services.ports.clock import Clock


class DatabaseAudit:
    """Implements `twinev.services.ports.audit.Audit` for one transaction.

    Parameters
    ----------
    actor : Actor or None
        On whose behalf the transaction runs; without one nothing is watched.
    """

    def __init__(self, connection: Connection, clock: Clock, actor: Actor | None) -> None:
        self._connection = connection
        self._clock = clock
        self._actor = actor
        self._capture = None if actor is None else ChangeCapture(connection)

    def note(self, record: str, *, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Put a change into this transaction's entry that is made outside the database."""
        if self._capture is not None:
            self._capture.add(Change(record=record, kind="changed", before=before, after=after))

    def flush(self) -> None:
        """Write the entry about what was written since the last one."""
        if self._capture is not None and self._capture.wrote:
            _write(self._connection, self._actor, self._capture.take(), self._clock.now())

    def close(self) -> None:
        if self._capture is not None:
            self._capture.close()

    def list(self, wanted: AuditFilter, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        """Entries, newest first."""
        columns = audit_entries.c
        statement = select(audit_entries).order_by(columns.number.desc()).limit(limit)
        if before is not None:
            statement = statement.where(columns.number < before)
        if wanted.username is not None:
            statement = statement.where(columns.username == wanted.username)
        if wanted.subject is not None:
            under = columns.subject.startswith(f"{wanted.subject}/", autoescape=True)
            statement = statement.where(or_(columns.subject == wanted.subject, under))
        if wanted.action is not None:
            statement = statement.where(columns.action == wanted.action)
        if wanted.since is not None:
            statement = statement.where(columns.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(columns.at < wanted.until)
        return [_entry(row) for row in self._connection.execute(statement)]


@contextmanager
def audited(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes its entry by itself; for repositories that stand outside the unit of work."""
    actor = actor_now()
    with engine.begin() as connection:
        if actor is None:
            yield connection
            return
        capture = ChangeCapture(connection)
        try:
            yield connection
            if capture.wrote:
                _write(connection, actor, capture.take(), datetime.now(UTC))
        finally:
            capture.close()


def _write(connection: Connection, actor: Actor, changes: Sequence[Change], at: datetime) -> None:
    row = asdict(actor) | {"roles": " ".join(actor.roles), "at": at, "changes": [asdict(change) for change in changes]}
    connection.execute(insert(audit_entries).values(row))


def _entry(row: Row) -> AuditEntry:
    actor = Actor(
        user_id=row.user_id,
        username=row.username,
        roles=tuple(row.roles.split()),
        app=row.app,
        action=row.action,
        subject=row.subject,
    )
    changes = tuple(Change(**change) for change in row.changes)
    return AuditEntry(number=row.number, at=row.at, actor=actor, changes=changes)
