"""How a session went, slot by slot: its energy adds up, its cost is the bill's, its plan is what the station had."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from charged_sessions import START, Station

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.plan import PLANNING, SentCommand
from twinev.domain.tariffs import PriceComponent, Tariff, TariffAssignment, TariffDimension, TariffElement
from twinev.services.profile_records import profile_to_record

MINUTE = timedelta(minutes=1)


@pytest.fixture
def charged(database) -> str:
    """Half an hour of 5 kWh, half an hour of 1 kWh; 0.30 per kWh, a fee of 1."""
    day = TariffElement(
        price_components=(
            PriceComponent(type=TariffDimension.ENERGY, price=Decimal("0.30"), vat_percent=Decimal(21)),
            PriceComponent(type=TariffDimension.FLAT, price=Decimal(1), vat_percent=Decimal(21)),
        )
    )
    tariff = Tariff(
        id="day", version=1, name="Day", currency="EUR", elements=(day,), valid_from=START, published_at=START,
        published_by="olga",
    )  # fmt: skip
    with database.unit_of_work() as work:
        work.tariffs.add(tariff)
        work.tariffs.assign(TariffAssignment(site_id="s", tariff_id="day", since=START, assigned_by="olga"))
        work.commit()
    return Station(database=database).charge()


def told(number: int, *kw: float, minute: float, purpose=ProfilePurpose.TX, **changed: object) -> SentCommand:
    """A profile of quarter hours that the station accepted at this minute."""
    profile = ChargingProfile(
        id=number, purpose=purpose, stack_level=1, evse_id=1,
        ocpp_transaction_id="1" if purpose is ProfilePurpose.TX else None,
        schedule=ChargingSchedule(
            start=START,
            periods=tuple(SchedulePeriod(start_seconds=900 * place, limit_kw=kw) for place, kw in enumerate(kw)),
            duration_seconds=900 * len(kw),
        ),
    )  # fmt: skip
    at = START + minute * MINUTE
    fields = {
        "id": f"c{number}", "station_id": "A", "action": "SetChargingProfile", "issued_by": PLANNING, "sent_at": at,
        "answered_at": at, "outcome": "accepted", "payload": {"profile": profile_to_record(profile)},
    }  # fmt: skip
    return SentCommand(**fields | changed)


def keep(database, *commands: SentCommand) -> None:
    with database.unit_of_work() as work:
        for command in commands:
            work.commands.save(command)
        work.commit()


def course_of(api, session_id: str, **options) -> dict:
    return api.get(f"/sessions/{session_id}/course", **options).raise_for_status().json()


def test_slots_hold_the_whole_energy(api, charged) -> None:
    course = course_of(api, charged)

    assert course["slot_minutes"] == 15
    assert [slot["energy_kwh"] for slot in course["slots"]] == pytest.approx([2.5, 2.5, 0.5, 0.5])
    assert [slot["power_kw"] for slot in course["slots"]] == pytest.approx([10, 10, 2, 2])
    assert [reading["energy_kwh"] for reading in course["readings"]] == pytest.approx([0, 5, 6])


def test_costs_of_the_slots_and_the_rest_are_the_bill(api, charged) -> None:
    course, bill = course_of(api, charged), api.get(f"/sessions/{charged}/progress").json()["cost"]

    costs = [Decimal(slot["cost_excl_vat"]) for slot in course["slots"]]
    assert costs == [Decimal("0.75"), Decimal("0.75"), Decimal("0.15"), Decimal("0.15")]
    assert sum(costs) + Decimal(course["other_excl_vat"]) == Decimal(bill["total"]["excl_vat"]) == Decimal("2.80")
    assert course["total_incl_vat"] == bill["total"]["incl_vat"]


def test_plan_is_what_the_station_had_accepted_until_the_next_one(api, charged, database) -> None:
    keep(
        database,
        told(1, 11, 11, 11, 11, minute=0),
        told(2, 99, 99, 99, 99, minute=5, outcome="rejected"),
        told(3, 11, 11, 4, 2, minute=22.5),
        told(4, 1, 1, 1, 1, minute=23, purpose=ProfilePurpose.TX_DEFAULT),
    )

    course = course_of(api, charged)

    assert [slot["planned_kw"] for slot in course["slots"]] == pytest.approx([11, 11, 4, 2])
    assert [step["limit_kw"] for step in course["planned"]] == [11, 4, 2]


def test_plan_is_as_it_was_rounded_for_the_station(api, charged, database) -> None:
    command = told(1, 11, minute=0)
    rounded = told(1, 10.9, minute=0).payload["profile"]
    keep(database, SentCommand(**{**vars(command), "payload": {**command.payload, "sent": rounded}}))

    assert course_of(api, charged)["slots"][0]["planned_kw"] == pytest.approx(10.9)


def test_slot_without_a_plan_says_so(api, charged, database) -> None:
    keep(database, told(1, 11, minute=30))

    assert [slot["planned_kw"] for slot in course_of(api, charged)["slots"]] == [None, None, None, None]


def test_running_session_shows_the_plan_ahead(api, database, clock) -> None:
    station = Station(database=database)
    station.begin()
    station.measure(m10=1.0)
    keep(database, told(1, 11, 5, 7, minute=0))
    clock.instant = START + 10 * MINUTE

    course = course_of(api, station.session_id())

    assert [step["limit_kw"] for step in course["planned"]] == [11, 5, 7, None]
    assert sum(slot["energy_kwh"] for slot in course["slots"]) == pytest.approx(1.0)


def test_session_that_was_never_measured_has_no_slots(api, database) -> None:
    station = Station(database=database)
    station.begin()

    assert course_of(api, station.session_id())["slots"] == []


def test_slots_of_a_session_of_weeks_are_joined(api, database) -> None:
    station = Station(database=database)
    station.begin()
    station.end(at=60 * 24 * 30, kwh=100.0)

    course = course_of(api, station.session_id())

    assert course["slot_minutes"] == 15 * 8
    assert sum(slot["energy_kwh"] for slot in course["slots"]) == pytest.approx(100.0)


def test_grid_operator_sees_power_and_no_bill(api, charged) -> None:
    course = course_of(api, charged, role="grid_operator")

    assert course["slots"][0]["power_kw"] == pytest.approx(10)
    assert course["slots"][0]["cost_excl_vat"] is None
    assert course["total_incl_vat"] is None


def test_other_drivers_find_no_course(api, charged) -> None:
    assert api.get(f"/sessions/{charged}/course", role="driver:emil").status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"find": "CARD"}, ["2", "1"]),
        ({"find": "card another"}, ["2"]),
        ({"find": "nobody"}, []),
        ({"find": "EVDisconnected"}, ["1"]),
        ({"since": (START + MINUTE).isoformat()}, ["2"]),
        ({"until": (START + MINUTE).isoformat()}, ["1"]),
    ],
)
def test_sessions_are_found_by_what_was_asked(api, database, asked, found) -> None:
    Station(database=database).charge("1")
    # A word may begin an id, which is any hexadecimal number: "another" never does.
    Station(database=database, id="B").begin("2", id_token="card of another", at=90)

    items = api.get("/sessions", params=asked).json()["items"]

    assert [session["ocpp_transaction_id"] for session in items] == found
