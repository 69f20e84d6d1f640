"""Statements that several repositories share: insert-or-update (in both dialects), pages of a list, and its search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, literal, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from twinev.adapters.database.metadata import UtcDateTime
from twinev.errors import BadInput


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose key is not there yet, leave the others alone, and return how many those were."""
    statement = _insert(connection, table).on_conflict_do_nothing()
    # Without it SQLAlchemy does not look at PostgreSQL's count of an INSERT.
    return connection.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def upsert(connection: Connection, table: Table, row: Mapping[str, Any], *, untouched: Sequence[str] = ()) -> None:
    """Insert ``row``, or update the row of the same primary key except its ``untouched`` columns."""
    connection.execute(_upsert_of(connection.dialect.name, table, tuple(row), tuple(untouched)), dict(row))


@cache
def _upsert_of(dialect: str, table: Table, names: tuple[str, ...], untouched: tuple[str, ...]) -> Any:
    """Build the statement once for each table and set of columns: that takes longer than to carry it out."""
    key = [column.name for column in table.primary_key]
    statement = _insert_of(dialect, table)
    changes = {name: statement.excluded[name] for name in names if name not in key and name not in untouched}
    return statement.on_conflict_do_update(index_elements=key, set_=changes)


def _insert(connection: Connection, table: Table) -> Any:
    return _insert_of(connection.dialect.name, table)


def _insert_of(dialect: str, table: Table) -> Any:
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def earlier_than(connection: Connection, at: Column[Any], identifier: Column[Any], before: str) -> ColumnElement[bool]:
    """Build the condition "older than the row ``before``" of a list that is ordered by time, then id.

    Raises
    ------
    BadInput
        No row has that id.
    """
    last = connection.execute(select(at, identifier).where(identifier == before)).one_or_none()
    if last is None:
        raise BadInput("cursor", before, "the next_cursor of an earlier page")
    return tuple_(at, identifier) < tuple_(literal(last[0], at.type), literal(last[1], identifier.type))


def within(statement: Select[Any], at: ColumnElement[Any], since: datetime | None, before: datetime | None) -> Any:
    """Keep the rows whose time is in [since, before)."""
    if since is not None:
        statement = statement.where(at >= literal(since, UtcDateTime))
    if before is not None:
        statement = statement.where(at < literal(before, UtcDateTime))
    return statement


def finding(
    words: str, columns: Sequence[Column[Any]], *, ids: Sequence[Column[Any]] = ()
) -> list[ColumnElement[bool]]:
    """Build the conditions "each of these words occurs in one of the columns, or begins an id", whatever its case."""
    # PostgreSQL's text has no character NUL, not even to look for.
    plain = words.replace("\0", " ")
    return [
        or_(
            *(column.icontains(word, autoescape=True) for column in columns),
            *(column.istartswith(word, autoescape=True) for column in ids),
        )
        for word in plain.split()
    ]


def storable(text: str | None, column: Column[Any]) -> str | None:
    """A station's own words, as PostgreSQL takes them: no longer than the column, and without the character NUL."""
    return None if text is None else text.replace("\0", "\N{REPLACEMENT CHARACTER}")[: column.type.length]
