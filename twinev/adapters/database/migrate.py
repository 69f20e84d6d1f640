"""Brings a database's schema up to date; the API does so at its start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from twinev.adapters.database.engine import open_engine
from twinev.errors import Conflict, Unavailable

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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade_engine(engine: Engine, *, revision: str = "head") -> None:
    """As `upgrade`, in one transaction on an engine that is open already.

    Raises
    ------
    Unavailable
        The database cannot be reached.
    """
    config = _config()
    with _reached(engine) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def known_revisions() -> frozenset[str]:
    """Every revision that this version of TwinEV can bring up to date."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def revision_of(engine: Engine) -> str | None:
    """Return the revision of a database's schema; None for one without tables.

    Raises
    ------
    Unavailable
        The database cannot be reached.
    Conflict
        It has tables, and none of them tells a revision.
    """
    with _reached(engine) as connection:
        tables = inspect(connection).get_table_names()
        if not tables:
            return None
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        shown = engine.url.render_as_string(hide_password=True)
        raise Conflict(f"the database {shown} has tables that are not TwinEV's: {', '.join(sorted(tables)[:3])}")
    return revision
