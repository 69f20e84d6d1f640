"""Usage metrics give nobody away: five people in every cell, and in what is left of a month; days of every length."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.usage import (
    LEAST_USERS,
    Span,
    day_of,
    days_in_month,
    energy_by_quarter,
    month_of,
    months_back,
    peak_kw,
    shown_days,
)

users = st.frozensets(st.sampled_from("abcdefghij"), max_size=8)
months = st.lists(users, max_size=31)


@given(months)
def test_shown_day_holds_five_people(users_of_day):
    assert all(len(users_of_day[place]) >= LEAST_USERS for place in shown_days(users_of_day))


@given(months)
def test_month_less_the_shown_days_holds_nobody_or_five_people(users_of_day):
    shown = shown_days(users_of_day)

    left = frozenset().union(*(found for place, found in enumerate(users_of_day) if place not in shown))
    assert not left or not shown or len(left) >= LEAST_USERS


def test_lone_small_day_takes_the_smallest_other_with_it():
    users_of_day = [frozenset("abcdefg"), frozenset("a"), frozenset("abcde"), frozenset()]

    assert shown_days(users_of_day) == {0}


def test_days_without_anybody_hide_no_other():
    assert shown_days([frozenset("abcde"), frozenset(), frozenset("fghij")]) == {0, 2}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 1), 24)])
def test_day_is_as_long_as_the_clock_has_it(day, hours):
    assert day_of(day, time_zone="Europe/Amsterdam").hours == hours


@given(st.dates(date(2001, 1, 1), date(2100, 1, 1)), st.sampled_from(["Europe/Amsterdam", "UTC", "America/New_York"]))
def test_days_fill_their_month_without_a_gap(day, time_zone):
    month, days = month_of(day, time_zone=time_zone), days_in_month(day, time_zone=time_zone)

    assert (days[0].start, days[-1].end) == (month.start, month.end)
    assert all(one.end == other.start for one, other in pairwise(days))


def test_months_back_are_those_before_this_one():
    assert months_back(date(2026, 2, 28), 3) == [date(2026, 1, 1), date(2025, 12, 1), date(2025, 11, 1)]


START = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = Span(name="2026-11", start=START, end=START + timedelta(days=30))
energies = st.lists(
    st.builds(
        lambda begin, length, kwh: (START + timedelta(seconds=begin), START + timedelta(seconds=begin + length), kwh),
        st.integers(0, 20_000),
        st.integers(1, 5_000),
        st.floats(0, 100),
    ),
    min_size=1,
    max_size=10,
)


@given(energies)
def test_peak_lies_between_the_mean_and_all_at_once(energy_in):
    total_kwh = sum(kwh for _, _, kwh in energy_in)

    peak = peak_kw(energy_by_quarter(energy_in, SPAN), SPAN)

    # Everything lies in the first 28 quarters.
    assert total_kwh * 4 / 28 - 1e-6 <= peak <= total_kwh * 4 + 1e-6


@given(energies)
def test_quarters_hold_all_the_energy(energy_in):
    by_quarter = energy_by_quarter(energy_in, SPAN)

    assert sum(by_quarter.values()) == pytest.approx(sum(kwh for _, _, kwh in energy_in), abs=1e-6)
    assert all((start - START) % timedelta(minutes=15) == timedelta(0) for start in by_quarter)


def test_peak_counts_what_flows_in_one_quarter_together():
    quarter = timedelta(minutes=15)
    energy_in = [
        (START, START + 2 * quarter, 4.0),
        (START + quarter, START + 2 * quarter, 3.0),
        (START - quarter, START, 50.0),
    ]

    assert peak_kw(energy_by_quarter(energy_in, SPAN), SPAN) == pytest.approx((2 + 3) * 4)


def test_peak_of_no_meter_is_unknown():
    assert peak_kw({}, SPAN) is None


def test_span_settles_two_days_after_its_end():
    assert not SPAN.settled(SPAN.end + timedelta(hours=47))
    assert SPAN.settled(SPAN.end + timedelta(hours=48))
