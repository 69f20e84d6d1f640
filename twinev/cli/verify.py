"""``twinev verify``: check a schedule file against its scenario, independently of the code that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twinev.errors import BadInput
from twinev.sct import Problem, Schedule, verify
from twinev.sct.verdict import count_text, verdict

BROKEN = 1
BAD_INPUT = 2

app = typer.Typer(add_completion=False)


@app.command()
def verify_schedule(
    scenario: Annotated[Path, typer.Argument(help="The scenario file (JSON).", show_default=False)],
    schedule: Annotated[Path, typer.Argument(help="The schedule file (JSON).", show_default=False)],
) -> None:
    """Check a schedule: physics, limits, targets, money.

    Exit code 0: every rule holds; 1: one is broken, and which; 2: bad input.
    """
    try:
        problem = Problem.from_json(scenario)
        plan = Schedule.from_json(schedule, problem)
    except BadInput as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}")
    verification = verify(problem, plan)
    for rule in verification.broken:
        typer.secho(f"broken: {rule}", err=True, fg=typer.colors.RED)
    if not verification.holds:
        raise typer.Exit(BROKEN)
    size = f"{count_text(len(plan.sessions))}, {problem.slots} slots"
    typer.secho(f"every rule holds ({plan.formulation}, {size})", fg=typer.colors.GREEN)
    typer.echo(f"the plan says of itself: {verdict(plan)}")


def _refuse(message: str) -> None:
    typer.secho(f"twinev verify: {message}", err=True, fg=typer.colors.RED)
    raise typer.Exit(BAD_INPUT)
