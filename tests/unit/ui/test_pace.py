"""How often something costly is asked."""

from twinev.ui.pace import Pace


def test_pace_lets_one_through_at_a_time() -> None:
    seconds = [100.0]
    pace = Pace(5, monotonic=lambda: seconds[0])

    let_through = []
    for seconds[0] in (100.0, 104.9, 105.0, 106.0, 110.0):
        let_through.append(pace.due())

    assert let_through == [True, False, True, False, True]


def test_pace_counts_from_what_was_asked_for_another_reason() -> None:
    seconds = [100.0]
    pace = Pace(5, monotonic=lambda: seconds[0])
    pace.begin()
    seconds[0] = 104.0

    assert not pace.due()
