"""Windows on the grid of five minutes: they hold what was asked for, and share a step exactly when they overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.time_window import STEP, TimeWindow
from twinev.errors import BadInput

START = datetime(2026, 11, 22, 18, tzinfo=UTC)
instants = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
lengths = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=2))


@given(start=instants, length=lengths)
def test_window_is_the_smallest_on_the_grid_that_holds_what_was_asked(start, length):
    window = TimeWindow.around(start, start + length)

    assert window.start <= start < window.start + STEP
    assert window.end - STEP < start + length <= window.end
    assert len(window.steps) * STEP == window.length


@given(start=instants, length=lengths, shift=st.timedeltas(timedelta(days=-2), timedelta(days=2)), other=lengths)
def test_windows_share_a_step_exactly_when_they_overlap(start, length, shift, other):
    one = TimeWindow.around(start, start + length)
    two = TimeWindow.around(start + shift, start + shift + other)

    assert bool(set(one.steps) & set(two.steps)) is one.overlaps(two.start, two.end)


def test_window_is_the_same_in_every_time_zone():
    local = START.astimezone(timezone(timedelta(hours=5, minutes=45)))

    assert TimeWindow.around(local, local + STEP) == TimeWindow(start=START, end=START + STEP)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, START),
        (START, START - STEP),
        (START + timedelta(seconds=1), START + STEP),
        (START.replace(tzinfo=None), START + STEP),
    ],
)
def test_window_that_is_empty_or_off_the_grid_is_refused(start, end):
    with pytest.raises(BadInput):
        TimeWindow(start=start, end=end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, datetime.max.replace(tzinfo=UTC)),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), START),
    ],
)
def test_window_at_the_end_of_time_is_refused(start, end):
    with pytest.raises(BadInput):
        TimeWindow.around(start, end)
