"""Thousands of stations at one gateway: its memory, their coming back after a restart, and growth under traffic."""

from __future__ import annotations

import time

from benchmarks.ocpp_gateway.figures import Figure
from benchmarks.ocpp_gateway.platform import platform
from benchmarks.ocpp_gateway.processes import stations

MOST_MB, MOST_RECONNECT_SECONDS = 250, 10
SETTLE_SECONDS = 10
# Traffic of a fleet: 2,000 stations that report every 20 s.
GROWTH_PER_SECOND = 100
GROWTH_STATIONS = 200


def memory(count: int) -> list[Figure]:
    """PSS of the gateway with every station connected."""
    with platform(count) as (running, keys), stations() as load:
        empty_mb = running.gateway.memory_mb()
        load.order("connect", port=running.ocpp_port, stations=keys)
        time.sleep(SETTLE_SECONDS)
        full_mb = running.gateway.memory_mb()
    return [
        Figure(
            what=f"{count:,} connected stations in one gateway (1.6, plain)",
            asked=f"≤ {MOST_MB} MB",
            measured=f"{full_mb:.0f} MB",
            reached=full_mb <= MOST_MB,
            told=f"PSS; {empty_mb:.0f} MB without a station, {(full_mb - empty_mb) / count * 1000:.0f} kB each",
        )
    ]


def reconnect(count: int) -> list[Figure]:
    """Stop the gateway, start it again, and let every station come at the same moment, with its key."""
    with platform(count) as (running, keys), stations() as load:
        load.order("connect", port=running.ocpp_port, stations=keys)
        load.order("let_go")
        running.stop("gateway")
        started_seconds = running.start_gateway()
        before = {name: process.cpu_seconds() for name, process in running.running.items()}
        result = load.order("connect", port=running.ocpp_port, stations=keys)
        used = {name: process.cpu_seconds() - before[name] for name, process in running.running.items()}
    refusals = ", ".join(f"{times} × {reason}" for reason, times in result["refusals"].items()) or "none"
    cpu = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in used.items())
    return [
        Figure(
            what=f"{count:,} stations reconnect with their keys after the gateway restarted",
            asked=f"≤ {MOST_RECONNECT_SECONDS} s",
            measured=f"{result['seconds']:.1f} s",
            reached=result["seconds"] <= MOST_RECONNECT_SECONDS,
            told=f"half of them {result['half_seconds']:.1f} s; turned away: {refusals}; CPU: {cpu}; "
            f"the gateway listened {started_seconds:.1f} s after its start",
        )
    ]


def growth(minutes: int) -> list[Figure]:
    """PSS of the gateway at the end of each minute of steady traffic."""
    with platform(GROWTH_STATIONS) as (running, keys), stations() as load:
        load.order("connect", port=running.ocpp_port, stations=keys)
        taken_mb = []
        for _ in range(minutes):
            result = load.order("open_loop", per_second=GROWTH_PER_SECOND, seconds=60)
            assert not result["refused"], f"{result['refused']} messages were answered with an error"
            taken_mb.append(running.gateway.memory_mb())
    # The first two minutes fill caches.
    steady_mb = taken_mb[2:] or taken_mb
    return [
        Figure(
            what=f"growth of the gateway over {minutes} minutes, {GROWTH_PER_SECOND} messages/s",
            asked="reported",
            measured=f"{steady_mb[-1] - steady_mb[0]:+.1f} MB",
            reached=None,
            told="MB after each minute: " + " ".join(f"{mb:.1f}" for mb in taken_mb),
        )
    ]
