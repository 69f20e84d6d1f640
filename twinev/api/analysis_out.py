"""Analysed months as bodies, and as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from twinev.services.analyse_month import MonthAnalysis, Period
from twinev.services.analysis.figures import UNITS, Co2Factor, Figure
from twinev.wire.rest.analysis import AnalysisOut, Co2FactorOut, DayFigures, FigureOut, MonthFigures

#: Decimals by unit: what meters and bills say, and nothing beyond.
PLACES = {"1": 0, "share": 4, "kWh": 3, "kW": 3, "EUR": 2, "EUR/kWh": 5, "kg": 3}
KNOWN_PLACES = 3


def month_out(analysis: MonthAnalysis) -> MonthFigures:
    """The month without its days."""
    return MonthFigures(
        month=analysis.month.name,
        start=analysis.start,
        end=analysis.end,
        settled=analysis.settled,
        figures=tuple(_figure_out(name, figure) for name, figure in analysis.month.figures.items()),
    )


def analysis_out(
    analysis: MonthAnalysis, *, site_id: str | None, as_of: datetime, co2: Co2Factor | None
) -> AnalysisOut:
    """The month with its days and hours."""
    return AnalysisOut(
        site_id=site_id,
        as_of=as_of,
        month=month_out(analysis),
        days=tuple(DayFigures(day=day.name, values=_values(day)) for day in analysis.days),
        hours_kw=tuple(None if kw is None else round(kw, PLACES["kW"]) + 0.0 for kw in analysis.hours_kw),
        co2_factor=None if co2 is None else Co2FactorOut(g_per_kwh=co2.g_per_kwh, source=co2.source),
    )


def analysis_csv(analysis: MonthAnalysis) -> str:
    """The month in the first row, then its days; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["period", *UNITS])
    for period in (analysis.month, *analysis.days):
        values = _values(period)
        writer.writerow([period.name, *("" if values[name] is None else values[name] for name in UNITS)])
    return text.getvalue()


def _figure_out(name: str, figure: Figure) -> FigureOut:
    return FigureOut(
        name=name,
        unit=UNITS[name],
        value=_rounded(name, figure.value),
        known=None if figure.known is None else round(figure.known, KNOWN_PLACES),
        reason=figure.missing,
    )


def _values(period: Period) -> dict[str, float | None]:
    return {name: _rounded(name, figure.value) for name, figure in period.figures.items()}


def _rounded(name: str, value: float | None) -> float | None:
    # Never −0.0.
    return None if value is None else round(value, PLACES[UNITS[name]]) + 0.0
