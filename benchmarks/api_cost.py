"""How much CPU each kind of request takes: the second table of docs/performance_api.md.

    .venv/bin/python benchmarks/api_cost.py [--times 40]

The application as `twinev api` builds it, over the filled SQLite database of `benchmarks/api_load.py`, in this process
and without a socket, NATS or loops: one request after the other. What is told is CPU time, which other work on the
machine moves much less than latencies; what a server spends on sockets and loops comes on top of it.
Restriction previews need a planner and are left out.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.api_requests import filled_database, scenes
from benchmarks.api_requests.connections import Answer, Request
from benchmarks.api_requests.kinds import SHARES, Scene, of_kind
from benchmarks.measured_on import measured_on
from twinev.adapters.database.engine import open_engine
from twinev.adapters.database.unit_of_work import Database
from twinev.adapters.messaging.connection import StayingClient
from twinev.clock import PlatformClock
from twinev.settings import Settings
from twinev.wiring.api import ApiParts

LEFT_OUT = "preview restriction"
WARM_UP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=40, help="requests of each kind")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="twinev-bench-") as directory:
        settings = Settings(data_dir=Path(directory), rate_per_user=0, rate_per_address=0)
        url = f"sqlite:///{directory}/twinev.db"
        scene, _ = scenes.fill(url, settings.data_dir, chance=random.Random(5))
        engine = open_engine(url)
        _connect_all(Database(engine=engine, clock=PlatformClock()))
        app = ApiParts(settings=settings, engine=engine, client=StayingClient(shown_name="never connected")).app()
        table = uvloop.run(_measured(app, scene, options.times))
        engine.dispose()
    Console(highlight=False).print(table)
    print(measured_on(("twinev", "fastapi", "sqlalchemy")))


def _connect_all(database: Database) -> None:
    """Have all stations online, so that they are recommended."""
    with database.unit_of_work() as work:
        for station_id in filled_database.station_ids():
            work.stations.set_online(station_id, True, PlatformClock().now(), "none")
        work.commit()


async def _measured(app: Any, scene: Scene, times: int) -> Table:
    table = Table("kind", "share", "CPU [ms]", box=None, pad_edge=False)
    mean_ms = 0.0
    kinds = [kind for kind in SHARES if kind != LEFT_OUT]
    for kind in kinds:
        for _ in range(WARM_UP):
            await _ask(app, scene, kind)
        began = time.process_time()
        for _ in range(times):
            await _ask(app, scene, kind)
        took_ms = (time.process_time() - began) / times * 1000
        mean_ms += took_ms * SHARES[kind] / sum(SHARES[each] for each in kinds)
        table.add_row(kind, f"{SHARES[kind]} %", f"{took_ms:.1f}")
    table.add_row("mean of the mix", "", f"{mean_ms:.1f}")
    return table


async def _ask(app: Any, scene: Scene, kind: str) -> None:
    ask = of_kind(kind, scene)
    answer = await _answer(app, ask.request)
    if answer.status >= 400 and answer.status not in (409, 412):
        raise RuntimeError(f"{kind}: {answer.status} {answer.body[:300]!r}")
    ask.learn(answer)


async def _answer(app: Any, request: Request) -> Answer:
    head, _, body = request.encoded().partition(b"\r\n\r\n")
    path, _, query = f"/api/v1{request.path}".partition("?")
    named = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower(), value.strip()) for name, _, value in named],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    etag = dict(sent[0]["headers"]).get(b"etag")
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(status=sent[0]["status"], etag=etag and etag.decode(), body=content)


if __name__ == "__main__":
    main()
