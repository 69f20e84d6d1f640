"""The report and its tables."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analysed_bodies import analysis_body, month_figures

from twinev.analysis_view.report import report_html
from twinev.analysis_view.tables import days_table_html, figures_table_html

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONTHS = [month_figures("2026-12"), month_figures(), month_figures("2026-10", sessions=800)]


def test_report_tells_the_month_its_days_and_where_figures_come_from():
    html = report_html(analysis_body(), MONTHS, place="Car park", zone=AMSTERDAM, nonce="n")

    for words in (
        "Charging in November 2026", "Car park", "3 December 2026, 06:00 CET", "Complete: nothing is expected",
        "▲ 10 % on October", "CO₂: 270 g/kWh from the grid, after a table of the tests.", "Mon 30", 'nonce="n"',
    ):  # fmt: skip
        assert words in html
    # What comes after the month is not in its report.
    assert "December 2026: " not in html


def test_month_under_way_is_not_compared():
    running = analysis_body(as_of=datetime(2026, 11, 3, 5, tzinfo=UTC), days=3)
    running = running.model_copy(update={"month": running.month.model_copy(update={"settled": False})})

    html = report_html(running, MONTHS, place="Car park", zone=AMSTERDAM)

    assert "Not complete: as of 3 November 2026, 06:00 CET." in html
    assert "on October" not in html
    assert "October 2026" in html


def test_place_that_is_code_is_shown_as_text():
    assert "<script" not in report_html(analysis_body(), MONTHS, place="<script>", zone=AMSTERDAM)


def test_tables_name_their_rows_and_columns():
    figures = figures_table_html(month_figures(), month_figures("2026-10"), over=True)
    assert figures.count('<th scope="row">') == 21
    assert "Highest mean power of all EVs" in figures

    first = figures_table_html(month_figures(), None, over=True)
    assert "Change" not in first

    assert days_table_html(analysis_body(days=2)).count('<th scope="row">') == 2
