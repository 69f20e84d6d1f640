"""What holds at a station: taken in from its facts and the commands on record, and shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import CompositeSchedule
from twinev.domain.facts import ChargingAbilitiesReported, ChargingLimitNotified, StationFact
from twinev.domain.plan import SentCommand
from twinev.domain.station_fault import FaultCause, StationFault
from twinev.services.compare_composite import differences
from twinev.services.profile_records import composite_to_record, profile_to_record
from twinev.services.record_facts import record_facts

START = datetime(2026, 11, 22, 18, tzinfo=UTC)


def schedule(*steps, duration_seconds=None):
    periods = tuple(SchedulePeriod(start_seconds=seconds, limit_kw=kw) for seconds, kw in steps)
    return ChargingSchedule(start=START, periods=periods, duration_seconds=duration_seconds)


def take_in(database, *facts):
    wrapped = [
        StationFact(station_id="A", protocol="ocpp2.0.1", action="x", key=str(number), received_at=START, fact=fact)
        for number, fact in enumerate(facts)
    ]
    with database.unit_of_work() as work:
        record_facts(wrapped, work=work)
        work.commit()


def events(database):
    with database.reading() as work:
        return [(event.kind, event.data) for event in work.outbox.pending(100)]


def notified(**changes):
    values = {"evse_id": 0, "timestamp": START, "source": "EMS", "schedule": schedule((0, 6.0))} | changes
    return ChargingLimitNotified(**values)


def test_limit_of_others_is_shown_and_told_of_until_it_is_cleared(api, database):
    take_in(database, notified(grid_critical=True), notified(source="SO", schedule=None, evse_id=1))

    shown = api.get("/stations/A/limits").json()

    assert [(one["evse_id"], one["source"], one["grid_critical"]) for one in shown["external_limits"]] == [
        (0, "EMS", True),
        (1, "SO", False),
    ]
    assert shown["external_limits"][0]["steps"][0]["limit_kw"] == 6.0
    assert shown["evses"][0]["expected"][0]["limit_kw"] == 6.0
    assert ("station.limited", "EMS") in [(kind, data.get("source")) for kind, data in events(database)]

    record = StationFact(
        station_id="A",
        protocol="ocpp2.0.1",
        action="x",
        key="cleared",
        received_at=START,
        fact=ChargingLimitNotified(evse_id=0, timestamp=START, source="EMS", cleared=True),
    )
    with database.unit_of_work() as work:
        record_facts([record], work=work)
        work.commit()
    assert [one["source"] for one in api.get("/stations/A/limits").json()["external_limits"]] == ["SO"]
    assert events(database)[-1][0] == "station.limit_cleared"


LATER = START + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (notified(timestamp=LATER), 1),
        (notified(timestamp=LATER, schedule=replace(schedule((0, 6.0)), start=LATER)), 1),
        (notified(timestamp=LATER, schedule=schedule((0, 3.0), (240, 6.0))), 1),
        (notified(timestamp=LATER, schedule=schedule((0, 7.0))), 2),
        (notified(timestamp=LATER, schedule=schedule((0, 6.0), (3600, 3.0))), 2),
        (notified(timestamp=LATER, schedule=schedule((0, 6.0), duration_seconds=3600)), 2),
        (notified(timestamp=LATER, schedule=None), 2),
        (notified(timestamp=LATER, grid_critical=True), 2),
        (notified(timestamp=LATER, source="SO"), 2),
        (notified(timestamp=LATER, evse_id=1), 2),
    ],
    ids=["same", "same from now on", "other before", "other", "other later", "ends", "open", "critical", "SO", "EVSE"],
)
def test_limit_of_others_is_told_of_where_it_says_something_new(database, again, told):
    take_in(database, notified(), again)

    assert [kind for kind, _ in events(database)] == ["station.limited"] * told


def test_limit_that_is_cleared_twice_is_told_of_once(database):
    cleared = notified(schedule=None, cleared=True)
    take_in(database, notified(), cleared, replace(cleared, timestamp=LATER))

    assert [kind for kind, _ in events(database)] == ["station.limited", "station.limit_cleared"]


def test_abilities_are_kept_and_news_of_them_told_once(database):
    abilities = ChargingAbilitiesReported(timestamp=START, max_profiles=3, discharging_evses=(1,))
    take_in(
        database,
        abilities,
        ChargingAbilitiesReported(timestamp=START + timedelta(hours=1), max_profiles=3, discharging_evses=(1,)),
    )

    with database.reading() as work:
        known = work.abilities.of(["A"])["A"]
    assert (known.max_profiles, known.discharging_evses) == (3, frozenset({1}))
    assert [kind for kind, _ in events(database)] == ["station.abilities"]


@pytest.mark.parametrize("path", ["/stations", "/stations/A", "/stations/A/limits"])
def test_station_that_does_not_follow_is_shown_with_cause_and_reason(api, database, path):
    fault = StationFault(station_id="A", cause=FaultCause.TIMEOUT, reason="no answer", since=START)
    with database.unit_of_work() as work:
        work.station_faults.save(fault)
        work.commit()

    shown = api.get(path).json()

    station = shown["items"][0] if path == "/stations" else shown
    assert station["not_following"] == {"cause": "timeout", "reason": "no answer", "since": "2026-11-22T18:00:00Z"}


def test_profiles_report_and_their_difference_are_shown(api, database):
    fallback = ChargingProfile(
        id=11, purpose=ProfilePurpose.TX_DEFAULT, stack_level=0, evse_id=1, schedule=schedule((0, 4.0), (900, 2.0))
    )
    composite = CompositeSchedule(
        evse_id=1, start=START, duration_seconds=1800, periods=(SchedulePeriod(start_seconds=0, limit_kw=3.0),)
    )
    found = differences(composite, [fallback], transaction=None, until=START + timedelta(hours=1))
    common = {"station_id": "A", "issued_by": "planning", "outcome": "accepted"}
    with database.unit_of_work() as work:
        work.commands.save(
            SentCommand(
                id="1",
                action="SetChargingProfile",
                payload={"profile": profile_to_record(fallback)},
                sent_at=START,
                answered_at=START,
                **common,
            )
        )
        work.commands.save(
            SentCommand(
                id="2",
                action="GetCompositeSchedule",
                payload={
                    "evse_id": 1,
                    "duration_seconds": 1800,
                    "composite": composite_to_record(composite),
                    "differences": [one.to_record() for one in found],
                },
                sent_at=START + timedelta(seconds=1),
                **common,
            )
        )
        work.commit()

    (evse,) = api.get("/stations/A/limits").json()["evses"]

    assert [(one["purpose"], one["id"], one["stack_level"]) for one in evse["profiles"]] == [
        ("TxDefaultProfile", 11, 0)
    ]
    assert [step["limit_kw"] for step in evse["expected"]] == [4.0, 2.0]
    assert [step["limit_kw"] for step in evse["reported"]] == [3.0]
    assert [(d["expected_kw"], d["reported_kw"]) for d in evse["differences"]] == [(4.0, 3.0), (2.0, 3.0)]


def test_drivers_are_not_shown_the_limits_of_stations(api):
    assert api.get("/stations/A/limits", role="driver").status_code == 403
