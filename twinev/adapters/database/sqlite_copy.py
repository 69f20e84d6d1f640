"""Copies a SQLite database while it is in use, and puts a copy in its place while it is not."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from twinev.errors import BadInput, Conflict

_BUSY_SECONDS = 30.0


def copy_to(source: Path, target: Path) -> None:
    """Write a copy of one instant into one file; writers go on meanwhile (SQLite's online backup).

    Raises
    ------
    BadInput
        There is no database at ``source``.
    """
    if not source.is_file():
        raise BadInput("database", str(source), "a SQLite file that is there")
    with closing(_opened(source)) as origin, closing(sqlite3.connect(target)) as copy:
        # In one step: it reads one snapshot, and starts over for no writer.
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def put_in_place(copy: Path, target: Path) -> None:
    """Make a copy the database; on the disk there is the old one or the new one, never half of each.

    Raises
    ------
    Conflict
        Somebody has the present database open.
    """
    if target.exists():
        _require_unused(target)
    for leftover in ("-wal", "-shm"):
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    # Beside it first: a renaming is whole or not at all only within one file system.
    near = target.with_name(f".{target.name}.restored")
    shutil.move(copy, near)
    near.chmod(0o600)
    near.replace(target)


def require_sound(copy: Path) -> None:
    """Raise `BadInput` for a file that is no database, or a damaged one."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    except sqlite3.DatabaseError as error:
        raise BadInput("backup", copy.name, f"a sound SQLite database ({error})") from error
    if found != ["ok"] or broken:
        raise BadInput(
            "backup", copy.name, f"a sound SQLite database ({'; '.join(found)}; {len(broken)} lost references)"
        )


def _require_unused(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=1.0)) as connection:
            # Nobody leaves write-ahead logging while another connection is open.
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise Conflict(f"{path} is in use ({error}); end the system first") from error
    except sqlite3.DatabaseError:
        return  # What is there is damaged, which is why somebody restores.
    if mode != "delete":
        raise Conflict(f"{path} is in use; end the system first")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
