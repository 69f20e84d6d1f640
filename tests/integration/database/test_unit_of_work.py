"""What a transaction promises, on both databases."""

import subprocess
import sys
import threading

import pytest
from sqlalchemy import text

from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.leadership import DatabaseLeadership, leadership_over
from twinev.adapters.database.unit_of_work import Database
from twinev.domain.charge_points import Location, Site
from twinev.errors import BadInput, NotFound, Unavailable

SITE = Site(
    id="x", name="X", location=Location(latitude_degrees=0, longitude_degrees=0), supply_max_kw=1, fallback_kw=0.5
)


def test_work_without_commit_leaves_nothing(database):
    with database.unit_of_work() as work:
        work.sites.save(SITE)
        work.events.add("site.changed", {"site_id": "x"})

    with database.reading() as work:
        assert work.sites.list() == []
        assert work.outbox.pending(10) == []


def test_work_that_raises_is_rolled_back(database):
    with pytest.raises(NotFound, match="nobody"), database.unit_of_work() as work:
        _save_and_miss(work)

    with database.reading() as work, pytest.raises(NotFound):
        work.sites.get("x")


def test_work_goes_on_after_a_commit(database):
    with database.unit_of_work() as work:
        work.sites.save(SITE)
        work.commit()
        assert work.sites.get("x") == SITE


def test_reading_sees_a_snapshot_while_another_writes(fleet):
    with fleet.reading() as reader:
        before = reader.sites.list()
        with fleet.unit_of_work() as writer:
            writer.sites.save(SITE)
            writer.commit()
        with fleet.reading() as later:
            assert len(later.sites.list()) == len(before) + 1


def test_reading_cannot_be_committed(database):
    with database.reading() as work, pytest.raises(RuntimeError, match="reading"):
        work.commit()


def test_commit_wakes_the_relay_only_when_there_are_events(database):
    woken = []
    database.on_events(lambda: woken.append(True))

    with database.unit_of_work() as work:
        work.sites.save(SITE)
        work.commit()
        assert woken == []
        work.events.add("site.changed", {"site_id": "x"})
        work.commit()

    assert woken == [True]


def test_writers_take_turns_without_losing_a_number(fleet):
    numbers = []

    def take() -> None:
        for _ in range(10):
            with fleet.unit_of_work() as work:
                numbers.append(work.sessions.next_transaction_number())
                work.commit()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(numbers) == list(range(1, 41))


def test_database_that_is_away_is_unavailable(tmp_path, clock):
    nowhere = Database(engine=open_engine(f"postgresql://postgres@/x?host={tmp_path}"), clock=clock)

    with pytest.raises(Unavailable, match="does not answer"), nowhere.unit_of_work() as work:
        work.sites.list()


def test_connection_that_breaks_is_unavailable_and_the_next_work_recovers(postgres_url, clock):
    database = Database(engine=open_engine(postgres_url), clock=clock)

    with pytest.raises(Unavailable), database.unit_of_work() as work:
        work._connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with database.unit_of_work() as work:
        assert work.sites.list() == []
    database.close()


def test_engine_refuses_other_databases():
    with pytest.raises(BadInput, match="TWINEV_DATABASE_URL"):
        open_engine("mysql://somebody@somewhere/twinev")


def test_sqlite_keeps_every_commit_on_disk(sqlite_url):
    engine = open_engine(sqlite_url)
    names = ("journal_mode", "synchronous", "foreign_keys")
    with engine.connect() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    engine.dispose()

    assert pragmas == ["wal", 2, 1]


def test_leadership_is_held_by_one_process_and_passes_on(postgres_url):
    engines = [open_engine(postgres_url), open_engine(postgres_url)]
    first, second = (DatabaseLeadership(engine=engine) for engine in engines)

    assert first.held()
    assert first.held()
    assert not second.held()
    first.release()
    assert second.held()

    second.release()
    for engine in engines:
        engine.dispose()


def test_leadership_is_lost_with_its_connection(postgres, postgres_url):
    engine = open_engine(postgres_url)
    leadership = DatabaseLeadership(engine=engine)
    assert leadership.held()

    name = engine.url.database
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    assert not leadership.held()
    assert leadership.held()
    leadership.release()
    engine.dispose()


def test_leadership_on_sqlite_passes_on_and_ends_with_its_process(tmp_path):
    database = tmp_path / "x.db"
    first, second = (leadership_over(open_engine(f"sqlite:///{database}")) for _ in range(2))
    assert first.held()
    assert first.held()
    assert not second.held()
    first.release()
    assert second.held()
    second.release()

    hold = f"""
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.leadership import leadership_over
leadership = leadership_over(open_engine("sqlite:///{database}"))
print(leadership.held(), flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"True\n"
        assert not first.held()
        other.kill()

    assert first.held()
    first.release()


def _save_and_miss(work) -> None:
    work.sites.save(SITE)
    work.sites.get("nobody")
