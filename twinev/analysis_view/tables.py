"""The tables of the analysis: all figures beside those of the month before, and every day of the month."""

from __future__ import annotations

from html import escape

from twinev.analysis_view import texts
from twinev.analysis_view.figures import (
    by_name,
    change_text,
    day_name,
    figure_text,
    month_name,
    note_text,
    short_month,
    value_text,
)
from twinev.wire.rest.analysis import AnalysisOut, MonthFigures

#: The columns of the table of days.
DAY_COLUMNS = (
    "sessions", "energy_kwh", "returned_kwh", "occupancy", "peak_kw", "energy_cost_eur", "billed_eur",
    "self_consumption", "renewable_share", "co2_kg", "no_shows", "restrictions_kept", "charging_error_kw",
)  # fmt: skip


def figures_table_html(now: MonthFigures, before: MonthFigures | None, *, over: bool) -> str:
    """Every figure, what it is, and how it changed; a month that is not ``over`` has not changed yet."""
    earlier = by_name(before)
    heads = [texts.COLUMN_FIGURE, month_name(now.month)]
    heads += [month_name(before.month)] if before else []
    heads += [texts.COLUMN_CHANGE] if before and over else []
    rows = []
    for figure in now.figures:
        cells = [_noted(figure_text(figure), note_text(figure))]
        if before is not None:
            then = earlier.get(figure.name)
            cells.append(_safe(figure_text(then) if then else "–"))
            if over:
                cells.append(_safe(change_text(figure, then, month=short_month(before.month))))
        name = _safe(texts.LABELS.get(figure.name, figure.name))
        meaning = _safe(texts.MEANINGS.get(figure.name, ""))
        figures = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{name}</th>{figures}<td class="tv-words">{meaning}</td></tr>')
    columns = "".join(f'<th scope="col">{_safe(head)}</th>' for head in heads)
    last = f'<th scope="col" class="tv-words">{_safe(texts.COLUMN_MEANING)}</th>'
    return _table(texts.TABLE_FIGURES, columns + last, "".join(rows))


def days_table_html(analysis: AnalysisOut) -> str:
    """Every day that has begun."""
    units = {figure.name: figure.unit for figure in analysis.month.figures}
    heads = "".join(f'<th scope="col">{_safe(texts.LABELS[name])}</th>' for name in DAY_COLUMNS)
    rows = []
    for day in analysis.days:
        cells = (value_text(day.values.get(name), units[name]) for name in DAY_COLUMNS)
        figures = "".join(f"<td>{_safe(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{_safe(day_name(day.day))}</th>{figures}</tr>')
    return _table(texts.TABLE_DAYS, f'<th scope="col">{_safe(texts.COLUMN_DAY)}</th>{heads}', "".join(rows))


def _table(title: str, heads: str, rows: str) -> str:
    # Wider than a phone: it scrolls by itself, by keyboard too.
    return (
        f'<section class="tv-table" tabindex="0" role="region" aria-label="{_safe(title)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _noted(value: str, note: str) -> str:
    return f"{_safe(value)}<small>{_safe(note)}</small>" if note else _safe(value)


def _safe(text: object) -> str:
    return escape(str(text), quote=True)
