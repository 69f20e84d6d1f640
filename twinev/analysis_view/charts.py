"""The charts of the analysis: a figure day by day and month by month, and the power over the day."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence

from twinev.analysis_view import texts
from twinev.analysis_view.bar_chart import Bars, bar_chart_html
from twinev.analysis_view.figures import by_name, day_name, month_name, short_month
from twinev.wire.rest.analysis import AnalysisOut, MonthFigures

#: The figures that charts show; the others say little day by day.
CHARTED = (
    "energy_kwh", "sessions", "occupancy", "peak_kw", "energy_cost_eur", "billed_eur", "self_consumption",
    "renewable_share", "co2_kg", "no_shows", "charging_error_kw",
)  # fmt: skip


def days_chart_html(analysis: AnalysisOut, name: str) -> str:
    """A figure of each day of the month; days to come are gaps."""
    figure = by_name(analysis.month)[name]
    of_day = {day.day: day.values.get(name) for day in analysis.days}
    days = _days_of(analysis)
    title = texts.CHART_DAYS.format(figure=texts.LABELS[name], month=month_name(analysis.month.month))
    return bar_chart_html(
        Bars(
            title=title,
            values=[of_day.get(day) for day in days],
            labels=[str(int(day[-2:])) for day in days],
            long_labels=[day_name(day) for day in days],
            unit=figure.unit,
            wide=True,
        )
    )


def months_chart_html(months: Sequence[MonthFigures], name: str) -> str:
    """A figure of each month, the oldest first."""
    in_order = sorted(months, key=lambda month: month.month)
    figures = [by_name(month)[name] for month in in_order]
    return bar_chart_html(
        Bars(
            title=texts.CHART_MONTHS.format(figure=texts.LABELS[name]),
            values=[figure.value for figure in figures],
            labels=[short_month(month.month)[:3] for month in in_order],
            long_labels=[month_name(month.month) for month in in_order],
            unit=figures[0].unit if figures else "1",
        )
    )


def hours_chart_html(analysis: AnalysisOut) -> str:
    """Mean power of all EVs in each hour of the day."""
    hours = range(len(analysis.hours_kw))
    return bar_chart_html(
        Bars(
            title=texts.CHART_HOURS.format(month=month_name(analysis.month.month)),
            values=analysis.hours_kw,
            labels=[f"{hour}:00" if hour % 3 == 0 else "" for hour in hours],
            long_labels=[f"{hour}:00 – {hour + 1}:00" for hour in hours],
            unit=texts.CHART_HOURS_UNIT,
        )
    )


def _days_of(analysis: AnalysisOut) -> list[str]:
    year, month = map(int, analysis.month.month.split("-"))
    return [f"{analysis.month.month}-{day:02d}" for day in range(1, monthrange(year, month)[1] + 1)]
