"""Dumps a PostgreSQL database while it is in use, and loads a dump; both by PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError

from twinev.adapters.database.engine import open_engine
from twinev.errors import BadInput, Conflict, Unavailable

#: Everything that a database of TwinEV has is in this schema.
_EMPTY_SCHEMA = "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"


def dump_to(url: str, target: Path) -> None:
    """Write a dump of one instant; writers go on meanwhile.

    Raises
    ------
    Unavailable
        PostgreSQL's client programs are missing, or the dump failed.
    """
    parsed = make_url(url)
    _run([_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], parsed)


def load(dump: Path, url: str) -> None:
    """Put a dump in the place of all that is there, in one transaction.

    Raises
    ------
    Conflict
        Somebody is connected to the database.
    Unavailable
        PostgreSQL's client programs are missing, or the load failed; then nothing has changed.
    """
    _require_unused(url)
    script = dump.with_suffix(".sql")
    to_text = [_program("pg_restore"), "--no-owner", "--no-privileges", f"--file={script}", str(dump)]
    _run(to_text, None)
    whole = dump.with_name("whole.sql")
    with whole.open("w", encoding="utf-8") as target, script.open(encoding="utf-8") as source:
        target.write(_EMPTY_SCHEMA)
        # A dump makes the schema itself where it is not as PostgreSQL had made it: after a restore, for one.
        while (line := source.readline()) and not line.startswith("CREATE TABLE"):
            if line.strip() != "CREATE SCHEMA public;":
                target.write(line)
        target.write(line)
        shutil.copyfileobj(source, target)
    psql = [_program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    _run([*psql, "--output=/dev/null", f"--file={whole}"], make_url(url))


def require_sound(dump: Path) -> None:
    """Raise `BadInput` for a file that is no dump, or a cut one."""
    done = subprocess.run(
        [_program("pg_restore"), "--file=/dev/null", str(dump)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BadInput("backup", dump.name, f"a sound dump of PostgreSQL ({_last_line(done.stderr)})")


def _require_unused(url: str) -> None:
    engine = open_engine(url)
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    try:
        with engine.connect() as connection:
            number = connection.execute(others).scalar_one()
    except DBAPIError as error:
        raise Unavailable(f"the database cannot be reached: {error.orig}") from error
    finally:
        engine.dispose()
    if number:
        raise Conflict(f"{number} programs are connected to the database; end the system first")


def _run(command: list[str], url: URL | None) -> None:
    environment = dict(os.environ)
    if url is not None:
        # Not as an argument: every user of the machine can read those.
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
        shown = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        command = [*command, f"--dbname={shown}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{Path(command[0]).name} failed: {_last_line(done.stderr)}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(
            f"{name} is not on this machine; install PostgreSQL's client programs of the server's version or newer "
            "(Debian: postgresql-client)"
        )
    return found


def _last_line(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
