"""What the planner is told, and when: last usable words, cautious assumptions, clipped requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinev.services.replay.record import DriverInput
from twinev.services.replay.wishes import Assumption, assume_from_history, wish_at

DAY = datetime(2026, 3, 4, tzinfo=UTC)
ASSUMED = Assumption(energy_kwh=5.0, stay=timedelta(hours=2), basis="a test's")


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def says(hour: float, kwh: float | None, departure: float | None) -> DriverInput:
    return DriverInput(told_at=at(hour), energy_kwh=kwh, departure_at=None if departure is None else at(departure))


def test_wish_is_what_the_driver_said_last(record):
    session = record("A", 8, 16, 9.0, inputs=(says(8, 10.0, 12), says(9, 14.0, 15)))

    wish = wish_at(session, at(10), evse_kw=7.0, assumption=ASSUMED)

    assert (wish.energy_kwh, wish.departure_at) == (14.0, at(15))
    assert not wish.energy_assumed
    assert not wish.departure_assumed


def test_words_of_the_future_are_not_known(record):
    session = record("A", 8, 16, 9.0, inputs=(says(8, 10.0, 12), says(9, 14.0, 15)))

    assert wish_at(session, at(8.5), evse_kw=7.0, assumption=ASSUMED).energy_kwh == 10.0


def test_words_before_the_plug_in_count_from_the_plug_in(record):
    session = record("A", 8, 16, 9.0, inputs=(says(7.9, 10.0, 12),))

    assert wish_at(session, at(8), evse_kw=7.0, assumption=ASSUMED).energy_kwh == 10.0


def test_silent_driver_is_assumed_to_want_little_time(record):
    wish = wish_at(record("A", 8, 16, 9.0), at(8), evse_kw=7.0, assumption=ASSUMED)

    assert (wish.energy_kwh, wish.departure_at) == (5.0, at(10))
    assert wish.energy_assumed
    assert wish.departure_assumed


@pytest.mark.parametrize("departure", [7, 8])
def test_departure_not_after_arrival_is_ignored_but_the_energy_is_not(record, departure):
    session = record("A", 8, 16, 9.0, inputs=(says(8, 10.0, departure),))

    wish = wish_at(session, at(8), evse_kw=7.0, assumption=ASSUMED)

    assert (wish.energy_kwh, wish.departure_at) == (10.0, at(10))
    assert wish.departure_assumed


@pytest.mark.parametrize("kwh", [0.0, -3.0, float("nan"), float("inf"), None])
def test_unusable_request_leaves_the_one_before_it(record, kwh):
    session = record("A", 8, 16, 9.0, inputs=(says(8, 10.0, 12), says(9, kwh, 13)))

    wish = wish_at(session, at(9), evse_kw=7.0, assumption=ASSUMED)

    assert (wish.energy_kwh, wish.departure_at) == (10.0, at(13))


def test_request_is_clipped_to_what_the_evse_can_give(record):
    session = record("A", 8, 16, 9.0, inputs=(says(8, 60.0, 10),))

    wish = wish_at(session, at(8), evse_kw=7.0, assumption=ASSUMED)

    assert (wish.energy_kwh, wish.asked_kwh) == (pytest.approx(14.0), 60.0)


def test_assumption_is_fixed_without_enough_history(record):
    assumption = assume_from_history([record("A", 8, 9, 6.0)] * 19, at(24))

    assert (assumption.energy_kwh, assumption.stay) == (20.0, timedelta(hours=4))


def test_assumption_is_cautious_about_silent_drivers_of_the_past(record):
    talkers = [record(f"T{n}", 8, 18, 40.0, says=(40.0, 18)) for n in range(40)]
    silent = [record(f"S{n}", 8, 8 + n / 10, float(n)) for n in range(1, 21)]

    assumption = assume_from_history([*talkers, *silent], at(24))

    assert assumption.energy_kwh == 18.0
    assert assumption.stay == pytest.approx(timedelta(hours=0.2), abs=timedelta(seconds=1))


def test_assumption_knows_nothing_of_the_day_itself(record):
    past = [record(f"P{n}", 1, 2, 3.0) for n in range(20)]
    today = [record(f"N{n}", 8, 20, 30.0) for n in range(200)]

    assert assume_from_history([*past, *today], at(6)).energy_kwh == 3.0
