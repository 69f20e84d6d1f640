"""Fills a database and tells who may ask for what in it."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.api_requests import filled_database
from benchmarks.api_requests.kinds import Scene
from benchmarks.api_requests.people import People
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.migrate import upgrade_engine
from twinev.domain.users import Role
from twinev.wiring.data_dir import secret_key

#: Of the sessions that ended the newest are looked at.
_LOOKED_AT = 2000


def fill(database_url: str, data_dir: Path, *, chance: random.Random) -> tuple[Scene, dict[str, str]]:
    """Migrate and fill an empty database; return who asks there, and the stations' keys by id."""
    engine = open_engine(database_url)
    upgrade_engine(engine)
    secret = secret_key(data_dir)
    people = People(engine=engine, secret=secret, data_dir=data_dir)
    drivers = people.ids(Role.DRIVER)
    keys = filled_database.fill(
        engine, secret_key=secret, driver_ids=drivers, operator_id=people.ids(Role.CHARGE_POINT_OPERATOR)[0]
    )
    scene = _scene(people, drivers, chance)
    engine.dispose()
    return scene, keys


def _scene(people: People, drivers: list[str], chance: random.Random) -> Scene:
    place = {driver: number for number, driver in enumerate(drivers)}
    ended: dict[int, list[str]] = {}
    for number in range(filled_database.SESSIONS - _LOOKED_AT, filled_database.SESSIONS):
        session_id, driver = filled_database.ended_session(number, drivers)
        ended.setdefault(place[driver], []).append(session_id)
    running: dict[int, list[str]] = {}
    for session_id, driver in filled_database.active_sessions(drivers).items():
        running.setdefault(place[driver], []).append(session_id)
    return Scene(
        tokens={str(role): people.tokens(role) for role in Role},
        station_ids=filled_database.station_ids(),
        site_ids=[f"depot-{number}" for number in range(filled_database.SITES)],
        sessions=ended,
        running=running,
        chance=chance,
    )
