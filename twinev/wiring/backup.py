"""Backs the system up into one file, and restores it from one."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from twinev import __version__
from twinev.adapters.database import postgresql_dump, sqlite_copy
from twinev.adapters.database.backup_file import Manifest, pack, unpack
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import known_revisions, revision_of
from twinev.errors import BadInput, Conflict
from twinev.private_file import write_private
from twinev.settings import Settings
from twinev.wiring.data_dir import held

DATABASE_PARTS = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
#: Files of the data directory without which the database is worth less: the key of all HMACs, the first passwords.
SECRETS = ("secret_key", "first_account.json", "demo_accounts.json", "simulator.json")


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was restored; ``other_secret_key`` when the stations' keys and logins of then are not valid now."""

    manifest: Manifest
    secrets: tuple[str, ...]
    other_secret_key: bool


def database_url(settings: Settings) -> str:
    """Where the database is: PostgreSQL if it is set, else the file of the data directory."""
    return settings.database_url or f"sqlite:///{settings.data_dir.absolute() / 'twinev.db'}"


def back_up(settings: Settings, target: Path, *, with_secrets: bool) -> Manifest:
    """Write the database of one instant into ``target``; the system may run, and goes on.

    Raises
    ------
    BadInput, Conflict, Unavailable
        There is no database, it is not TwinEV's, or the file is there already.
    """
    url = database_url(settings)
    kind = _kind(url)
    with tempfile.TemporaryDirectory(dir=_beside(target), prefix=".twinev-backup-") as folder:
        part = Path(folder) / DATABASE_PARTS[kind]
        if kind == "sqlite":
            sqlite_copy.copy_to(_file_of(url), part)
            revision = _revision(f"sqlite:///{part}")
        else:
            revision = _revision(url)
            postgresql_dump.dump_to(url, part)
        for name in SECRETS if with_secrets else ():
            if (settings.data_dir / name).exists():
                shutil.copy(settings.data_dir / name, folder)
        return pack(
            Path(folder),
            target,
            twinev=__version__,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            database=kind,
            revision=revision,
            secret_key_sha256=_secret_key_sha256(settings),
        )


def restore(settings: Settings, source: Path, *, force: bool) -> Restored:
    """Put a backup in the place of the database; the system must not run.

    Raises
    ------
    BadInput, Conflict, Unavailable
        The backup is damaged, of another kind of database or a newer TwinEV; the database is in use, or holds
        something and ``force`` is not given.
    """
    url = database_url(settings)
    with held(settings.data_dir), _unpacked(settings, source) as (folder, manifest):
        _require_fitting(manifest, _kind(url))
        part = folder / DATABASE_PARTS[manifest.database]
        adapter = sqlite_copy if manifest.database == "sqlite" else postgresql_dump
        adapter.require_sound(part)
        secrets = tuple(name for name in SECRETS if name in manifest.parts)
        _require_room(settings, url, secrets, force=force)
        if manifest.database == "sqlite":
            sqlite_copy.put_in_place(part, _file_of(url))
        else:
            postgresql_dump.load(part, url)
        for name in secrets:
            write_private(settings.data_dir / name, (folder / name).read_text())
    known = manifest.secret_key_sha256
    other = known is not None and known != _secret_key_sha256(settings)
    return Restored(manifest=manifest, secrets=secrets, other_secret_key=other)


@contextmanager
def _unpacked(settings: Settings, source: Path) -> Iterator[tuple[Path, Manifest]]:
    # In the data directory: putting a copy in place is a renaming, which is whole or not at all.
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".restore-") as folder:
        yield Path(folder), unpack(source, Path(folder))


def _require_fitting(manifest: Manifest, kind: str) -> None:
    if manifest.database != kind:
        raise BadInput("FILE", f"a backup of {manifest.database}", f"one of {kind}, which TWINEV_DATABASE_URL names")
    if manifest.revision not in known_revisions():
        raise BadInput(
            "FILE",
            f"schema revision {manifest.revision} of TwinEV {manifest.twinev}",
            f"a revision that TwinEV {__version__} knows; install the version that made the backup, or a newer one",
        )


def _require_room(settings: Settings, url: str, secrets: tuple[str, ...], *, force: bool) -> None:
    if force:
        return
    there = [name for name in secrets if (settings.data_dir / name).exists()]
    if there:
        raise Conflict(f"{', '.join(there)} in {settings.data_dir} would be replaced; --force does so")
    if _kind(url) == "sqlite" and not _file_of(url).exists():
        return
    engine = open_engine(url)
    try:
        revision = revision_of(engine)
    finally:
        engine.dispose()
    if revision is not None:
        shown = make_url(url).render_as_string(hide_password=True)
        raise Conflict(f"the database {shown} is not empty; --force replaces all that is in it")


def _revision(url: str) -> str:
    engine = open_engine(url)
    try:
        revision = revision_of(engine)
    finally:
        engine.dispose()
    if revision is None:
        raise BadInput("TWINEV_DATABASE_URL", make_url(url).database, "a database of TwinEV; this one has no tables")
    return revision


def _kind(url: str) -> str:
    return "sqlite" if make_url(url).get_backend_name() == "sqlite" else "postgresql"


def _file_of(url: str) -> Path:
    return Path(make_url(url).database)


def _beside(target: Path) -> Path:
    if not target.parent.is_dir():
        raise BadInput("FILE", str(target), f"a file in a folder that is there; {target.parent} is not")
    return target.parent


def _secret_key_sha256(settings: Settings) -> str | None:
    kept = settings.data_dir / "secret_key"
    key = settings.secret_key or (kept.read_text().strip() if kept.exists() else None)
    return None if key is None else hashlib.sha256(f"twinev secret key {key}".encode()).hexdigest()
