"""``twinev simulate``: charging stations and EVs that speak OCPP with a CSMS."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.live import Live

from twinev.clock import PlatformClock
from twinev.errors import BadInput
from twinev.settings import Settings
from twinev.simulator.arrivals import ScriptedVisits
from twinev.simulator.display import fleet_table
from twinev.simulator.drivers import SeededVisits, Visits
from twinev.simulator.faults import Faults
from twinev.simulator.ledger import Ledger
from twinev.simulator.scenario import Scenario, read_scenario
from twinev.simulator.simulation import Simulation, scenario_origin
from twinev.simulator.usage import Usage

# The first EVs come one after the other within so many seconds of the wall clock: one sees life at once.
SETTLE_IN_WALL_SECONDS = 6.0
REFRESH_SECONDS = 0.5
TELL_USAGE_SECONDS = 30.0

app = typer.Typer()
LOGGER = logging.getLogger("twinev.simulate")


class OcppVersion(StrEnum):
    """What made-up stations speak; those of a scenario say it themselves."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"


@app.command()
def simulate(
    *,
    stations: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many stations to make up.", show_default="1")
    ] = None,
    ocpp: Annotated[OcppVersion | None, typer.Option(help="What made-up stations speak.", show_default="2.0.1")] = None,
    url: Annotated[str | None, typer.Option(help="The CSMS, such as ws://127.0.0.1:9000/ocpp.")] = None,
    scenario: Annotated[
        list[Path] | None,
        typer.Option(help="Stations, EVs, arrivals and faults (JSON); its parts may lie in several files."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number, other drivers and failures.")] = 1,
    speed: Annotated[float, typer.Option(min=0.01, help="Seconds per second, unless TWINEV_CLOCK says it.")] = 1.0,
    ledger: Annotated[Path | None, typer.Option(help="Record every fact here (JSON lines).")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Where stations keep their memory over a restart.")] = None,
    meter_interval: Annotated[float, typer.Option(min=1, help="Seconds of platform time between meter values.")] = 10.0,
) -> None:
    """Simulate charging stations with EVs that obey the charging profiles they are sent."""
    chosen = read_scenario(scenario or [], stations=stations, ocpp=ocpp and ocpp.value)
    target = url or chosen.url
    if target is None:
        raise BadInput("url", url, "ws://host:port/path, by --url or in the scenario")
    if urlsplit(target).scheme not in ("ws", "wss") or not urlsplit(target).hostname:
        raise BadInput("url", target, "an address such as ws://127.0.0.1:9000/ocpp")
    clock = _clock(speed)
    origin = scenario_origin(state_dir, clock)
    simulation = Simulation(
        stations=chosen.stations,
        url=target,
        clock=clock,
        visits=_visits(chosen, seed=seed, origin=origin, speed=clock.speed),
        faults=Faults(listed=chosen.faults, seed=seed, origin=origin),
        seed=seed,
        ledger=Ledger(ledger),
        state_dir=state_dir,
        meter_interval_seconds=meter_interval,
    )
    asyncio.run(_run(simulation, clock, target))


def _clock(speed: float) -> PlatformClock:
    """The system's clock where there is one; else a clock of our own that starts now."""
    settings = Settings()
    if settings.clock is not None or speed == 1.0:
        return PlatformClock.from_text(settings.clock)
    now = time.time()
    return PlatformClock(speed=speed, wall_origin=now, platform_origin=now)


def _visits(scenario: Scenario, *, seed: int, origin: datetime, speed: float) -> Visits:
    if scenario.arrivals is not None:
        return ScriptedVisits(arrivals=scenario.arrivals, origin=origin, id_tokens=scenario.id_tokens)
    return SeededVisits(
        seed=seed,
        stations=scenario.stations,
        id_tokens=scenario.id_tokens,
        settle_in_seconds=SETTLE_IN_WALL_SECONDS * speed,
    )


async def _run(simulation: Simulation, clock: PlatformClock, url: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    console = Console()
    if not console.is_terminal:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
        logging.getLogger("websockets").setLevel(logging.WARNING)
        LOGGER.info("%d stations at %s, %g× speed", len(simulation.stations), url, clock.speed)
        telling = asyncio.create_task(_tell_usage(simulation))
        try:
            await simulation.run(stop)
        finally:
            telling.cancel()
        return
    logging.getLogger("twinev").setLevel(logging.ERROR)
    with Live(fleet_table(simulation.stations, clock.now()), console=console, auto_refresh=False) as live:
        showing = asyncio.create_task(_show(live, simulation, clock))
        try:
            await simulation.run(stop)
        finally:
            showing.cancel()


async def _tell_usage(simulation: Simulation) -> None:
    usage = Usage()
    while True:
        await asyncio.sleep(TELL_USAGE_SECONDS)
        LOGGER.info(usage.line(simulation.stations, simulation.calls_answered))


async def _show(live: Live, simulation: Simulation, clock: PlatformClock) -> None:
    while True:
        live.update(fleet_table(simulation.stations, clock.now()), refresh=True)
        await asyncio.sleep(REFRESH_SECONDS)
