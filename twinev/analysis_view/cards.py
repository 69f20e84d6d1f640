"""The cards of the analysis: the figures that a manager asks for first, each with what it was the month before."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from twinev.analysis_view import texts
from twinev.analysis_view.figures import by_name, change_text, figure_text, note_text, short_month, value_text
from twinev.wire.rest.analysis import FigureOut, MonthFigures

CARDS = (
    "energy_kwh", "sessions", "occupancy", "peak_kw", "energy_cost_eur", "billed_eur", "self_consumption",
    "renewable_share", "co2_kg", "no_shows", "restrictions_kept", "charging_error_kw",
)  # fmt: skip


def cards_html(now: MonthFigures, before: MonthFigures | None) -> str:
    """All cards, as a list."""
    figures, earlier = by_name(now), by_name(before)
    month = short_month(before.month) if before else ""
    cards = (
        _card(figures[name], earlier.get(name), detail=_detail(figures, name), month=month)
        for name in CARDS
        if name in figures
    )
    return f'<ul class="tv-figures">{"".join(cards)}</ul>'


def _card(figure: FigureOut, before: FigureOut | None, *, detail: str, month: str) -> str:
    value, note = figure_text(figure), note_text(figure)
    lines = [line for line in (detail, note, change_text(figure, before, month=month)) if line]
    small = "".join(f"<small>{_safe(line)}</small>" for line in lines)
    missing = ' class="tv-missing"' if figure.value is None else ""
    return (
        f'<li{missing} title="{_safe(texts.MEANINGS[figure.name])}"><h3>{_safe(texts.LABELS[figure.name])}</h3>'
        f"<b>{_safe(value)}</b>{small}</li>"
    )


def _detail(figures: Mapping[str, FigureOut], name: str) -> str:
    """A second figure, without which the first says little."""
    if figures[name].value is None:
        return ""
    if name == "no_shows":
        return texts.OF_RESERVATIONS.format(count=figure_text(figures["reservations"]))
    if name == "restrictions_kept":
        return texts.OF_RESTRICTIONS.format(count=figure_text(figures["restrictions"]))
    share = figures["charging_error_share"].value
    if name == "charging_error_kw" and share is not None:
        return texts.OF_MEASURED.format(share=value_text(share, "share"))
    return ""


def _safe(text: object) -> str:
    return escape(str(text), quote=True)
