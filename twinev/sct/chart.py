"""Draws a schedule as the paper's four panels: power, supply point, charging profiles, state of charge (Vega-Lite).

The specification is the one way to draw: `draw` makes pictures of it, `figure` an Altair chart to go on from.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from twinev.sct.chart_parts import Clock
from twinev.sct.chart_sessions import session_panels
from twinev.sct.chart_site import group_panel, phase_panel, site_panel, supply_panel
from twinev.sct.chart_stays import stay_panel
from twinev.sct.verdict import verdict

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
LETTERS_IN_LINE = 175
LINES = 4
# A white ground: the picture is as readable on a dark page as on a light one.
CONFIG = {
    "font": "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "gridColor": "#ececec",
        "labelColor": "#333",
        "titleColor": "#333",
    },
    "title": {"fontSize": 13, "subtitleFontSize": 11, "subtitleColor": "#555", "subtitlePadding": 4},
    "legend": {"labelFontSize": 11, "labelColor": "#333", "columnPadding": 10},
}


def chart_spec(problem: Problem, schedule: Schedule) -> dict[str, Any]:
    """Return the Vega-Lite specification of a schedule.

    Four panels; where the problem has them, two more: groups and phases under limits of their own.

    Parameters
    ----------
    problem : Problem
        What was asked: times, limits, prices.
    schedule : Schedule
        What was answered.

    Returns
    -------
    dict
        A Vega-Lite specification with its data inside; times are those of the scenario's time zone.
    """
    clock = Clock(problem)
    panels = [site_panel(problem, schedule, clock), supply_panel(problem, schedule, clock)]
    panels += session_panels(problem, schedule, clock)
    if problem.groups:
        panels.append(group_panel(problem, schedule, clock))
    if problem.supply_point.phase_max_kw is not None:
        panels.append(phase_panel(problem, schedule, clock))
    title = f"{schedule.formulation}{f' ({schedule.profile})' if schedule.profile else ''}: {verdict(schedule)}"
    return _chart(panels, {"text": title, "subtitle": _subtitle(schedule)})


def request_spec(problem: Problem) -> dict[str, Any]:
    """Return the Vega-Lite specification of what a problem asks: the site without EVs, and the stays."""
    clock = Clock(problem)
    return _chart([site_panel(problem, None, clock), stay_panel(problem, clock)])


def _chart(panels: list[dict[str, Any]], title: dict[str, Any] | None = None) -> dict[str, Any]:
    head = {} if title is None else {"title": {**title, "anchor": "start", "fontSize": 14, "offset": 14}}
    return {
        "$schema": SCHEMA,
        "background": "white",
        "padding": 12,
        **head,
        "concat": panels,
        "columns": 2,
        "spacing": 28,
        "resolve": {"scale": {"color": "independent", "y": "independent"}},
        "config": CONFIG,
    }


def _subtitle(schedule: Schedule) -> list[str]:
    """The first explanations, in lines as long as the chart is wide; the rest is counted."""
    lines: list[str] = []
    for place, text in enumerate(schedule.explanations):
        wrapped = textwrap.wrap(text, LETTERS_IN_LINE)
        if len(lines) + len(wrapped) > LINES:
            return [*lines, f"… and {len(schedule.explanations) - place} more explanations"]
        lines += wrapped
    return lines
