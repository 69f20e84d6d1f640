"""When the energy of sessions flowed, by their meters' readings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from twinev.domain.usage import Span
from twinev.services.analysis.quarters import energy_of_quarters
from twinev.services.ports.analysis import CountedSession, QuarterReadings
from twinev.services.read_meters import EXPORT_REGISTER, REGISTER

START = datetime(2026, 10, 5, 8, tzinfo=UTC)
HOUR = Span(name="an hour", start=START, end=START + timedelta(hours=1))
SESSION = CountedSession(
    id="one",
    started_at=START,
    ended_at=HOUR.end,
    measured_at=HOUR.end,
    energy_kwh=8.0,
    returned_kwh=0.0,
    meter_start_kwh=100.0,
    export_start_kwh=None,
)


def read(minute: float, kwh: float, *, measurand: str = REGISTER, until: float | None = None, to: float | None = None):
    return QuarterReadings(
        session_id="one",
        measurand=measurand,
        first_at=START + timedelta(minutes=minute),
        last_at=START + timedelta(minutes=minute if until is None else until),
        lowest_kwh=kwh,
        highest_kwh=kwh if to is None else to,
    )


def test_session_without_readings_gives_its_energy_evenly():
    assert energy_of_quarters([SESSION], [], HOUR) == pytest.approx((2.0, 2.0, 2.0, 2.0))


def test_readings_say_when_it_flowed():
    readings = [read(15, 105.0, until=20, to=106.0)]

    # Five kWh in the first quarter, one in five minutes of the second, then two in the forty minutes that are left.
    assert energy_of_quarters([SESSION], readings, HOUR) == pytest.approx((5.0, 1.5, 0.75, 0.75))


@pytest.mark.parametrize("wrong", [read(15, 90.0), read(15, 200.0), read(75, 101.0)])
def test_reading_that_cannot_be_is_left_out(wrong):
    assert energy_of_quarters([SESSION], [wrong], HOUR) == pytest.approx((2.0, 2.0, 2.0, 2.0))


def test_register_that_goes_back_is_left_out():
    readings = [read(15, 105.0), read(30, 103.0)]

    assert energy_of_quarters([SESSION], readings, HOUR) == pytest.approx((5.0, 1.0, 1.0, 1.0))


def test_first_reading_is_the_begin_where_the_station_told_none():
    session = replace(SESSION, meter_start_kwh=None)

    assert energy_of_quarters([session], [read(0, 50.0), read(30, 56.0)], HOUR) == pytest.approx((3.0, 3.0, 1.0, 1.0))


def test_energy_given_back_is_negative_where_it_flowed():
    session = replace(SESSION, energy_kwh=4.0, returned_kwh=2.0, export_start_kwh=7.0)
    readings = [read(45, 7.0, measurand=EXPORT_REGISTER), read(30, 106.0)]

    assert energy_of_quarters([session], readings, HOUR) == pytest.approx((3.0, 3.0, 0.0, -2.0))


def test_session_beyond_the_day_counts_with_its_part():
    session = replace(SESSION, started_at=START - timedelta(hours=1), ended_at=HOUR.end + timedelta(hours=2))

    assert sum(energy_of_quarters([session], [], HOUR)) == pytest.approx(2.0)


def test_session_under_way_counts_as_far_as_it_was_measured():
    session = replace(SESSION, ended_at=None, measured_at=START + timedelta(minutes=30))

    assert energy_of_quarters([session], [], HOUR) == pytest.approx((4.0, 4.0, 0.0, 0.0))


def test_readings_of_a_session_that_nobody_counts_are_passed_over():
    assert energy_of_quarters([], [read(15, 105.0)], HOUR) == (0.0, 0.0, 0.0, 0.0)


def test_hour_that_has_not_come_whole_has_fewer_quarters():
    now = START + timedelta(minutes=20)
    session = replace(SESSION, ended_at=None, measured_at=now)

    assert energy_of_quarters([session], [], replace(HOUR, end=now)) == pytest.approx((6.0, 2.0))
