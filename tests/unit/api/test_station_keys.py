"""New keys for stations, over REST: who may, what is told, what is kept."""

from dataclasses import replace

import pytest

from twinev.api.app import create_app
from twinev.api.routers import station_keys
from twinev.domain.facts import ConnectQuestion
from twinev.domain.operating_commands import SetBasicAuthPassword
from twinev.domain.users import Role
from twinev.services.add_station import add_station
from twinev.services.answer_stations import AnswerStations
from twinev.services.rotate_key import MOST_PENDING, RotateKey

SECRET = "a secret key of the tests"


@pytest.fixture
def keys_api(api, database, clock, commands):
    """The API with the resource that wiring adds."""
    service = RotateKey(commands=commands, unit_of_work=database.unit_of_work, clock=clock, secret_key=SECRET)
    state = api.app.state
    routers, more = (station_keys.router,), {"rotate_key": service}
    return replace(api, app=create_app(platform=state.platform, identity=state.identity, routers=routers, state=more))


@pytest.fixture
def key(database) -> str:
    with database.unit_of_work() as work:
        added = add_station("NEW", site_id="s", work=work, secret_key=SECRET)
        work.commit()
    return added.key


@pytest.fixture
def let_in(database, clock):
    """Whether the station comes in with a key."""
    answers = AnswerStations(
        unit_of_work=database.unit_of_work, reading=database.reading, clock=clock, secret_key=SECRET
    )

    def ask(password: str) -> bool:
        question = ConnectQuestion(station_id="NEW", security_profile=1, username="NEW", password=password)
        return answers.connect(question).verdict == "accepted"

    return ask


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.ADMINISTRATOR, 201), (Role.CHARGE_POINT_OPERATOR, 201), (Role.GRID_OPERATOR, 403), (Role.DRIVER, 403)],
)
def test_key_rotation_is_for_who_runs_the_charge_points(keys_api, commands, key, role, status):
    answer = keys_api.post("/stations/NEW/key-rotations", role=role)

    assert answer.status_code == status
    assert len(commands.sent) == (1 if status == 201 else 0)


def test_key_rotation_tells_how_the_station_took_it_and_never_the_key(keys_api, commands, database, key):
    answer = keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR)

    ((station_id, command),) = commands.sent
    assert station_id == "NEW"
    assert isinstance(command, SetBasicAuthPassword)
    assert len(command.password) == 32
    assert command.password != key
    told = {"outcome": "accepted", "status": "Accepted", "detail": None, "told": True}
    assert answer.json() == {"station_id": "NEW"} | told
    with database.reading() as work:
        (record,) = work.commands.list(limit=9, before=None, station_id="NEW")
    assert (record.outcome, record.payload) == ("accepted", {})
    assert command.password not in repr(command)


def test_repeated_key_rotation_sends_one_key(keys_api, commands, key):
    headers = {"Idempotency-Key": "once"}
    answers = [
        keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR, headers=headers).json() for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert len(commands.sent) == 1


@pytest.mark.parametrize("outcome", ["timeout", "offline", "call_error"])
def test_both_keys_are_valid_while_nobody_knows(keys_api, commands, let_in, key, outcome):
    commands.outcome = outcome
    answer = keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR)
    ((_, command),) = commands.sent

    assert answer.json()["told"]
    assert let_in(key)
    assert let_in(command.password)
    assert not let_in(key)


def test_station_that_is_not_connected_keeps_its_key_alone(keys_api, commands, let_in, key):
    commands.outcome, commands.undelivered = "offline", True
    answers = [keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR) for _ in range(MOST_PENDING + 1)]

    assert {(answer.status_code, answer.json()["told"]) for answer in answers} == {(201, False)}
    assert not any(let_in(command.password) for _, command in commands.sent)
    assert let_in(key)


@pytest.mark.parametrize("outcome", ["rejected", "not_supported"])
def test_refused_key_is_no_key(keys_api, commands, let_in, key, outcome):
    commands.outcome = outcome
    keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR)
    ((_, command),) = commands.sent

    assert not let_in(command.password)
    assert let_in(key)


def test_station_that_comes_with_an_earlier_new_key_may_still_come_with_a_later_one(keys_api, commands, let_in, key):
    commands.outcome = "timeout"
    for _ in range(3):
        keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR)
    first, second, third = (command.password for _, command in commands.sent)

    assert let_in(second)
    assert [let_in(each) for each in (key, first)] == [False, False]
    assert let_in(third)
    assert not let_in(second)


def test_station_that_never_comes_with_its_keys_is_told_no_more_of_them(keys_api, commands, key):
    answers = [keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR) for _ in range(MOST_PENDING + 1)]

    assert [answer.status_code for answer in answers] == [201] * MOST_PENDING + [409]
    assert "reconnect" in answers[-1].json()["detail"]
    assert len(commands.sent) == MOST_PENDING


@pytest.mark.parametrize("security_profile", [0, 3])
def test_station_without_a_key_gets_none(keys_api, commands, database, security_profile):
    with database.unit_of_work() as work:
        profile = {"security_profile": security_profile}
        assert add_station("NEW", site_id="s", work=work, secret_key=SECRET, **profile).key is None
        work.commit()

    answer = keys_api.post("/stations/NEW/key-rotations", role=Role.ADMINISTRATOR)

    assert (answer.status_code, commands.sent) == (409, [])
    assert f"security profile is {security_profile}" in answer.json()["detail"]


def test_unknown_station_gets_no_key(keys_api, commands):
    answer = keys_api.post("/stations/nowhere/key-rotations", role=Role.ADMINISTRATOR)

    assert (answer.status_code, commands.sent) == (404, [])
