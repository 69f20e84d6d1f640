"""Backup and restore on both databases: of one instant while the system writes, and never over what is there."""

from __future__ import annotations

import stat
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from twinev.adapters.database import postgresql_dump
from twinev.adapters.database.audit_tables import audit_entries
from twinev.adapters.database.backup_file import unpack
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import known_revisions, upgrade
from twinev.adapters.database.tables import metadata
from twinev.adapters.database.unit_of_work import Database
from twinev.cli.backup import app as backup_app
from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.facts import Sample
from twinev.errors import BadInput, Conflict, Unavailable
from twinev.settings import Settings
from twinev.wiring.backup import back_up, database_url, restore

PLACE = Location(latitude_degrees=52.1, longitude_degrees=5.1)


@pytest.fixture(params=["sqlite", "postgresql"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A data directory with its secret key, and a database with a site and a station."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "secret_key").write_text("the secret key")
    url = None if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    settings = Settings(_env_file=None, data_dir=data_dir, database_url=url)
    upgrade(database_url(settings))
    return settings


@pytest.fixture
def empty(request: pytest.FixtureRequest, system: Settings, tmp_path: Path) -> Settings:
    """Another machine: no secret key, and an empty database of the same kind."""
    (tmp_path / "elsewhere").mkdir()
    url = None if system.database_url is None else request.getfixturevalue("second_postgres_url")
    return Settings(_env_file=None, data_dir=tmp_path / "elsewhere", database_url=url)


@pytest.fixture
def second_postgres_url(postgres) -> str:
    postgres.execute("DROP DATABASE IF EXISTS second")
    postgres.execute("CREATE DATABASE second")
    return postgres.url("second")


@contextmanager
def opened(settings: Settings, clock) -> Iterator[Database]:
    database = Database(engine=open_engine(database_url(settings)), clock=clock)
    try:
        yield database
    finally:
        database.close()


def fill(settings: Settings, clock) -> None:
    with opened(settings, clock) as database, database.unit_of_work() as work:
        work.sites.save(Site(id="s", name="Größe", location=PLACE, supply_max_kw=50))
        station = ChargingStation(id="A", site_id="s", name="A", location=PLACE, evses=(Evse(id=1, max_kw=11),))
        work.stations.save(station)
        work.stations.set_key_hmac("A", b"\x00\xffbytes")
        work.events.add("station.added", {"site_id": "s", "station_id": "A"})
        work.commit()


def rows_of(settings: Settings) -> dict[str, list[Any]]:
    engine = open_engine(database_url(settings))
    with engine.connect() as connection:
        rows = {
            table.name: sorted(map(str, connection.execute(table.select()).all())) for table in metadata.sorted_tables
        }
    engine.dispose()
    return rows


def test_restored_database_is_what_was_backed_up(system, empty, clock, tmp_path):
    fill(system, clock)
    before = rows_of(system)
    manifest = back_up(system, tmp_path / "b.tar.gz", with_secrets=False)

    restored = restore(empty, tmp_path / "b.tar.gz", force=False)

    assert restored.manifest == manifest
    assert rows_of(empty) == before
    assert before["stations"]
    assert len(before["outbox"]) == 1


def test_backup_of_a_restored_database_can_be_restored(system, empty, clock, tmp_path):
    fill(system, clock)
    back_up(system, tmp_path / "first.tar.gz", with_secrets=False)
    restore(empty, tmp_path / "first.tar.gz", force=False)
    back_up(empty, tmp_path / "second.tar.gz", with_secrets=False)

    restore(empty, tmp_path / "second.tar.gz", force=True)

    assert rows_of(empty) == rows_of(system)


def test_backup_while_the_system_writes_is_of_one_instant(system, empty, clock, tmp_path):
    fill(system, clock)
    with opened(system, clock) as database:
        ended, enough = threading.Event(), threading.Event()

        def write() -> None:
            """In each transaction a meter value and a card: whoever sees one without the other saw half of it."""
            number = 0
            while not ended.is_set():
                number += 1
                sample = Sample(timestamp=clock.now() + timedelta(seconds=number), value=number, unit="kWh")
                with database.unit_of_work() as work:
                    work.meter_values.add("A", 1, "7", [sample])
                    work.tokens.save(f"card {number}", "Accepted")
                    work.commit()
                if number == 50:
                    enough.set()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert enough.wait(60)
            back_up(system, tmp_path / "b.tar.gz", with_secrets=False)
        finally:
            ended.set()
            writer.join()
    restore(empty, tmp_path / "b.tar.gz", force=False)

    kept, written = rows_of(empty), rows_of(system)
    assert len(kept["meter_values"]) == len(kept["id_tokens"])
    assert 50 <= len(kept["meter_values"]) <= len(written["meter_values"])
    assert set(kept["meter_values"]) <= set(written["meter_values"])


def test_restored_audit_log_can_still_only_grow(system, empty, clock, tmp_path):
    fill(system, clock)
    back_up(system, tmp_path / "b.tar.gz", with_secrets=False)
    restore(empty, tmp_path / "b.tar.gz", force=False)

    engine = open_engine(database_url(empty))
    entry = {"at": clock.now(), "user_id": "u", "username": "u", "roles": "", "action": "a", "subject": "s"}
    with engine.begin() as connection:
        connection.execute(audit_entries.insert().values(**entry, changes=[]))
    with pytest.raises(Exception, match="can only grow"), engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"))
    engine.dispose()


def test_restore_does_not_replace_a_database_unless_it_is_told_to(system, clock, tmp_path):
    fill(system, clock)
    back_up(system, tmp_path / "b.tar.gz", with_secrets=False)
    with opened(system, clock) as database, database.unit_of_work() as work:
        work.tokens.save("later", "Accepted")
        work.commit()
    later = rows_of(system)

    with pytest.raises(Conflict, match="not empty"):
        restore(system, tmp_path / "b.tar.gz", force=False)
    assert rows_of(system) == later

    restore(system, tmp_path / "b.tar.gz", force=True)
    assert rows_of(system)["id_tokens"] == []


def test_restore_does_not_touch_a_database_that_is_in_use(system, clock, tmp_path):
    fill(system, clock)
    back_up(system, tmp_path / "b.tar.gz", with_secrets=False)
    before = rows_of(system)

    with opened(system, clock) as database, database.reading() as work:
        work.sites.list()
        with pytest.raises(Conflict, match="end the system first"):
            restore(system, tmp_path / "b.tar.gz", force=True)

    assert rows_of(system) == before


def test_secrets_are_in_a_backup_only_when_they_are_asked_for(system, empty, clock, tmp_path):
    fill(system, clock)
    bare = back_up(system, tmp_path / "bare.tar.gz", with_secrets=False)
    full = back_up(system, tmp_path / "full.tar.gz", with_secrets=True)

    assert "secret_key" not in bare.parts
    assert restore(empty, tmp_path / "bare.tar.gz", force=False).other_secret_key
    restored = restore(empty, tmp_path / "full.tar.gz", force=True)
    assert (restored.secrets, restored.other_secret_key) == (("secret_key",), False)
    kept = empty.data_dir / "secret_key"
    assert kept.read_text() == "the secret key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "the secret key" not in str(full)


def test_backup_is_for_its_owner_alone_and_overwrites_nothing(system, clock, tmp_path):
    fill(system, clock)
    target = tmp_path / "b.tar.gz"
    back_up(system, target, with_secrets=False)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(BadInput, match="never overwritten"):
        back_up(system, target, with_secrets=False)
    assert {path.name for path in tmp_path.iterdir()} <= {"b.tar.gz", "data", "elsewhere"}


@pytest.mark.parametrize("damage", ["cut", "changed", "text"])
def test_damaged_backup_is_refused_and_nothing_changes(system, empty, clock, tmp_path, damage):
    fill(system, clock)
    target = tmp_path / "b.tar.gz"
    back_up(system, target, with_secrets=False)
    whole = target.read_bytes()
    if damage == "changed":
        _change_a_part(target, tmp_path / "parts")
    else:
        target.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"not a backup")

    with pytest.raises(BadInput, match="backup"):
        restore(empty, target, force=False)

    with pytest.raises(BadInput):
        back_up(empty, tmp_path / "nothing.tar.gz", with_secrets=False)


def _change_a_part(target: Path, folder: Path) -> None:
    folder.mkdir()
    manifest = unpack(target, folder)
    part = folder / next(name for name in manifest.parts if name.startswith("database"))
    part.write_bytes(part.read_bytes()[:-1] + b"X")
    with tarfile.open(target, "w:gz") as archive:
        for path in folder.iterdir():
            archive.add(path, arcname=path.name)


def test_backup_of_a_newer_schema_is_refused(system, empty, clock, tmp_path):
    fill(system, clock)
    engine = open_engine(database_url(system))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    back_up(system, tmp_path / "b.tar.gz", with_secrets=False)

    assert "9999" not in known_revisions()
    with pytest.raises(BadInput, match="schema revision 9999"):
        restore(empty, tmp_path / "b.tar.gz", force=False)


def test_backup_of_the_other_database_is_refused(system, clock, tmp_path, request):
    fill(system, clock)
    back_up(system, tmp_path / "b.tar.gz", with_secrets=False)
    other = None if system.database_url else request.getfixturevalue("second_postgres_url")
    elsewhere = Settings(_env_file=None, data_dir=tmp_path / "data", database_url=other)

    with pytest.raises(BadInput, match="TWINEV_DATABASE_URL"):
        restore(elsewhere, tmp_path / "b.tar.gz", force=False)


def test_postgresql_without_its_programs_is_told_plainly(empty_postgres_url, tmp_path, monkeypatch):
    upgrade(empty_postgres_url)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unavailable, match="postgresql-client"):
        postgresql_dump.dump_to(empty_postgres_url, tmp_path / "dump")


def test_command_says_what_is_not_in_the_backup(system, clock, tmp_path, monkeypatch):
    fill(system, clock)
    monkeypatch.setenv("TWINEV_DATA_DIR", str(system.data_dir))
    monkeypatch.setenv("TWINEV_DATABASE_URL", database_url(system))

    done = CliRunner().invoke(backup_app, [str(tmp_path / "b.tar.gz")])

    assert done.exit_code == 0, done.output
    assert "Not in it: messages that wait in NATS" in done.output
    assert "for its owner alone" in done.output
