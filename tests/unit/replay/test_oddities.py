"""Each oddity is recognised, counted and explained; what cannot be replayed is told, not dropped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from twinev.errors import BadInput
from twinev.services.replay.choose import Days, choose_sessions
from twinev.services.replay.oddities import Judged, count_oddities
from twinev.services.replay.record import DriverInput
from twinev.services.replay.wishes import Assumption, final_wish

DAY = datetime(2026, 3, 4, tzinfo=UTC)
ASSUMED = Assumption(energy_kwh=20.0, stay=timedelta(hours=4), basis="a test's")
MARCH_4 = Days(first=date(2026, 3, 4), last=date(2026, 3, 4), zone=ZoneInfo("UTC"))


def keys_of(session) -> set[str]:
    wish = final_wish(session, evse_kw=7.0, assumption=ASSUMED)
    counted = count_oddities([Judged(session=session, wish=wish, evse_kw=7.0)])
    return {oddity.key for oddity in counted if oddity.session_ids}


def told(hour: float, kwh: float | None, departure: float | None) -> DriverInput:
    return DriverInput(
        told_at=DAY + timedelta(hours=hour),
        energy_kwh=kwh,
        departure_at=None if departure is None else DAY + timedelta(hours=departure),
    )


def test_honest_session_is_not_odd(record):
    assert keys_of(record("A", 8, 12, 10.0, says=(10.0, 12))) == set()


@pytest.mark.parametrize(
    ("key", "stay", "kwh", "fields"),
    [
        ("no_inputs", (8, 12), 20.0, {}),
        ("said_late", (8, 12), 10.0, {"inputs": (told(9, 10.0, 12),)}),
        ("changed_mind", (8, 12), 10.0, {"inputs": (told(8, 9.0, 11), told(9, 10.0, 12))}),
        ("departure_before_arrival", (8, 12), 10.0, {"says": (10.0, 7)}),
        ("unusable_request", (8, 12), 20.0, {"says": (0.0, 12)}),
        ("unusable_request", (8, 12), 20.0, {"says": (None, 12)}),
        ("asked_more_than_fits", (8, 9), 7.0, {"says": (70.0, 9)}),
        ("asked_more_than_taken", (8, 12), 10.0, {"says": (20.0, 12)}),
        ("asked_less_than_taken", (8, 12), 10.0, {"says": (5.0, 12)}),
        ("left_early", (8, 9), 5.0, {"says": (5.0, 12)}),
        ("stayed_longer", (8, 12), 5.0, {"says": (5.0, 10)}),
        ("took_nothing", (8, 12), 0.0, {"says": (5.0, 12)}),
        ("more_than_possible", (8, 9), 34.0, {"says": (34.0, 9)}),
        ("done_outside_stay", (8, 12), 10.0, {"says": (10.0, 12), "done_at": DAY + timedelta(hours=13)}),
        ("long_stay", (8, 40), 10.0, {"says": (10.0, 40)}),
    ],
)
def test_oddity_is_counted(record, key, stay, kwh, fields):
    assert key in keys_of(record("A", *stay, kwh, **fields))


def test_every_row_tells_what_was_done(record):
    rows = count_oddities([])

    assert len(rows) == len({row.key for row in rows}) == 14
    assert all(row.what and row.done for row in rows)


def test_sessions_that_cannot_be_replayed_are_left_out_and_told(record):
    good, backwards, twin = record("A", 8, 12, 5.0), record("B", 9, 8, 5.0), record("A", 10, 12, 5.0)
    overnight = record("N", -2, 6, 5.0)

    chosen, left_out = choose_sessions([overnight, good, backwards, twin], MARCH_4)

    assert [session.id for session in chosen] == ["A"]
    assert chosen[0] is good
    assert {row.key: row.session_ids for row in left_out} == {
        "repeated_id": ("A",),
        "left_before_arrival": ("B",),
        "already_there": ("N",),
    }


def test_days_are_those_of_the_site(record):
    # 23:30 UTC is the next day's 00:30 in Amsterdam.
    late = record("A", 23.5, 25, 5.0)
    amsterdam = Days(first=date(2026, 3, 5), last=date(2026, 3, 5), zone=ZoneInfo("Europe/Amsterdam"))

    assert choose_sessions([late], amsterdam)[0] == [late]


def test_day_without_sessions_names_the_first_and_last_that_have_some(record):
    days = Days(first=date(2026, 5, 1), last=date(2026, 5, 1), zone=ZoneInfo("UTC"))

    with pytest.raises(BadInput, match="first is 2026-03-04, its last 2026-03-05"):
        choose_sessions([record("A", 8, 9, 5.0), record("B", 32, 33, 5.0)], days)


def test_days_in_the_wrong_order_are_refused():
    with pytest.raises(BadInput, match="not before --from"):
        Days(first=date(2026, 3, 5), last=date(2026, 3, 4), zone=ZoneInfo("UTC"))
