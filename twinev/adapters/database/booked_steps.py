"""Takes a thing for steps of time so that nobody else can: what a double booking would need is one primary key twice.

Rows go in by rising step, so that of two transactions that want the same steps one waits for the other, and never each
for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, insert
from sqlalchemy.exc import IntegrityError

# PostgreSQL's and SQLite's words for "this key is there already".
_UNIQUE_VIOLATION = "23505"
_SQLITE_PRIMARY_KEY = "SQLITE_CONSTRAINT_PRIMARYKEY"


def take_steps(
    connection: Connection,
    holder: Table,
    row: Mapping[str, Any],
    steps: Table,
    *,
    thing: Mapping[str, Any],
    numbers: Iterable[int],
) -> bool:
    """Insert ``row`` into ``holder`` and take ``thing`` for every step; False, and nothing done, when one is taken."""
    taken = [{**thing, "step": number, "holder_id": row["id"]} for number in sorted(numbers)]
    try:
        with connection.begin_nested():
            connection.execute(insert(holder), dict(row))
            connection.execute(insert(steps), taken)
    except IntegrityError as error:
        if not _is_taken(error):
            raise
        return False
    return True


def release_steps(connection: Connection, steps: Table, holder_id: str) -> None:
    """Give back whatever ``holder_id`` holds."""
    connection.execute(delete(steps).where(steps.c.holder_id == holder_id))


def _is_taken(error: IntegrityError) -> bool:
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return code in (_UNIQUE_VIOLATION, _SQLITE_PRIMARY_KEY)
