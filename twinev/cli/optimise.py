"""``twinev optimise``: plan a scenario file, print the plan, write it, draw it."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from twinev.cli.tell_plan import tell_plan
from twinev.errors import BadInput, TwinEVError
from twinev.sct import Problem, Schedule, optimise
from twinev.sct.chart import chart_spec
from twinev.sct.draw import draw, require_drawable
from twinev.sct.progress import Progress, progress_text

BAD_INPUT = 2
SHORTFALL = 3
CONTRADICTION = 4
FORMULATIONS = (
    "cpo: least cost, EVs only charge. v2g: EVs may give energy back too. grid: v2g, and the grid's flexibility orders "
    "count. tradeoff: grid, and every slot that a driver waits costs money."
)
PROFILES = (
    "For every session, instead of its own. cheap: least cost. fast: done as early as the grid allows. green: on-site "
    "production first, then renewable hours. default: headroom shared by need."
)

app = typer.Typer(add_completion=False)


@app.command()
def plan_scenario(  # noqa: PLR0917 (Typer reads the command line from it)
    scenario: Annotated[Path, typer.Argument(help="The scenario file (JSON).", show_default=False)],
    formulation: Annotated[str, typer.Option(help=FORMULATIONS)] = "cpo",
    profile: Annotated[str | None, typer.Option(help=PROFILES)] = None,
    solver: Annotated[str, typer.Option(help="auto, scip or highs.")] = "auto",
    gap: Annotated[float, typer.Option(help="Relative gap at which a plan counts as optimal.")] = 1e-4,
    time_limit: Annotated[float, typer.Option(help="Seconds until the best plan found is taken.")] = 60.0,
    out: Annotated[Path | None, typer.Option(help="Write the schedule here (JSON).")] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw it here: .svg, .png, or .html to point at.")] = None,
) -> None:
    """Plan a scenario.

    Exit code 0: a plan; 2: bad input; 3: a plan with shortfall; 4: the grid's limits contradict.
    """
    try:
        problem = Problem.from_json(scenario)
        _require_writable(out, chart)
        with _Waiting() as on_progress:
            schedule = optimise(
                problem,
                formulation=formulation,
                profile=profile,
                solver=solver,
                gap=gap,
                time_limit=time_limit,
                on_progress=on_progress,
            )
    except BadInput as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}")
    # Files first: what ends the printing (a closed pipe) takes nothing along.
    told = [
        _write("schedule", out, schedule.to_json),
        _write("chart", chart, lambda path: draw(chart_spec(problem, schedule), path)),
    ]
    tell_plan(Console(), problem, schedule)
    for line in filter(None, told):
        typer.echo(line)
    code = BAD_INPUT if None in told else _exit_code(schedule)
    if code:
        raise typer.Exit(code)


def _exit_code(schedule: Schedule) -> int:
    """A contradiction is worse than a shortfall."""
    if schedule.status == "infeasible":
        return CONTRADICTION
    return SHORTFALL if schedule.shortfall_kwh > 0 else 0


def _require_writable(out: Path | None, chart: Path | None) -> None:
    """Refuse what cannot be written before any time is spent on it."""
    if chart is not None:
        require_drawable(chart, "--chart")
    for path in filter(None, (out, chart)):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _write(what: str, path: Path | None, write: Callable[[Path], None]) -> str | None:
    """Write one file and return what to say of it, nothing where none is wanted; None: it failed, and that is told."""
    if path is None:
        return ""
    try:
        write(path)
    except OSError as error:
        _warn(f"{path}: {error.strerror}")
        return None
    except TwinEVError as error:
        _warn(f"{path}: {error}")
        return None
    return f"The {what} is in {path}."


class _Waiting:
    """A line on stderr while the solver works, gone at the end; nothing where no person looks on."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._latest = Progress(stage="loading the solver", seconds=0.0)
        self._heard_at = time.monotonic()
        self._status = console.status(self) if console.is_terminal else None

    def __enter__(self) -> Callable[[Progress], None]:
        if self._status is not None:
            self._status.start()
        return self._listen

    def __exit__(self, *failure: object) -> None:
        if self._status is not None:
            self._status.stop()

    def _listen(self, progress: Progress) -> None:
        self._latest, self._heard_at = progress, time.monotonic()

    def __rich__(self) -> Text:
        # The seconds run on between two reports.
        seconds = self._latest.seconds + time.monotonic() - self._heard_at
        return Text(progress_text(replace(self._latest, seconds=seconds)))


def _warn(message: str) -> None:
    typer.secho(f"twinev optimise: {message}", err=True, fg=typer.colors.RED)


def _refuse(message: str) -> None:
    _warn(message)
    raise typer.Exit(BAD_INPUT)
