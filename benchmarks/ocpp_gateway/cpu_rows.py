"""CPU time per message, beside a plain server made with the `ocpp` library."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.ocpp_gateway.figures import Figure
from benchmarks.ocpp_gateway.platform import platform
from benchmarks.ocpp_gateway.processes import ROOT, Process, Stations, server, stations

# As many as a small depot has; the CPU per message falls a little with more of them under way.
STATIONS = 16
WARM_UP_MESSAGES = 200
ROUNDS = 5
LEAST_RATIO_ALONE, LEAST_RATIO_DURABLE = 15, 3


def rpc_layer(messages: int) -> list[Figure]:
    """The RPC layers alone, without any socket."""
    command = [sys.executable, "-m", "benchmarks.ocpp_gateway.rpc_alone", str(messages)]
    taken = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    ratio = taken["library"] / taken["own"]
    return [
        Figure(
            what="CPU per MeterValues, RPC layer alone",
            asked=f"≥ {LEAST_RATIO_ALONE} × less than the library",
            measured=f"{ratio:.0f} ×",
            reached=ratio >= LEAST_RATIO_ALONE,
            told=f"{taken['own']:.0f} µs, library {taken['library']:.0f} µs",
        )
    ]


def durable(messages: int) -> list[Figure]:
    """Over sockets: the library's server, the gateway with nothing behind it, the gateway with JetStream."""
    taken: dict[str, list[float]] = {"library": [], "bare": [], "durable": []}
    with ExitStack() as stack:
        measured = {
            "library": stack.enter_context(_loaded_server("library_server")),
            "bare": stack.enter_context(_loaded_server("bare_gateway")),
            "durable": stack.enter_context(_loaded_platform()),
        }
        for _ in range(ROUNDS):
            for name, take in measured.items():
                taken[name].append(take(messages))
    cpu_us = {name: statistics.median(values) for name, values in taken.items()}
    bare_ratio, ratio = (cpu_us["library"] / cpu_us[name] for name in ("bare", "durable"))
    beside = f"library {cpu_us['library']:.0f} µs"
    return [
        Figure(
            what="CPU per MeterValues over a socket, translated, not published",
            asked="reported",
            measured=f"{bare_ratio:.1f} ×",
            reached=None,
            told=f"{cpu_us['bare']:.0f} µs, {beside}",
        ),
        Figure(
            what="CPU per MeterValues with durable publish (sync_interval always)",
            asked=f"≥ {LEAST_RATIO_DURABLE} × less than the library, which publishes nothing",
            measured=f"{ratio:.1f} ×",
            reached=ratio >= LEAST_RATIO_DURABLE,
            told=f"{cpu_us['durable']:.0f} µs, {beside}",
        ),
    ]


@contextmanager
def _loaded_server(module: str) -> Iterator[Callable[[int], float]]:
    with server(module) as (process, port), stations() as load:
        load.order("connect", port=port, stations={f"BENCH-{number:04d}": "" for number in range(STATIONS)})
        yield _warmed_up(process, load)


@contextmanager
def _loaded_platform() -> Iterator[Callable[[int], float]]:
    with platform(STATIONS) as (running, keys), stations() as load:
        load.order("connect", port=running.ocpp_port, stations=keys)
        # It would send commands of its own; the facts wait in the stream.
        running.stop("api")
        yield _warmed_up(running.gateway, load)


def _warmed_up(process: Process, load: Stations) -> Callable[[int], float]:
    """How to take the microseconds of CPU per message of ``process``."""

    def take(messages: int) -> float:
        began = process.cpu_seconds()
        answered = load.order("closed_loop", stations=STATIONS, messages=messages)
        assert not answered["refused"], f"{answered['refused']} of {messages} MeterValues were answered with an error"
        return (process.cpu_seconds() - began) / messages * 1e6

    take(WARM_UP_MESSAGES)
    return take
