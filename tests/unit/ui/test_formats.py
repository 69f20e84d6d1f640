"""Numbers and times as the screens write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from twinev.ui import formats

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("power_kw", "expected"), [(0, "0"), (7.36, "7.4"), (9.96, "10"), (10.8, "11"), (-5.2, "−5.2"), (-0.01, "0")]
)
def test_pin_number_has_at_most_four_characters(power_kw: float, expected: str) -> None:
    assert formats.short_kw(power_kw) == expected


def test_power_never_shows_a_negative_zero() -> None:
    assert formats.kw(-0.04) == "0.0"


@pytest.mark.parametrize(
    ("amount", "expected"), [(0.425, "+€ 0.42"), (-1.5, "−€ 1.50"), (0.0, "€ 0.00"), (-0.001, "€ 0.00")]
)
def test_change_of_cost_carries_its_sign(amount: float, expected: str) -> None:
    assert formats.euros(amount) == expected


def test_time_is_local_and_names_its_zone() -> None:
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert formats.clock(summer, AMSTERDAM) == "14:00"
    assert formats.zone_name(summer, AMSTERDAM) == "CEST (Europe/Amsterdam)"


def test_time_of_another_day_carries_the_day() -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert formats.near(now + timedelta(hours=1), AMSTERDAM, now=now) == "14:00"
    assert formats.near(now + timedelta(hours=20), AMSTERDAM, now=now) == "Tue 24 Nov 09:00"


def test_unknown_time_zone_falls_back_to_utc() -> None:
    assert formats.zone_of("Mars/Olympus").key == "UTC"


def test_seconds_are_the_walls_when_the_clock_runs_faster() -> None:
    assert formats.seconds_text(timedelta(minutes=5), speed=60) == "5.0"


@pytest.mark.parametrize(
    "hostile", ['"} body {display: none', "</style><script>alert(1)</script>", "a\\", "line\nbreak"]
)
def test_text_in_a_style_sheet_cannot_leave_its_string(hostile: str) -> None:
    quoted = formats.css_string(hostile)
    inside = quoted[1:-1]
    assert quoted.startswith('"')
    assert quoted.endswith('"')
    assert not set('"<>{}\n;') & set(inside)
    assert not inside.endswith("\\")
