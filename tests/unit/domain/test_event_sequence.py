"""The events of a transaction that did not come, whatever the order in which the others did."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twinev.domain.event_sequence import MOST_GAPS, EventSequence


def heard(*numbers: int, start: int = 0) -> EventSequence:
    sequence = EventSequence().with_start(start)
    for number in numbers:
        sequence = sequence.with_event(number)
    return sequence


def test_events_one_by_one_leave_no_gap() -> None:
    assert heard(1, 2, 3) == EventSequence(last=3)


def test_counter_may_begin_anywhere() -> None:
    assert heard(101, 102, start=100) == EventSequence(last=102)


def test_gap_is_a_run_of_numbers_and_closes_as_its_events_come() -> None:
    assert heard(5).gaps == ((1, 4),)
    assert heard(5, 3).gaps == ((1, 2), (4, 4))
    assert heard(5, 3, 1, 2, 4) == EventSequence(last=5)


def test_event_that_comes_twice_changes_nothing() -> None:
    assert heard(5, 3, 5, 3) == heard(5, 3)


def test_start_that_comes_late_closes_the_gap_before_it() -> None:
    late = EventSequence().with_event(3)

    assert late.gaps == ((0, 2),)
    assert late.with_start(0).gaps == ((1, 2),)
    assert late.with_start(2) == EventSequence(last=3)


def test_many_gaps_are_joined_from_the_oldest_on() -> None:
    sequence = heard(*range(2, 1000, 2))

    assert len(sequence.gaps) == MOST_GAPS
    assert sequence.gaps[0][0] == 1
    assert sequence.gaps[-1] == (997, 997)


@given(
    numbers=st.sets(st.integers(1, 60), min_size=1).map(sorted).flatmap(st.permutations),
    start_comes_last=st.booleans(),
)
def test_gaps_are_exactly_what_did_not_come(numbers: list[int], start_comes_last: bool) -> None:
    sequence = EventSequence() if start_comes_last else EventSequence().with_start(0)
    for number in numbers:
        sequence = sequence.with_event(number)
    if start_comes_last:
        sequence = sequence.with_start(0)

    missing = {number for first, last in sequence.gaps for number in range(first, last + 1)}
    assert sequence.last == max(numbers)
    assert missing == set(range(1, max(numbers))) - set(numbers)
