"""The report of a month: one HTML page that asks for nothing from outside, to read, print and keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twinev.analysis_view import texts
from twinev.analysis_view.cards import cards_html
from twinev.analysis_view.charts import days_chart_html, hours_chart_html, months_chart_html
from twinev.analysis_view.figures import is_over, month_before, month_name
from twinev.analysis_view.tables import days_table_html, figures_table_html
from twinev.wire.rest.analysis import AnalysisOut, MonthFigures

#: What the report shows day by day.
DAY_CHARTS = ("energy_kwh", "peak_kw", "energy_cost_eur")
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


def report_html(
    analysis: AnalysisOut, months: Sequence[MonthFigures], *, place: str, zone: ZoneInfo, nonce: str = ""
) -> str:
    """Return the page.

    Parameters
    ----------
    months : sequence of MonthFigures
        The month, and those before it.
    place : str
        The site's name, or that it is all of them.
    zone : ZoneInfo
        Of the times in it.
    nonce : str
        Lets the page's own style through a content security policy.
    """
    before, over = month_before(analysis, months), is_over(analysis)
    charts = [days_chart_html(analysis, name) for name in DAY_CHARTS]
    charts += [hours_chart_html(analysis)]
    past = [month for month in months if month.month <= analysis.month.month]
    if len(past) > 1:
        charts += [months_chart_html(past, "energy_kwh")]
    return _pages.get_template("report.html").render(
        title=texts.REPORT_TITLE.format(month=month_name(analysis.month.month)),
        place=place,
        made=texts.REPORT_MADE.format(time=time_text(analysis.as_of, zone)),
        state=state_text(analysis, zone),
        notes=[note for note in (co2_text(analysis), texts.REPORT_TIMES) if note],
        cards=cards_html(analysis.month, before if over else None),
        charts=charts,
        figures_title=texts.TABLE_FIGURES,
        figures=figures_table_html(analysis.month, before, over=over),
        days_title=texts.TABLE_DAYS,
        days=days_table_html(analysis),
        nonce=nonce,
    )


def state_text(analysis: AnalysisOut, zone: ZoneInfo) -> str:
    """Whether the month may still change."""
    if analysis.month.settled:
        return texts.SETTLED
    return texts.NOT_SETTLED.format(time=time_text(analysis.as_of, zone))


def co2_text(analysis: AnalysisOut) -> str:
    """Who says what a kWh from the grid emits; nothing where nobody does."""
    factor = analysis.co2_factor
    return "" if factor is None else texts.CO2_SOURCE.format(factor=f"{factor.g_per_kwh:g}", source=factor.source)


def time_text(instant: datetime, zone: ZoneInfo) -> str:
    """``1 December 2026, 05:00 CET``."""
    local = instant.astimezone(zone)
    return f"{local.day} {month_name(f'{local:%Y-%m}')}, {local:%H:%M} {local.tzname()}"
