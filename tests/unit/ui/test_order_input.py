"""What the operator types, and what is said about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from twinev.errors import BadInput, Forbidden
from twinev.ui import texts
from twinev.ui.order_input import OrderInput, field_of, read_limit

ZONE = ZoneInfo("Europe/Amsterdam")
STATIONS = frozenset({"UTR-01"})


@pytest.mark.parametrize(("typed", "limit_kw"), [("12", 12), (" 12,5 ", 12.5), ("12.5 kW", 12.5), ("0", 0), ("7.", 7)])
def test_limit_is_read_as_people_write_it(typed: str, limit_kw: float) -> None:
    assert read_limit(typed) == (limit_kw, "")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", texts.ERROR_LIMIT_MISSING),
        ("kW", texts.ERROR_LIMIT_MISSING),
        ("-3", texts.ERROR_LIMIT_NEGATIVE),
        ("2000000", texts.ERROR_LIMIT_TOO_HIGH),
        ("twelve", texts.ERROR_LIMIT_NOT_A_NUMBER.format(text="twelve")),
        ("nan", texts.ERROR_LIMIT_NOT_A_NUMBER.format(text="nan")),
        ("1e3", texts.ERROR_LIMIT_NOT_A_NUMBER.format(text="1e3")),
        ("1.2.3", texts.ERROR_LIMIT_NOT_A_NUMBER.format(text="1.2.3")),
        ("²", texts.ERROR_LIMIT_NOT_A_NUMBER.format(text="²")),
    ],
)
def test_limit_that_cannot_be_used_is_answered_in_words(typed: str, words: str) -> None:
    assert read_limit(typed) == (0.0, words)


def test_order_from_now_lasts_as_chosen(now: datetime) -> None:
    order, errors = OrderInput(station_ids=STATIONS, limit_text="12", duration_minutes=30).read(now=now, zone=ZONE)
    assert not errors
    assert order is not None
    assert (order.start, order.end) == (now, now + timedelta(minutes=30))


def test_set_times_are_in_the_sites_zone(now: datetime) -> None:
    typed = OrderInput(
        station_ids=STATIONS, limit_text="12", start_later=True, start=datetime(2026, 11, 23, 14, 0),  # noqa: DTZ001
        duration_minutes=None, end=datetime(2026, 11, 23, 15, 0),  # noqa: DTZ001
    )  # fmt: skip
    order, _ = typed.read(now=now, zone=ZONE)
    assert order is not None
    assert order.start.astimezone(UTC) == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def test_everything_wrong_is_said_at_once_beside_its_field(now: datetime) -> None:
    typed = OrderInput(station_ids=frozenset(), limit_text="x", start_later=True, duration_minutes=None)
    order, errors = typed.read(now=now, zone=ZONE)
    assert order is None
    assert set(errors) == {"stations", "limit", "start", "end"}


def test_end_before_start_is_refused(now: datetime) -> None:
    typed = OrderInput(
        station_ids=STATIONS,
        limit_text="1",
        duration_minutes=None,
        end=datetime(2026, 11, 23, 9, 0),  # noqa: DTZ001
    )
    _, errors = typed.read(now=now, zone=ZONE)
    assert "must come after the start" in errors["end"]


def test_window_in_the_past_is_refused(now: datetime) -> None:
    typed = OrderInput(
        station_ids=STATIONS, limit_text="1", start_later=True, start=datetime(2026, 11, 22, 9, 0),  # noqa: DTZ001
        duration_minutes=60,
    )  # fmt: skip
    _, errors = typed.read(now=now, zone=ZONE)
    assert "already past" in errors["end"]


@pytest.mark.parametrize(
    ("error", "field"),
    [
        (BadInput("limit_kw", "x", "a number"), "limit"),
        (BadInput("body.station_ids[2]", "x", "a station"), "stations"),
        (BadInput("end", "x", "later"), "end"),
        (BadInput("v2g", "x", "true"), "order"),
        (Forbidden("no"), "order"),
    ],
)
def test_refusal_of_the_api_goes_to_the_field_that_it_speaks_of(error: Exception, field: str) -> None:
    assert field_of(error) == field
