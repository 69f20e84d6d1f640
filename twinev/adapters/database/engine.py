"""Engines for the two databases: SQLite for one machine, PostgreSQL for several API processes."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from twinev.errors import BadInput

#: How long a writer waits for another one before it gives up. [s]
BUSY_SECONDS = 30.0

#: Set on a connection that only reads: on SQLite it then takes a snapshot and never the write lock.
READ_ONLY = "twinev_read_only"


def open_engine(url: str) -> Engine:
    """Open the engine of ``sqlite:///path`` or ``postgresql://user@host/name``.

    Raises
    ------
    BadInput
        The URL is of neither database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return _open_postgresql(parsed.set(drivername="postgresql+psycopg"))
    raise BadInput("TWINEV_DATABASE_URL", url, "sqlite:///<file> or postgresql://<user>@<host>/<name>")


def in_this_process(engine: Engine) -> bool:
    """Whether a snapshot is read without waiting for a server or for writers."""
    return engine.dialect.name == "sqlite"


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadInput("TWINEV_DATABASE_URL", str(url), "a file: several threads share the database")
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=8,
        max_overflow=32,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 10},
        pool_size=8,
        max_overflow=32,
        pool_pre_ping=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions by itself, and only before a write: we begin them (`_begin_sqlite`).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another wrote in between.
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
