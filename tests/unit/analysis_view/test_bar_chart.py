"""Bars: scales, gaps, and words for who does not see them."""

import re
from xml.etree import ElementTree as ET

import pytest
from analysed_bodies import analysis_body, month_figures

from twinev.analysis_view.bar_chart import HEIGHT, Bars, bar_chart_html, describe
from twinev.analysis_view.charts import days_chart_html, hours_chart_html, months_chart_html


def bars(*values: float | None, unit: str = "kWh", title: str = "Energy") -> Bars:
    labels = [str(number) for number in range(len(values))]
    return Bars(title=title, values=values, labels=labels, long_labels=[f"day {one}" for one in labels], unit=unit)


def heights(html: str) -> list[float]:
    return [float(rect.get("height")) for rect in ET.fromstring(html).iter("rect") if rect.get("class") == "tv-value"]


def levels(html: str) -> list[str]:
    return re.findall(r'text-anchor="end">([^<]+)<', html)


def test_bars_are_as_high_as_their_values():
    one, two, four = heights(bar_chart_html(bars(10.0, 20.0, 40.0)))

    assert (two, four) == (pytest.approx(2 * one, abs=0.2), pytest.approx(4 * one, abs=0.2))
    assert four < HEIGHT


def test_value_that_is_not_known_is_a_gap_and_no_zero():
    html = bar_chart_html(bars(10.0, None, 0.0))

    assert len(heights(html)) == 2
    assert "day 1: not known" in html
    assert "day 2: 0.0 kWh" in html


@pytest.mark.parametrize(
    ("values", "unit", "told"),
    [
        ((3.0, 870.0), "kWh", ["0", "500", "1,000"]),
        ((0.31, 0.12), "share", ["0", "10", "20", "30", "40"]),
        ((1.0, 0.0), "1", ["0", "1"]),
        ((-0.5, 1.0), "EUR", ["−0.5", "0.0", "0.5", "1.0"]),
        ((0.0, 0.0), "kWh", ["0", "1"]),
        ((None, None), "kWh", ["0", "1"]),
    ],
)
def test_axis_has_round_numbers_with_zero_among_them(values, unit, told):
    assert levels(bar_chart_html(bars(*values, unit=unit))) == told


def test_chart_is_told_in_words():
    assert describe(bars(1.0, None, 3.0)) == "Energy: highest 3.0 kWh (day 2), 2 of 3 values known."
    assert describe(bars(None)) == "Energy: nothing known yet."


def test_title_that_is_code_is_shown_as_text():
    html = bar_chart_html(bars(1.0, title='"><script>alert(1)</script>'))

    assert "<script" not in html
    ET.fromstring(html)


def test_month_under_way_has_room_for_the_days_to_come():
    html = days_chart_html(analysis_body(days=3), "energy_kwh")

    assert len(heights(html)) == 3
    assert html.count("not known") == 27
    assert "Energy delivered by day, November 2026 (kWh)" in html


def test_months_stand_in_their_order_and_hours_by_the_clock():
    months = months_chart_html([month_figures("2026-11"), month_figures("2026-10")], "sessions")
    assert months.index(">Oct<") < months.index(">Nov<")

    hours = hours_chart_html(analysis_body())
    assert "20:00 – 21:00: 20.0 kW" in hours
    assert "21:00 – 22:00: not known" in hours
