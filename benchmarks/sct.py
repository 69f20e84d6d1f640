"""How fast the Smart Charging Tool is: the work of docs/performance.md, one row each, in one run.

    .venv/bin/python benchmarks/sct.py [--only WORD] [--runs 5] [--growth docs/pictures/sct_growth.svg] [--json FILE]

A figure is the median of the whole call `optimise(...)`, warm, verified; beside it the fastest and slowest, the gap
that is proven, what was asked for, and where the row compares, the other side's time and the ratio. `--growth` draws
how the time grows with sessions and slots. The machine, versions and command are printed below.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import altair as alt
import pandas as pd
import vl_convert
from literal_pulp import solve_literally
from measured_on import measured_on
from rich.console import Console
from rich.table import Table
from sites import all_at_start, car_park, problem_of, with_discharge, with_negative_prices, with_one_unservable

from twinev.sct import Problem, Schedule, optimise, verify

PACKAGES = ("cvxpy", "highspy", "pyscipopt", "pulp", "numpy")
SCENARIOS = Path(__file__).parents[1] / "data" / "scenarios"
WAIT_EUR = 1.0
# No time was asked for.
REPORTED = float("inf")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: seconds, and what else is to be told of them."""

    work: str
    asked: str
    median_s: float
    least_s: float
    most_s: float
    held: bool
    told: str = ""


def timed(problem: Problem, runs: int, **options) -> tuple[list[float], Schedule]:
    """Plan ``runs`` times; every plan is verified once more."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        schedule = optimise(problem, **options)
        seconds.append(time.perf_counter() - started)
    assert verify(problem, schedule).holds
    return seconds, schedule


def row(work: str, most_s: float, seconds: list[float], told: str = "", *, held: bool = True) -> Figure:
    median_s = statistics.median(seconds)
    return Figure(
        work=work,
        asked="reported" if most_s == REPORTED else f"≤ {most_s:g} s",
        median_s=median_s,
        least_s=min(seconds),
        most_s=max(seconds),
        held=held and median_s <= most_s,
        told=told,
    )


def gap_text(schedule: Schedule) -> str:
    return f"{schedule.status}, gap {schedule.gap:.1e}" if schedule.gap is not None else schedule.status


def paper(name: str, formulation: str, most_s: float) -> Callable[[int], list[Figure]]:
    def measure(runs: int) -> list[Figure]:
        seconds, schedule = timed(Problem.from_json(SCENARIOS / f"{name}.json"), runs, formulation=formulation)
        return [row(f"{name}, {formulation}", most_s, seconds, gap_text(schedule))]

    return measure


def plain(
    work: str, scenario: Callable[[], dict], most_s: float, *, longest: int = 99, **options
) -> Callable[[int], list[Figure]]:
    def measure(runs: int) -> list[Figure]:
        seconds, schedule = timed(problem_of(scenario()), min(runs, longest), **options)
        held = schedule.gap is None or schedule.gap <= options.get("gap", 1e-4)
        return [row(work, most_s, seconds, gap_text(schedule), held=held)]

    return measure


def against_literal(runs: int) -> list[Figure]:
    """cpo 200 × 96 and the printed model in PuLP/CBC, in turn; both must find the same optimum."""
    problem, ours, theirs = problem_of(car_park(200, 96, 1)), [], []
    for _ in range(min(runs, 5)):
        seconds, schedule = timed(problem, 1, gap=1e-6)
        literal = solve_literally(problem, gap=1e-6, time_limit=120)
        ours, theirs = ours + seconds, [*theirs, literal.seconds]
        assert abs(schedule.objective - literal.objective) <= 2e-6 * abs(literal.objective)
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    told = f"literal PuLP/CBC {statistics.median(theirs):.2f} s, ratio {ratio:.0f}, same optimum"
    figure = row("cpo 200 × 96, gap 1e-6, against literal", REPORTED, ours, told, held=ratio >= 10)
    return [Figure(**{**asdict(figure), "asked": "≥ 10 × faster"})]


def waiting(n_sessions: int) -> dict:
    """All at the site all day, and a slot's waiting is worth about as much as the energy charged in it."""
    return all_at_start(car_park(n_sessions, 96, 1, opportunity_cost_eur_per_slot=WAIT_EUR))


def literal_waiting(runs: int) -> list[Figure]:
    """The printed model of tradeoff 50 × 96 for a minute, and ours on the same problem at 0.1 %."""
    del runs
    problem = problem_of(waiting(50))
    seconds, ours = timed(problem, 1, formulation="tradeoff", gap=1e-3)
    literal = solve_literally(problem, "tradeoff", gap=1e-3, time_limit=60)
    worse = "nothing" if literal.objective is None else f"{literal.objective / ours.bound - 1:.2%} above our bound"
    told = f"literal PuLP/CBC after {literal.seconds:.0f} s: {worse}, {'proven' if literal.proven else 'not proven'}"
    return [row("tradeoff 50 × 96 to 0.1 %, beside literal", 15, seconds, told, held=ours.gap <= 1e-3)]


def after_a_while(work: str, scenario: Callable[[], dict]) -> Callable[[int], list[Figure]]:
    """What is hard: how near the proof is after 15 s."""

    def measure(runs: int) -> list[Figure]:
        del runs
        seconds, schedule = timed(problem_of(scenario()), 1, formulation="tradeoff", gap=1e-3, time_limit=15)
        return [row(work, REPORTED, seconds, gap_text(schedule))]

    return measure


def alike(n_sessions: int) -> dict:
    scenario = waiting(n_sessions)
    first = scenario["sessions"][0]
    return {**scenario, "sessions": [{**first, "id": f"EV{n}"} for n in range(n_sessions)]}


def memory(runs: int) -> list[Figure]:
    """cpo 5,000 × 96 in a process of its own, for its peak of memory."""
    del runs
    code = (
        "import sys, time, resource\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from sites import car_park, problem_of\nfrom twinev.sct import optimise\n"
        "problem = problem_of(car_park(5000, 96, 1)); optimise(problem_of(car_park(3, 40, 1)))\n"
        "started = time.perf_counter(); plan = optimise(problem); seconds = time.perf_counter() - started\n"
        "print(seconds, plan.status, plan.gap, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    seconds, peak_mb = float(told[0]), float(told[3])
    text = f"{told[1]}, gap {float(told[2]):.1e}, peak memory of the process {peak_mb:.0f} MB (≤ 1500)"
    return [row("cpo 5,000 × 96", 20, [seconds], text, held=peak_mb <= 1500)]


def replanning(runs: int) -> list[Figure]:
    """A site of 199 is planned; one arrives; the plan of 200 is made anew."""
    first = car_park(200, 96, 2)
    before = problem_of({**first, "sessions": first["sessions"][:-1]})
    after = problem_of(first)
    once, again = timed(before, runs)[0], timed(after, runs)[0]
    told = f"first plan of 199: {statistics.median(once):.3f} s; nothing is carried over"
    return [row("replanning after one arrival, 200 × 96", REPORTED, again, told)]


def reading_and_verifying(runs: int) -> list[Figure]:
    """What surrounds a plan of 1,000 sessions with limits per slot: reading its file's content, verifying it."""
    scenario = car_park(1000, 96, 1)
    for session in scenario["sessions"]:
        session["max_kw"] = [session["evse_power_kw"] - slot / 1000 for slot in range(96)]
    problem = problem_of(scenario)
    schedule = optimise(problem)
    reading, verifying = [], []
    for _ in range(runs):
        started = time.perf_counter()
        problem_of(scenario)
        read = time.perf_counter()
        assert verify(problem, schedule).holds
        reading.append(read - started)
        verifying.append(time.perf_counter() - read)
    return [
        row("reading 1,000 × 96, limits per slot", REPORTED, reading),
        row("verifying it", REPORTED, verifying),
    ]


def imports(runs: int) -> list[Figure]:
    """Importing, in processes of their own."""
    figures = []
    every = (
        "import importlib, pkgutil, twinev.domain as domain; "
        "[importlib.import_module(m.name) for m in pkgutil.iter_modules(domain.__path__, 'twinev.domain.')]"
    )
    for module, most_s, load in (("twinev.sct", 0.5, "import twinev.sct"), ("twinev.domain, all of it", 0.2, every)):
        code = f"import time; t = time.perf_counter(); {load}; print(time.perf_counter() - t)"
        seconds = [
            float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
            for _ in range(runs)
        ]
        figures.append(row(f"import {module}", most_s, seconds))
    return figures


WORK: dict[str, Callable[[int], list[Figure]]] = {
    "paper_1": paper("paper_1", "cpo", 0.05),
    "paper_2": paper("paper_2", "tradeoff", 0.3),
    "paper_3": paper("paper_3", "cpo", 0.05),
    "cpo 50": plain("cpo 50 × 96", lambda: car_park(50, 96, 1), 0.15),
    "v2g 50": plain("v2g 50 × 96", lambda: with_discharge(car_park(50, 96, 1)), 0.15, formulation="v2g"),
    "literal cpo 200": against_literal,
    "cpo 1000": plain("cpo 1,000 × 96", lambda: car_park(1000, 96, 1), 1.5),
    "cpo 5000": memory,
    "negative 200": plain(
        "cpo 200 × 96, negative prices and surplus", lambda: with_negative_prices(car_park(200, 96, 1), 1), 0.6
    ),
    "tradeoff 50 0.5": plain(
        "tradeoff 50 × 96 to 0.5 %", lambda: waiting(50), 3, formulation="tradeoff", gap=5e-3, longest=3
    ),
    "tradeoff 50 0.1": literal_waiting,
    "tradeoff 1000": plain(
        "tradeoff 1,000 × 96 to 0.1 %", lambda: waiting(1000), 20, formulation="tradeoff", gap=1e-3, longest=2
    ),
    "like 50": after_a_while("tradeoff 50 × 96, EVs that differ in nothing", lambda: alike(50)),
    "tradeoff v2g 50": after_a_while("tradeoff 50 × 96, EVs that discharge", lambda: with_discharge(waiting(50))),
    "one short 200": plain("one of 200 × 96 cannot be served", lambda: with_one_unservable(car_park(200, 96, 1)), 1.0),
    "crowded 200": plain(
        "stages: 200 × 96 at half the power, shortfall shared", lambda: halved(car_park(200, 96, 1)), 4 * 1.0
    ),
    "mixed 200": plain("stages: four profiles mixed, 200 × 96", lambda: mixed(car_park(200, 96, 1)), 4 * 0.6),
    "replanning": replanning,
    "reading": reading_and_verifying,
    "import": imports,
}


def halved(scenario: dict) -> dict:
    max_kw = scenario["supply_point"]["max_kw"]
    return {**scenario, "supply_point": {"max_kw": 0.35 * max_kw, "min_kw": 0}}


def mixed(scenario: dict) -> dict:
    names = ("fast", "green", "cheap", "default")
    sessions = [{**session, "profile": names[n % 4]} for n, session in enumerate(scenario["sessions"])]
    return {**scenario, "sessions": sessions}


def growth(path: Path, runs: int) -> pd.DataFrame:
    """Time over sessions at 96 slots, and over slots at 100 sessions."""
    along = {
        "sessions, 96 slots": [(n, n, 96) for n in (10, 30, 100, 300, 1000)],
        "slots, 100 sessions": [(t, 100, t) for t in (24, 48, 96, 192, 288)],
    }
    rows = []
    for formulation in ("cpo", "v2g", "tradeoff"):
        for axis, sizes in along.items():
            for size, n_sessions, n_slots in sizes:
                scenario = car_park(n_sessions, n_slots, 1, opportunity_cost_eur_per_slot=WAIT_EUR)
                problem = problem_of(with_discharge(scenario) if formulation == "v2g" else scenario)
                gap = 1e-3 if formulation == "tradeoff" else 1e-4
                tries = 1 if n_sessions * n_slots > 20_000 else runs
                seconds, schedule = timed(problem, tries, formulation=formulation, gap=gap)
                figure = {"seconds": statistics.median(seconds), "gap": schedule.gap}
                rows.append({"formulation": formulation, "along": axis, "size": size, **figure})
    frame = pd.DataFrame(rows)
    draw_growth(frame, path)
    return frame


def draw_growth(frame: pd.DataFrame, path: Path) -> None:
    line = (
        alt.Chart(frame)
        .mark_line(point=True)
        .encode(
            x=alt.X("size:Q", scale=alt.Scale(type="log"), title="Number"),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="Whole call [s]"),
            color=alt.Color("formulation:N", title="Formulation"),
            column=alt.Column("along:N", title=None),
        )
    )
    chart = line.resolve_scale(x="independent").properties(title="How the time grows (tradeoff to a proven 0.1 %)")
    path.write_text(vl_convert.vegalite_to_svg(chart.to_json()), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--growth", type=Path, help="draw how the time grows into this SVG")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    optimise(problem_of(car_park(3, 40, 0)))
    console, figures = Console(width=160), []
    table = Table("work", "asked", "median s", "min–max s", "reached", "beside it", title="whole calls, warm")
    for name in (name for name in WORK if options.only in name):
        console.print(f"[dim]{name} …", end="\r")
        for figure in WORK[name](options.runs):
            figures.append(figure)
            spread = f"{figure.least_s:.3f}–{figure.most_s:.3f}"
            reached = "yes" if figure.held else "NO"
            table.add_row(figure.work, figure.asked, f"{figure.median_s:.3f}", spread, reached, figure.told)
    console.print(table)
    if options.growth:
        console.print(growth(options.growth, options.runs).to_string(index=False))
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1, ensure_ascii=False))
    console.print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    console.print(measured_on(PACKAGES), highlight=False)


if __name__ == "__main__":
    main()
