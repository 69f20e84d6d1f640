"""``twinev replay``: real days of real drivers through the Smart Charging Tool, against uncontrolled charging."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from twinev.adapters.feeds.acn_data import load_acn_sessions
from twinev.adapters.feeds.prices import load_prices
from twinev.errors import BadInput
from twinev.services.replay.choose import Days, tell_days
from twinev.services.replay.days import Replay, replay_days
from twinev.services.replay.outcome import tell
from twinev.services.replay.power import USUAL_EVSE_KW
from twinev.services.replay.record import RecordedSession
from twinev.services.replay.strategies import STRATEGIES, choose_strategies, load_solver
from twinev.ui.replay_report import find, render_report, tabulate

_SLOT_MINUTES = (5, 15)
_ALL_STRATEGIES = list(STRATEGIES)
_PACKAGES = ("twinev", "cvxpy", "highspy", "pyscipopt", "numpy")

app = typer.Typer(add_completion=False)


@app.command()
def replay(
    context: typer.Context,
    sessions: Annotated[Path, typer.Argument(help="charging sessions in ACN-Data's format, .json or .json.gz")],
    *,
    day: Annotated[str | None, typer.Option(help="one day, YYYY-MM-DD, in the sessions' time zone")] = None,
    first: Annotated[str | None, typer.Option("--from", help="first day of several")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day of several, included")] = None,
    prices: Annotated[Path | None, typer.Option(help="CSV: utc,eur_per_mwh or utc,eur_per_kwh; .gz too")] = None,
    price_zone: Annotated[str, typer.Option(help="time zone to which the prices belong")] = "Europe/Amsterdam",
    site_kw: Annotated[float | None, typer.Option(help="limit of the site's supply point; none without it")] = None,
    phases: Annotated[int, typer.Option(help="phases of a usual EVSE: sets --evse-kw to 7 (1) or 22 (3)")] = 1,
    evse_kw: Annotated[float | None, typer.Option(help="power of a usual EVSE; those that show more have more")] = None,
    slot_minutes: Annotated[int, typer.Option(help="5 or 15")] = 15,
    strategy: Annotated[list[str], typer.Option(help="may be given several times; all without it")] = _ALL_STRATEGIES,
    report: Annotated[Path | None, typer.Option(help="write a report, one HTML file")] = None,
    out: Annotated[Path | None, typer.Option(help="write all figures as JSON")] = None,
) -> None:
    """Replay recorded days: what would the plan have done, knowing only what was known at the time?"""
    console = Console(stderr=True)
    _require_options(site_kw, phases, evse_kw, slot_minutes)
    _require_folders({"--report": report, "--out": out})
    zone = _zone(price_zone)
    strategies = choose_strategies(strategy)
    recorded = load_acn_sessions(sessions)
    days = _choose_days(recorded, day, first, last)
    table = None if prices is None else load_prices(prices)
    usual_evse_kw = USUAL_EVSE_KW[phases] if evse_kw is None else evse_kw
    with _progress(console) as progress:
        task = progress.add_task("loading the solver", total=None)
        load_solver()
        done = replay_days(
            sessions=recorded,
            days=days,
            strategies=strategies,
            prices=table,
            price_zone=zone,
            site_kw=site_kw,
            usual_evse_kw=usual_evse_kw,
            slot_minutes=slot_minutes,
            on_progress=_show_on(progress, task, list(strategies)),
        )
    outcome = _describe(done, {"sessions": sessions, "prices": prices}, _command_text(context))
    if out is not None:
        out.write_text(json.dumps(outcome, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if report is not None:
        report.write_text(render_report(outcome), encoding="utf-8")
    _print(outcome, {"report": report, "figures": out})


def _require_options(site_kw: float | None, phases: int, evse_kw: float | None, slot_minutes: int) -> None:
    for name, value in (("--site-kw", site_kw), ("--evse-kw", evse_kw)):
        if value is not None and not 0 < value < float("inf"):
            raise BadInput(name, value, "a power above 0 kW")
    if phases not in USUAL_EVSE_KW:
        raise BadInput("--phases", phases, "1 or 3")
    if slot_minutes not in _SLOT_MINUTES:
        raise BadInput("--slot-minutes", slot_minutes, "5 or 15")


def _require_folders(paths: dict[str, Path | None]) -> None:
    """Fail before the work where its result could not be written."""
    for name, path in paths.items():
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            raise BadInput(name, str(path), "a file in a folder that exists")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput("--price-zone", name, "an IANA time zone such as Europe/Amsterdam") from error


def _choose_days(sessions: list[RecordedSession], day: str | None, first: str | None, last: str | None) -> Days:
    zone = ZoneInfo(sessions[0].time_zone)
    if day is not None and (first or last):
        raise BadInput("--day", day, "either --day, or --from with --to")
    if day is None and (first is None or last is None):
        raise BadInput("--day", None, f"--day, or --from with --to: {tell_days(sessions, zone)}")
    if day is not None:
        return Days(first=_date("--day", day), last=_date("--day", day), zone=zone)
    return Days(first=_date("--from", first), last=_date("--to", last), zone=zone)


def _date(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(name, text, "a day such as 2021-08-03") from error


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("slots, ready in"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),  # a notebook's console says that it is a terminal, and is none
    )


def _show_on(progress: Progress, task: TaskID, names: list[str]) -> Callable[[str, int, int], None]:
    def show(name: str, done: int, total: int) -> None:
        before = names.index(name) * total
        progress.update(task, description=f"replaying {name}", completed=before + done, total=len(names) * total)

    return show


def _describe(done: Replay, inputs: dict[str, Path | None], command: str) -> dict[str, Any]:
    """Add to the figures what reproduces them."""
    return {
        **tell(done),
        "command": command,
        "inputs": {
            name: {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for name, path in inputs.items()
            if path is not None
        },
        "versions": {**{name: version(name) for name in _PACKAGES}, "python": platform.python_version()},
    }


def _command_text(context: typer.Context) -> str:
    """The command with every option that has a value, defaults too: they may change, the result shall not."""
    words = ["twinev", "replay"]
    for parameter in context.command.params:
        value = context.params.get(parameter.name)
        if value is None or value == []:
            continue
        for entry in value if isinstance(value, (list, tuple)) else [value]:
            words += [str(entry)] if parameter.param_type_name == "argument" else [parameter.opts[0], str(entry)]
    return shlex.join(words)


def _print(outcome: dict[str, Any], written: dict[str, Path | None]) -> None:
    console = Console()
    table = Table(title=f"{outcome['days']}, {len(outcome['sessions'])} sessions, {outcome['time_zone']}")
    table.add_column("")
    for name in outcome["strategies"]:
        table.add_column(name, justify="right")
    for label, values in tabulate(outcome):
        table.add_row(label, *values)
    console.print(table)
    odd = Table(title="What was odd, and what was done about it")
    odd.add_column("Sessions", justify="right")
    odd.add_column("What")
    odd.add_column("What was done")
    for oddity in outcome["oddities"]:
        if oddity["count"]:
            odd.add_row(str(oddity["count"]), oddity["what"], oddity["done"])
    console.print(odd)
    for finding in find(outcome):
        console.print(f"• {finding}", highlight=False)
    for name, path in written.items():
        if path is not None:
            console.print(f"{name}: {path}", highlight=False, soft_wrap=True)
