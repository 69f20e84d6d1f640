"""Which API process leads: on PostgreSQL whoever holds an advisory lock, on SQLite whoever holds a locked file."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from twinev.services.ports.requests import Leadership

logger = logging.getLogger(__name__)

# Any fixed number, as long as nobody else in this database locks it: "TwinEV" in ASCII.
_LOCK = int.from_bytes(b"TwinEV", "big")


def leadership_over(engine: Engine) -> Leadership:
    """Return what tells whether this process leads those that share the engine's database."""
    if engine.dialect.name == "sqlite":
        return FileLeadership(Path(f"{engine.url.database}.leader"))
    return DatabaseLeadership(engine=engine)


class FileLeadership:
    """Implements `twinev.services.ports.requests.Leadership` for the processes of one machine.

    The lock lives as long as the process that holds it, however that ends; the file stays, and is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locked: int | None = None
        self._asking = threading.Lock()

    def held(self) -> bool:
        with self._asking:
            if self._locked is None:
                self._locked = self._lock()
            return self._locked is not None

    def _lock(self) -> int | None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def release(self) -> None:
        with self._asking:
            if self._locked is not None:
                os.close(self._locked)
                self._locked = None


class DatabaseLeadership:
    """Implements `twinev.services.ports.requests.Leadership`.

    The lock lives as long as its connection: when the process or the network dies, the server gives it to another.
    """

    def __init__(self, *, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        # Several loops ask, each in a thread of its own; a connection serves one at a time.
        self._asking = threading.Lock()

    def held(self) -> bool:
        with self._asking:
            try:
                return self._still_held() or self._take()
            except SQLAlchemyError as error:
                logger.warning("leadership is lost: %s", error)
                self._let_go()
                return False

    def release(self) -> None:
        with self._asking:
            if self._connection is not None:
                with suppress(SQLAlchemyError):
                    # Said aloud, so that the next one need not wait until the server notices the closed connection.
                    self._connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            # Thrown away, not handed back to the pool: a pooled connection would keep the lock.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _still_held(self) -> bool:
        if self._connection is None:
            return False
        self._connection.execute(text("SELECT 1"))
        return True

    def _take(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}).scalar():
            self._connection = connection
            return True
        connection.close()
        return False
