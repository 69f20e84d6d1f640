"""The times of departure that a page offers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from twinev.api.routers.driver.departures import departures

NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)


def test_departures_are_quarters_of_an_hour_and_the_last_possible_one():
    offered = departures(NOW, datetime(2026, 11, 22, 19, 10, tzinfo=UTC))

    assert [f"{one.at:%H:%M}" for one in offered] == ["18:30", "18:45", "19:00", "19:10"]
    assert [one.duration for one in offered] == ["26 min", "41 min", "56 min", "1 h 06"]


def test_departures_far_ahead_are_an_hour_apart():
    offered = departures(NOW, NOW + timedelta(hours=24))

    steps = {later.at - earlier.at for earlier, later in pairwise(offered[:-1])}
    assert steps == {timedelta(minutes=15), timedelta(hours=1)}
    assert len(offered) < 50


@given(later_by_seconds=st.integers(0, 100_000_000), minutes=st.integers(1, 24 * 60))
def test_departures_lie_ahead_in_order_and_end_with_the_last(later_by_seconds, minutes):
    now = NOW + timedelta(seconds=later_by_seconds)
    latest = now + timedelta(minutes=minutes)

    instants = [one.at for one in departures(now, latest)]

    assert instants == sorted(set(instants))
    assert instants[0] > now
    assert instants[-1] == latest
