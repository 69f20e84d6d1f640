"""Days and times on the drivers' forms: the place's own clock, also on the days when it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.api.local_times import day_and_clock, days_ahead, instant_of, next_step, window_text
from twinev.domain.time_window import STEP, TimeWindow
from twinev.errors import BadInput

ZONE = "Europe/Amsterdam"
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "clock", "instant"),
    [
        ("2026-12-01", "14:30", datetime(2026, 12, 1, 13, 30, tzinfo=UTC)),
        ("2026-07-01", "14:30", datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
        # The clocks go forward at 02:00 on that day.
        ("2026-03-29", "01:30", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("2026-03-29", "03:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_wall_clock_of_the_place_is_understood(day, clock, instant):
    assert instant_of(day, clock, ZONE) == instant


@pytest.mark.parametrize(
    ("day", "clock"), [("", ""), ("2026-13-01", "10:00"), ("2026-12-01", "25:00"), ("x", "y"), ("9999-12-31", "23:00")]
)
def test_no_day_or_no_time_is_refused(day, clock):
    with pytest.raises(BadInput, match="start"):
        instant_of(day, clock, ZONE)


@given(INSTANTS)
def test_next_step_can_be_booked_and_is_near(now):
    step = next_step(now)

    assert timedelta(0) <= step - now < STEP
    assert TimeWindow.around(step, step + STEP).start == step


@given(INSTANTS.filter(lambda instant: instant.month not in (3, 10)))
def test_form_gives_back_the_minute_that_it_was_filled_with(instant):
    minute = instant.replace(second=0, microsecond=0)

    assert instant_of(*day_and_clock(minute, ZONE), ZONE) == minute


def test_days_begin_with_today_at_the_place():
    # There it is the second of December already.
    days = days_ahead(datetime(2026, 12, 1, 23, 30, tzinfo=UTC), ZONE, days=3)

    assert [(day.value, day.label) for day in days] == [
        ("2026-12-02", "Today"),
        ("2026-12-03", "Tomorrow"),
        ("2026-12-04", "Fri 4 Dec"),
    ]


def test_window_tells_its_days_where_they_are_not_clear():
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    today = TimeWindow.around(now, now + timedelta(hours=2))
    night = TimeWindow.around(now + timedelta(days=1, hours=9), now + timedelta(days=1, hours=13))

    assert window_text(today, ZONE, now) == "Today, 13:00 – 15:00"
    assert window_text(night, ZONE, now) == "Wed 2 Dec, 22:00 – Thu 3 Dec, 02:00"
