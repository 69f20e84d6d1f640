"""How problems and schedules show themselves: as HTML in Jupyter, as text in a terminal.

HTML with the picture inside as an SVG image, and no other type. A Vega-Lite bundle would be interactive in JupyterLab,
but JupyterLab shows one type only, so verdict, table and explanations would be lost; Voila and nbconvert have no
renderer for it, or fetch one from the internet. The SVG is an image rather than inline: ids in two pictures cannot
clash, nothing in it can run, and JupyterLab keeps it in notebooks that are not trusted. Who wants to point at marks or
go on editing takes `twinev.sct.figure.figure` or ``twinev optimise --chart plan.html``.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from twinev.sct.chart import chart_spec, request_spec
from twinev.sct.draw import draw_svg
from twinev.sct.summary import SessionSummary, short_first, summarise_sessions, supply_text
from twinev.sct.verdict import count_text, verdict

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule
    from twinev.sct.session_request import SessionRequest

ROWS = 20
ROWS_IN_TEXT = 10
EXPLANATIONS = 8
NO_PROBLEM = "Without its problem this schedule has no times: Schedule.from_json(path, problem) shows all of it."
PLAN_COLUMNS = ("session", "from", "by", "asked kWh", "got kWh", "short kWh", "peak kW", "reached", "cost €")
REQUEST_COLUMNS = ("session", "from", "by", "asked kWh", "SoC kWh", "capacity kWh", "EVSE kW", "back kW", "profile")
LEFT_COLUMNS = ("session", "from", "by", "reached", "profile")
HEADLINE = "font-weight:600;font-size:1.1em"
CELL = "padding:2px 10px;border:0;text-align:"

Row = tuple[str, ...]


def schedule_text(schedule: Schedule) -> str:
    """Verdict, supply point, the first sessions, explanations."""
    lines = [verdict(schedule)]
    problem = _answered(schedule)
    if problem is not None:
        summaries = short_first(summarise_sessions(problem, schedule))
        rows = [plan_row(problem, summary) for summary in summaries[:ROWS_IN_TEXT]]
        lines += [supply_text(problem, schedule), *_text_table(PLAN_COLUMNS, rows, len(summaries))]
    return "\n".join([*lines, *_told(schedule.explanations), *([NO_PROBLEM] if problem is None else [])])


def schedule_html(schedule: Schedule) -> str | None:
    """Verdict, supply point, sessions, explanations, four panels; None without the problem: the text says it all."""
    problem = _answered(schedule)
    if problem is None:
        return None
    head = verdict(schedule)
    summaries = short_first(summarise_sessions(problem, schedule))
    parts = [
        _paragraph(head, HEADLINE),
        _paragraph(supply_text(problem, schedule)),
        _html_table(PLAN_COLUMNS, [plan_row(problem, summary) for summary in summaries[:ROWS]], len(summaries)),
        *(_paragraph(line) for line in _told(schedule.explanations)),
        _picture(chart_spec(problem, schedule), head),
    ]
    return _block(parts)


def problem_text(problem: Problem) -> str:
    """What is asked in one line, and the first sessions."""
    rows = [_request_row(problem, session) for session in problem.sessions[:ROWS_IN_TEXT]]
    return "\n".join([_question(problem), *_text_table(REQUEST_COLUMNS, rows, len(problem.sessions))])


def problem_html(problem: Problem) -> str:
    """What is asked: one line, sessions, the site and the stays as a picture."""
    head = _question(problem)
    rows = [_request_row(problem, session) for session in problem.sessions[:ROWS]]
    parts = [
        _paragraph(head, HEADLINE),
        _html_table(REQUEST_COLUMNS, rows, len(problem.sessions)),
        _picture(request_spec(problem), head),
    ]
    return _block(parts)


def plan_row(problem: Problem, summary: SessionSummary) -> Row:
    """One session as the table of a plan tells it, in the order of PLAN_COLUMNS."""
    return (
        summary.id,
        problem.clock_time(summary.arrives),
        problem.clock_time(summary.due),
        f"{summary.asked_kwh:.2f}",
        f"{round(summary.got_kwh, 2) + 0.0:.2f}",
        f"{summary.short_kwh:.2f}" if summary.short_kwh else "",
        f"{summary.peak_kw:.2f}",
        "never" if summary.reached is None else problem.clock_time(summary.reached),
        f"{round(summary.cost_eur, 2) + 0.0:.2f}",
    )


def _request_row(problem: Problem, session: SessionRequest) -> Row:
    return (
        session.id,
        problem.clock_time(problem.horizon.slot_start(session.arrival_slot)),
        problem.clock_time(problem.horizon.slot_end(session.target_slot)),
        f"{session.need_kwh:.2f}",
        f"{session.soc_kwh:.2f}",
        f"{session.capacity_kwh:.2f}",
        f"{session.evse_power_kw:.2f}",
        f"{session.evse_discharge_power_kw:.2f}" if session.evse_discharge_power_kw else "",
        session.profile.value if session.profile else "",
    )


def _question(problem: Problem) -> str:
    horizon, supply = problem.horizon, problem.supply_point
    need_kwh = sum(session.need_kwh for session in problem.sessions)
    groups = f", {len(problem.groups)} group{'s' * (len(problem.groups) > 1)}" if problem.groups else ""
    return (
        f"{count_text(len(problem.sessions))} asking for {need_kwh:.1f} kWh, "
        f"{horizon.slots} slots of {horizon.slot_minutes:g} min from "
        f"{horizon.now.astimezone(problem.time_zone):%Y-%m-%d %H:%M}, "
        f"supply point {supply.min_kw:g} to {supply.max_kw:g} kW{groups}"
    )


def _answered(schedule: Schedule) -> Problem | None:
    """The schedule's problem, if the plan has its shape; a file may say anything."""
    problem, supply = schedule.problem, schedule.supply_point
    if problem is None or [planned.id for planned in schedule.sessions] != [asked.id for asked in problem.sessions]:
        return None
    series = [supply.imported_kwh, supply.exported_kwh, supply.limit_excess_kwh]
    series += [values for planned in schedule.sessions for values in (planned.energy_kwh, planned.soc_kwh)]
    within = all((planned.reached_slot or 0) < problem.slots for planned in schedule.sessions)
    return problem if within and all(len(values) == problem.slots for values in series) else None


def _told(explanations: Sequence[str]) -> list[str]:
    lines = [f"• {text}" for text in explanations[:EXPLANATIONS]]
    left = len(explanations) - len(lines)
    return [*lines, f"… and {left} more explanations"] if left else lines


def _text_table(columns: Row, rows: Sequence[Row], sessions: int) -> list[str]:
    if not rows:
        return []
    # A terminal obeys what stands in an id, such as a line break or an escape.
    table = [columns, *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(columns))]
    lines = [
        "  ".join(
            cell.ljust(width) if name in LEFT_COLUMNS else cell.rjust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ).rstrip()
        for row in table
    ]
    return [*lines, *_more(sessions - len(rows))]


def printable(text: str) -> str:
    """``text`` without the characters that a terminal obeys instead of showing."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _more(left: int) -> list[str]:
    return [f"… and {left} more"] if left > 0 else []


def _html_table(columns: Row, rows: Sequence[Row], sessions: int) -> str:
    if not rows:
        return ""
    align = ["left" if name in LEFT_COLUMNS else "right" for name in columns]
    head = "".join(
        f'<th style="{CELL}{side}">{html.escape(name)}</th>' for name, side in zip(columns, align, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{CELL}{side}">{html.escape(cell)}</td>' for cell, side in zip(row, align, strict=True))
        + "</tr>"
        for row in rows
    )
    table = f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return table + "".join(_paragraph(line) for line in _more(sessions - len(rows)))


def _picture(spec: dict[str, Any], description: str) -> str:
    encoded = base64.b64encode(draw_svg(spec).encode()).decode()
    return (
        f'<img alt="{html.escape(description)}" src="data:image/svg+xml;base64,{encoded}" '
        'style="max-width:100%;height:auto">'
    )


def _paragraph(text: str, style: str = "") -> str:
    return f'<p style="margin:4px 0;{style}">{html.escape(text)}</p>'


def _block(parts: Iterable[str]) -> str:
    return f"<div>{''.join(parts)}</div>"
