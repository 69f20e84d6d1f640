"""Brings a database's schema up to date; the API does so at its start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from twinev.adapters.database.engine import open_engine
from twinev.errors import Unavailable

# Of several API processes that start at once, one migrates and the others wait.
_LOCK = int.from_bytes(b"schema", "big")


def upgrade(url: str, *, revision: str = "head") -> None:
    """Bring the database at ``url`` to ``revision``; an empty one gets every table."""
    engine = open_engine(url)
    try:
        upgrade_engine(engine, revision=revision)
    finally:
        engine.dispose()


def _reached(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        shown = engine.url.render_as_string(hide_password=True)
        raise Unavailable(f"the database {shown} cannot be reached: {why}; see TWINEV_DATABASE_URL") from error


def upgrade_engine(engine: Engine, *, revision: str = "head") -> None:
    """As `upgrade`, in one transaction on an engine that is open already.

    Raises
    ------
    Unavailable
        The database cannot be reached.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with _reached(engine) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
