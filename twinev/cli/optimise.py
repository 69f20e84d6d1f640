"""``twinev optimise``: plan a scenario file, print the plan, write it, draw it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import vl_convert
from rich.console import Console
from rich.table import Table

from twinev.errors import BadInput
from twinev.sct import Problem, Schedule, optimise
from twinev.sct.chart import chart_spec
from twinev.sct.draw import draw_svg

BAD_INPUT = 2
SHORTFALL = 3
CONTRADICTION = 4

app = typer.Typer(add_completion=False)


@app.command()
def plan_scenario(  # noqa: PLR0917 (Typer reads the command line from it)
    scenario: Annotated[Path, typer.Argument(help="The scenario file (JSON).", show_default=False)],
    formulation: Annotated[str, typer.Option(help="cpo, or grid: flexibility orders and V2G count.")] = "cpo",
    profile: Annotated[str | None, typer.Option(help="cheap or default, for every session.")] = None,
    solver: Annotated[str, typer.Option(help="auto, scip or highs.")] = "auto",
    gap: Annotated[float, typer.Option(help="Relative gap at which a plan counts as optimal.")] = 1e-4,
    time_limit: Annotated[float, typer.Option(help="Seconds until the best plan found is taken.")] = 60.0,
    out: Annotated[Path | None, typer.Option(help="Write the schedule here (JSON).")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw it here (SVG).")] = None,
) -> None:
    """Plan a scenario.

    Exit code 0: a plan; 2: bad input; 3: a plan with shortfall; 4: the grid's limits contradict.
    """
    try:
        problem = Problem.from_json(scenario)
        schedule = optimise(
            problem, formulation=formulation, profile=profile, solver=solver, gap=gap, time_limit=time_limit
        )
        if out is not None:
            schedule.to_json(out)
        if chart is not None:
            chart.write_text(draw_svg(problem, schedule), encoding="utf-8")
    except BadInput as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}")
    _print(problem, schedule)
    if schedule.status == "infeasible":
        raise typer.Exit(CONTRADICTION)
    if schedule.shortfall_kwh > 0:
        raise typer.Exit(SHORTFALL)


def draw_svg(problem: Problem, schedule: Schedule) -> str:
    """Draw a schedule without a browser."""
    major = SCHEMA.rsplit("/v", 1)[1].removesuffix(".json")
    versions = [version for version in vl_convert.get_vegalite_versions() if version.startswith(f"{major}.")]
    newest = max(versions, key=lambda version: [int(part) for part in version.split(".")])
    return vl_convert.vegalite_to_svg(json.dumps(chart_spec(problem, schedule)), vl_version=newest)


def _refuse(message: str) -> None:
    typer.secho(f"twinev optimise: {message}", err=True, fg=typer.colors.RED)
    raise typer.Exit(BAD_INPUT)


def _print(problem: Problem, schedule: Schedule) -> None:
    console = Console()
    proof = "" if schedule.gap is None else f", gap {schedule.gap:.2%}"
    console.print(
        f"[bold]{schedule.status}[/bold]: € {schedule.objective:.2f} for imported energy{proof} "
        f"({schedule.formulation}, {schedule.solver}, {schedule.method}; {schedule.solve_seconds:.2f} s)"
    )
    table = Table("session", "from", "by", "asked kWh", "gets kWh", "short kWh", "peak kW", "reached")
    for column in table.columns[3:7]:
        column.justify = "right"
    for request, session in zip(problem.sessions, schedule.sessions, strict=True):
        reached = session.reached_slot
        table.add_row(
            request.id,
            problem.clock_time(problem.horizon.slot_start(request.arrival_slot)),
            problem.clock_time(problem.horizon.slot_end(request.target_slot)),
            f"{request.need_kwh:.2f}",
            f"{sum(session.energy_kwh):.2f}",
            f"{session.shortfall_kwh:.2f}" if session.shortfall_kwh else "",
            f"{_peak_kw(problem, session.energy_kwh):.2f}",
            "never" if reached is None else problem.clock_time(problem.horizon.slot_end(reached)),
        )
    console.print(table)
    for explanation in schedule.explanations:
        console.print(f"• {explanation}", highlight=False)


def _peak_kw(problem: Problem, energy_kwh: tuple[float, ...]) -> float:
    return max(energy / hours for energy, hours in zip(energy_kwh, problem.horizon.slot_hours, strict=True))
