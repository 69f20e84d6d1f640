"""Who may connect, boot and charge; how stations are registered, and the demonstration is set up."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from twinev.domain.facts import AuthorizeQuestion, BootQuestion, ConnectQuestion
from twinev.domain.tariff import SeriesKind
from twinev.errors import Conflict, NotFound
from twinev.services.add_station import add_station
from twinev.services.answer_stations import AnswerStations
from twinev.services.set_up_demo import set_up_demo
from twinev.services.station_keys import key_hmac

SECRET = "a secret key of the tests"


@pytest.fixture
def answers_of(database, clock):
    def build(*, open_enrolment: bool = False) -> AnswerStations:
        return AnswerStations(
            unit_of_work=database.unit_of_work,
            reading=database.reading,
            clock=clock,
            secret_key=SECRET,
            open_enrolment=open_enrolment,
        )

    return build


@pytest.fixture
def key(database) -> str:
    with database.unit_of_work() as work:
        added = add_station("NEW", site_id="s", work=work, secret_key=SECRET, evse_count=2, phases=1)
        work.commit()
    return added.key


def connect(station_id: str = "NEW", password: str | None = None, **changes) -> ConnectQuestion:
    question = ConnectQuestion(
        station_id=station_id,
        security_profile=0 if password is None else 1,
        username=None if password is None else station_id,
        password=password,
    )
    return replace(question, **changes)


def test_station_with_its_key_is_accepted(answers_of, key):
    answer = answers_of().connect(connect(password=key))
    assert (answer.verdict, answer.evse_count, answer.phases) == ("accepted", 2, 1)


@pytest.mark.parametrize("open_enrolment", [False, True])
@pytest.mark.parametrize(
    "changes",
    [{"password": "wrong", "username": "NEW"}, {"password": None}, {"username": "A"}, {"username": None}],
)
def test_registered_station_never_connects_without_its_key(answers_of, key, changes, open_enrolment):
    question = replace(connect(password=key), **changes)
    assert answers_of(open_enrolment=open_enrolment).connect(question).verdict == "unauthorised"


def test_station_of_a_tls_profile_is_refused_on_the_plain_port(answers_of, database, key):
    with database.unit_of_work() as work:
        work.stations.save(replace(work.stations.get("NEW"), security_profile=2))
        work.commit()

    assert answers_of().connect(connect(password=key)).verdict == "unauthorised"
    assert answers_of().connect(connect(password=key, security_profile=2)).verdict == "accepted"


def test_unknown_station_is_unknown(answers_of):
    assert answers_of().connect(connect("stranger")).verdict == "unknown"


def test_open_enrolment_takes_an_unknown_station_in(answers_of, database):
    assert answers_of(open_enrolment=True).connect(connect("stranger")).verdict == "accepted"

    with database.reading() as work:
        assert work.stations.get("stranger").site_id == "enrolled"
    assert answers_of().connect(connect("stranger")).verdict == "accepted"


def test_enrolled_station_keeps_the_key_that_it_came_with(answers_of):
    answers = answers_of(open_enrolment=True)
    answers.connect(connect("stranger", password="its own key"))

    assert answers.connect(connect("stranger", password="its own key")).verdict == "accepted"
    assert answers.connect(connect("stranger", password="another")).verdict == "unauthorised"
    assert answers.connect(connect("stranger")).verdict == "unauthorised"


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ({"security_profile": 2, "password": "its own key"}, "accepted"),
        ({"security_profile": 2}, "unknown"),
        ({"security_profile": 2, "password": "its own key", "username": "another"}, "unknown"),
        ({"security_profile": 1, "password": ""}, "unknown"),
        ({"security_profile": 3}, "accepted"),
    ],
)
def test_station_is_enrolled_under_the_profile_that_it_comes_with(answers_of, database, question, verdict):
    answers, asked = answers_of(open_enrolment=True), replace(connect("stranger", password="x"), password=None)
    asked = replace(asked, **question)

    assert answers.connect(asked).verdict == verdict
    if verdict == "accepted":
        with database.reading() as work:
            assert work.stations.get("stranger").security_profile == asked.security_profile
        assert answers.connect(asked).verdict == "accepted"
        assert answers.connect(replace(asked, security_profile=1)).verdict == "unauthorised"


def test_station_that_is_registered_meanwhile_is_not_enrolled(answers_of, database):
    answers = answers_of(open_enrolment=True)
    enter, registered = database.unit_of_work, []

    def registered_first():
        # Between the look and the taking in, an operator registers the station with a key.
        if not registered:
            registered.append(True)
            with enter() as work:
                add_station("stranger", site_id="s", work=work, secret_key=SECRET)
                work.commit()
        return enter()

    answers._unit_of_work = registered_first

    assert answers.connect(connect("stranger")).verdict == "unauthorised"
    with database.reading() as work:
        assert work.stations.get("stranger").site_id == "s"


def test_key_is_not_kept_and_its_hmac_is_of_one_station(database, key):
    with database.reading() as work:
        kept = work.stations.key_hmac("NEW")
    assert kept == key_hmac(SECRET, "NEW", key)
    assert key.encode() not in kept
    assert kept != key_hmac(SECRET, "A", key)
    assert kept != key_hmac("another secret", "NEW", key)


def test_station_is_registered_once(database, key):
    with database.unit_of_work() as work, pytest.raises(Conflict, match="NEW"):
        add_station("NEW", site_id="s", work=work, secret_key=SECRET)
    with database.unit_of_work() as work, pytest.raises(NotFound, match="nowhere"):
        add_station("OTHER", site_id="nowhere", work=work, secret_key=SECRET)


def test_boot_notes_what_the_station_is(answers_of, database, clock):
    boot = BootQuestion(station_id="A", protocol="ocpp2.0.1", vendor="Vendor", model="Model")
    answer = answers_of().boot(boot)

    assert (answer.status, answer.current_time) == ("Accepted", clock.now())
    with database.reading() as work:
        station = work.stations.get("A")
    assert (station.protocol, station.vendor, station.model) == ("ocpp2.0.1", "Vendor", "Model")
    assert answers_of().boot(replace(boot, station_id="stranger")).status == "Rejected"


@pytest.mark.parametrize(
    ("token", "status"), [("card", "Accepted"), ("CARD", "Accepted"), ("stolen", "Blocked"), ("x", "Invalid")]
)
def test_card_is_judged_by_what_is_known_of_it(answers_of, token, status):
    assert answers_of().authorize(AuthorizeQuestion(station_id="A", id_token=token)).status == status


# ── The demonstration ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def fleet():
    return json.loads((files("twinev.simulator") / "demo_fleet.json").read_text(encoding="utf-8"))


@pytest.fixture
def set_up(empty_database, clock, fleet):
    def run(keep) -> bool:
        return set_up_demo(
            fleet,
            unit_of_work=empty_database.unit_of_work,
            clock=clock,
            secret_key=SECRET,
            gateway_url="ws://127.0.0.1:9000/ocpp",
            keep_fleet=keep,
        )

    return run


def test_demonstration_is_set_up_once(set_up, empty_database, fleet):
    kept = []

    assert set_up(kept.append)
    assert not set_up(kept.append)

    (told,) = kept
    assert [station["id"] for station in told["stations"]] == [station["id"] for station in fleet["stations"]]
    assert len({station["key"] for station in told["stations"]}) == len(fleet["stations"])
    with empty_database.reading() as work:
        assert len(work.stations.list()) == len(fleet["stations"])
        assert work.tokens.status(fleet["id_tokens"][0]) == "Accepted"
        first = told["stations"][0]
        assert work.stations.key_hmac(first["id"]) == key_hmac(SECRET, first["id"], first["key"])


def test_demonstration_whose_keys_cannot_be_kept_is_not_set_up(set_up, empty_database):
    def full(_fleet) -> None:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        set_up(full)

    with empty_database.reading() as work:
        assert work.sites.list() == []


def test_demonstration_has_curves_of_today_and_tomorrow(set_up, empty_database, clock):
    set_up(lambda _fleet: None)

    midnight = clock.now().replace(hour=0)
    with empty_database.reading() as work:
        (site, *_) = work.sites.list()

        def two_days(kind, subject):
            return work.series.values(kind, subject, midnight, step_minutes=60, count=48)

        prices = two_days(SeriesKind.PRICE, site.price_zone)
        production = two_days(SeriesKind.PRODUCTION, site.id)
        demand = two_days(SeriesKind.DEMAND, site.id)
    assert None not in prices + production + demand
    assert max(prices) > 2 * min(prices)
    assert min(production) == production[0] == 0 < production[12] < site.supply_max_kw
    assert all(0 < value < site.supply_max_kw for value in demand)
