"""What a station reports, beside what its profiles come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twinev.domain.charging_profile import ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod
from twinev.domain.commands import CompositeSchedule
from twinev.domain.composite_schedule import RunningTransaction
from twinev.services.compare_composite import differences

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
TRANSACTION = RunningTransaction(ocpp_transaction_id="7", started_at=NOON)


def periods(*steps):
    return tuple(SchedulePeriod(start_seconds=seconds, limit_kw=kw) for seconds, kw in steps)


def profile(purpose, *steps, evse_id=1, duration_seconds=None):
    return ChargingProfile(
        id=1,
        purpose=purpose,
        stack_level=0,
        evse_id=evse_id,
        ocpp_transaction_id="7" if purpose is ProfilePurpose.TX else None,
        schedule=ChargingSchedule(start=NOON, periods=periods(*steps), duration_seconds=duration_seconds),
    )


TOLD = [
    profile(ProfilePurpose.STATION_MAX, (0, 10.0), evse_id=0),
    profile(ProfilePurpose.TX_DEFAULT, (0, 4.0)),
    profile(ProfilePurpose.TX, (0, 11.0), (900, 6.0), duration_seconds=1800),
]


def found(*steps, seconds=3600, told=TOLD):
    composite = CompositeSchedule(evse_id=1, start=NOON, duration_seconds=seconds, periods=periods(*steps))
    return [
        (round((d.start - NOON).total_seconds()), round((d.end - NOON).total_seconds()), d.expected_kw, d.reported_kw)
        for d in differences(composite, told, transaction=TRANSACTION, until=NOON + timedelta(hours=1))
    ]


def test_report_that_follows_the_model_has_no_difference():
    assert found((0, 10.0), (900, 6.0), (1800, 4.0)) == []


def test_report_above_what_the_profiles_come_to_is_told_with_its_time():
    assert found((0, 11.0), (900, 6.0), (1800, 4.0)) == [(0, 900, 10.0, 11.0)]


def test_report_below_is_a_difference_too():
    (difference,) = differences(
        CompositeSchedule(evse_id=1, start=NOON, duration_seconds=900, periods=periods((0, 3.7))),
        TOLD,
        transaction=TRANSACTION,
        until=NOON + timedelta(hours=1),
    )

    assert not difference.higher
    assert difference.reported_kw == 3.7


def test_rounding_and_a_few_seconds_make_no_difference():
    assert found((0, 9.936), (904, 6.0), (1796, 4.05)) == []


def test_station_that_forgets_the_end_of_the_plan_is_seen():
    assert found((0, 10.0), (900, 6.0)) == [(1800, 3600, 4.0, 6.0)]


def test_equal_differences_that_touch_are_one():
    told = [profile(ProfilePurpose.TX_DEFAULT, (0, 4.0), (600, 4.0 + 1e-12))]

    assert len(found((0, 9.0), seconds=1200, told=told)) >= 1
    assert found((0, 9.0), (300, 9.0), seconds=600, told=TOLD[1:2]) == [(0, 600, 4.0, 9.0)]
