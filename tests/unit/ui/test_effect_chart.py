"""The curves of a preview."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinev.ui.effect_chart import chart_html, cropped
from twinev.ui.time_chart import HEIGHT, WIDTH, nice_step
from twinev.wire.rest.restrictions import RestrictionPreview

ZONE = ZoneInfo("Europe/Amsterdam")


def _preview(now: datetime, before: tuple[float, ...], after: tuple[float, ...]) -> RestrictionPreview:
    return RestrictionPreview(
        evs_affected=1, shortfall_kwh=0, cost_eur=0, start=now, slot_minutes=15, before_kw=before, after_kw=after
    )


def _draw(now: datetime, before: tuple[float, ...], after: tuple[float, ...], limit_kw: float = 12) -> str:
    preview = _preview(now, before, after)
    return chart_html(preview, limit_kw=limit_kw, start=now, end=now + timedelta(hours=1), zone=ZONE)


def test_chart_is_well_formed_and_says_in_words_what_it_shows(now: datetime) -> None:
    figure = ElementTree.fromstring(_draw(now, (22.0,) * 8, (12.0,) * 4 + (22.0,) * 4))
    label = figure.find("svg").get("aria-label")
    assert "at most 22.0 kW without the limit" in label
    assert "at most 12.0 kW within the limit's time" in label


@given(values=st.lists(st.floats(min_value=-50, max_value=500), min_size=1, max_size=96), limit=st.floats(0, 1000))
def test_chart_never_draws_outside_its_frame(values: list[float], limit: float) -> None:
    now = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
    html = _draw(now, tuple(values), tuple(reversed(values)), limit)
    for path in re.findall(r' d="([^"]+)"', html):
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]
        assert all(-0.1 <= number <= max(WIDTH, HEIGHT) + 0.1 for number in numbers)


@pytest.mark.parametrize(("largest", "step"), [(0, 1), (7, 2), (12, 5), (30, 10), (44, 20), (100, 50)])
def test_axis_steps_are_round(largest: float, step: float) -> None:
    assert nice_step(largest) == step


def test_limit_far_above_the_curves_is_not_drawn(now: datetime) -> None:
    assert "tv-line-limit" not in _draw(now, (5.0,) * 8, (5.0,) * 8, limit_kw=500)


def test_idle_rest_of_the_horizon_is_left_out(now: datetime) -> None:
    busy = (10.0,) * 12 + (0.0,) * 84
    kept = cropped(_preview(now, busy, busy), end=now + timedelta(hours=1))
    assert len(kept.before_kw) == 13


def test_window_of_the_limit_is_never_cropped(now: datetime) -> None:
    idle = (0.0,) * 96
    kept = cropped(_preview(now, idle, idle), end=now + timedelta(hours=6))
    assert len(kept.before_kw) == 25
