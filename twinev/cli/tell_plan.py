"""Prints a plan for people: verdict, supply point, the sessions that need attention first, stages, explanations."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twinev.sct import Problem, Schedule
from twinev.sct.display import LEFT_COLUMNS, PLAN_COLUMNS, plan_row, printable
from twinev.sct.summary import short_first, summarise_sessions, supply_text
from twinev.sct.verdict import verdict

SESSIONS = 20
EXPLANATIONS = 10
# The table keeps its columns when it is piped into a file: there is no edge to fit.
NARROWEST = 100


def tell_plan(console: Console, problem: Problem, schedule: Schedule) -> None:
    """Print everything that a person asks first of a plan."""
    if not console.is_terminal:
        console.width = max(console.width, NARROWEST)
    colour = "red" if schedule.status == "infeasible" else "yellow" if schedule.shortfall_kwh > 0 else "green"
    console.print(Text(verdict(schedule), style=f"bold {colour}"), soft_wrap=True)
    profile = f", profile {schedule.profile}" if schedule.profile else ""
    how = f"{schedule.formulation}{profile}, {schedule.solver}, {schedule.method}, {schedule.solve_seconds:.2f} s"
    console.print(Text(how, style="dim"), soft_wrap=True)
    _tell_sessions(console, problem, schedule)
    console.print(Text(supply_text(problem, schedule)), soft_wrap=True)
    if len(schedule.stages) > 1:
        _tell_stages(console, schedule)
    for explanation in schedule.explanations[:EXPLANATIONS]:
        console.print(Text(f"• {printable(explanation)}"), soft_wrap=True)
    left = len(schedule.explanations) - EXPLANATIONS
    if left > 0:
        console.print(f"… and {left} more; all of them are in the schedule file (--out)")


def _tell_sessions(console: Console, problem: Problem, schedule: Schedule) -> None:
    summaries = short_first(summarise_sessions(problem, schedule))
    if not summaries:
        return
    table = _table()
    for name in PLAN_COLUMNS:
        # The unit below the name: the table fits a narrow terminal.
        table.add_column(name.replace(" ", "\n"), justify="left" if name in LEFT_COLUMNS else "right", no_wrap=True)
    for summary in summaries[:SESSIONS]:
        style = "yellow" if summary.short_kwh else ""
        table.add_row(*(Text(printable(cell), style=style) for cell in plan_row(problem, summary)))
    console.print(table, "")
    if len(summaries) > SESSIONS:
        console.print(f"… and {len(summaries) - SESSIONS} more sessions\n")


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))


def _tell_stages(console: Console, schedule: Schedule) -> None:
    table = _table()
    for name in ("stage", "reached", "bound"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage in schedule.stages:
        bound = "not proven" if stage.bound is None else f"{stage.bound:.6g}"
        table.add_row(Text(printable(stage.name)), f"{stage.value:.6g}", bound)
    console.print("", table, "")
