"""How the figures of the analysis are written: with their units, and beside those of the month before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from twinev.analysis_view import texts
from twinev.wire.rest.analysis import AnalysisOut, FigureOut, MonthFigures

MINUS = "−"
#: Below this a change is none.
NO_CHANGE = 0.0005
#: From this on a change is many times over, and its percentage says little.
MANY_TIMES = 10.0


def value_text(value: float | None, unit: str) -> str:
    """A value with its unit, as ``1,234 kWh``, ``12.3 %``, ``€ 1,234.50``."""
    if value is None:
        return "–"
    match unit:
        case "share":
            return f"{_signed(value * 100, 1)} %"
        case "EUR":
            return f"{MINUS if round(value, 2) < 0 else ''}€ {abs(value):,.2f}"
        case "EUR/kWh":
            return f"{_signed(value, 4)} €/kWh"
        case "1":
            return _signed(value, 0)
    return f"{_signed(value, 0 if abs(value) >= 1000 else 1)} {texts.UNITS.get(unit, unit)}"


def figure_text(figure: FigureOut) -> str:
    return value_text(figure.value, figure.unit)


def note_text(figure: FigureOut) -> str:
    """Why there is no value, or for which part there is one; nothing where it is whole."""
    if figure.value is None:
        return texts.REASONS.get(figure.reason or "", texts.REASON_OTHER)
    if figure.known is None or figure.known >= 1:
        return ""
    # Not "100 %" of what is not whole.
    share = min(figure.known, 0.999)
    return texts.KNOWN.format(share=f"{share * 100:.0f} %" if share < 0.99 else f"{share * 100:.1f} %")


def change_text(now: FigureOut, before: FigureOut | None, *, month: str) -> str:
    """How a figure changed since ``month``; nothing where one of the two is not known."""
    if before is None or now.value is None or before.value is None:
        return ""
    difference = now.value - before.value
    if now.unit == "share":
        change = texts.POINTS.format(points=f"{abs(difference) * 100:.1f}")
        small = abs(difference) < NO_CHANGE
    elif before.value == 0 or abs(difference / before.value) >= MANY_TIMES:
        change, small = value_text(abs(difference), now.unit), difference == 0
    else:
        share = abs(difference / before.value)
        change, small = f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %", share < NO_CHANGE
    if small:
        return texts.CHANGE_NONE.format(month=month)
    words = texts.CHANGE_MORE if difference > 0 else texts.CHANGE_LESS
    return words.format(change=change, month=month)


def month_before(analysis: AnalysisOut, months: Iterable[MonthFigures]) -> MonthFigures | None:
    """The last of ``months`` before the analysed one."""
    return max((m for m in months if m.month < analysis.month.month), key=lambda m: m.month, default=None)


def is_over(analysis: AnalysisOut) -> bool:
    """Whether the month can be compared with others: a few days of it are less than any month."""
    return analysis.month.end <= analysis.as_of


def by_name(month: MonthFigures | None) -> Mapping[str, FigureOut]:
    """The figures of a month by their names; none of no month."""
    return {} if month is None else {figure.name: figure for figure in month.figures}


def month_name(month: str) -> str:
    """``2026-11`` as ``November 2026``."""
    year, number = month.split("-")
    return texts.MONTH.format(name=texts.MONTHS[int(number) - 1], year=year)


def short_month(month: str) -> str:
    """``2026-11`` as ``November``; with ``month_name`` where the year matters."""
    return texts.MONTHS[int(month.split("-")[1]) - 1]


def day_name(day: str) -> str:
    """``2026-11-05`` as ``Thu 5``."""
    on = date.fromisoformat(day)
    return f"{on:%a} {on.day}"


def _signed(value: float, places: int) -> str:
    rounded = round(value, places) + 0.0
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.{places}f}"
