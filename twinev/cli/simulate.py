"""``twinev simulate``: charging stations and EVs that speak OCPP with a CSMS."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
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
from twinev.simulator.display import fleet_table
from twinev.simulator.drivers import ScriptedVisits, SeededVisits, Visits, read_script
from twinev.simulator.fleet import Fleet, make_fleet, read_fleet
from twinev.simulator.ledger import Ledger
from twinev.simulator.simulation import Simulation, script_origin

# The first EVs come one after the other within so many seconds of the wall clock: one sees life at once.
SETTLE_IN_WALL_SECONDS = 6.0
REFRESH_SECONDS = 0.5

app = typer.Typer()
LOGGER = logging.getLogger("twinev.simulate")


class OcppVersion(StrEnum):
    """What made-up stations speak; those of a fleet file say it themselves."""

    V16 = "1.6"
    V201 = "2.0.1"


@app.command()
def simulate(
    *,
    stations: Annotated[int, typer.Option(min=1, max=10_000, help="How many stations to make up.")] = 1,
    ocpp: Annotated[OcppVersion, typer.Option(help="What made-up stations speak.")] = OcppVersion.V201,
    url: Annotated[str | None, typer.Option(help="The CSMS, such as ws://127.0.0.1:9000/ocpp.")] = None,
    speed: Annotated[float, typer.Option(min=0.01, help="Seconds per second, unless TWINEV_CLOCK says it.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another number, other drivers.")] = 1,
    fleet: Annotated[
        Path | None, typer.Option(help="Stations, keys and id tokens (JSON), instead of made-up ones.")
    ] = None,
    script: Annotated[Path | None, typer.Option(help="Who comes when (JSON), instead of the seed's drivers.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Record every fact here (JSON lines).")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Where stations keep their memory over a restart.")] = None,
    meter_interval: Annotated[float, typer.Option(min=1, help="Seconds of platform time between meter values.")] = 10.0,
) -> None:
    """Simulate charging stations with EVs that obey the charging profiles they are sent."""
    chosen = read_fleet(fleet) if fleet else make_fleet(stations=stations, ocpp=ocpp.value)
    target = url or chosen.url
    if target is None:
        raise BadInput("url", url, "ws://host:port/path, by --url or in the fleet file")
    if urlsplit(target).scheme not in ("ws", "wss") or not urlsplit(target).hostname:
        raise BadInput("url", target, "an address such as ws://127.0.0.1:9000/ocpp")
    clock = _clock(speed)
    simulation = Simulation(
        stations=chosen.stations,
        url=target,
        clock=clock,
        visits=_visits(chosen, clock=clock, seed=seed, script=script, state_dir=state_dir),
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


def _visits(fleet: Fleet, *, clock: PlatformClock, seed: int, script: Path | None, state_dir: Path | None) -> Visits:
    if script is not None:
        return ScriptedVisits(
            script=read_script(script, fleet.stations),
            origin=script_origin(state_dir, clock),
            id_tokens=fleet.id_tokens,
        )
    return SeededVisits(
        seed=seed,
        stations=fleet.stations,
        id_tokens=fleet.id_tokens,
        settle_in_seconds=SETTLE_IN_WALL_SECONDS * clock.speed,
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
        await simulation.run(stop)
        return
    logging.getLogger("twinev").setLevel(logging.ERROR)
    with Live(fleet_table(simulation.stations, clock.now()), console=console, auto_refresh=False) as live:
        showing = asyncio.create_task(_show(live, simulation, clock))
        try:
            await simulation.run(stop)
        finally:
            showing.cancel()


async def _show(live: Live, simulation: Simulation, clock: PlatformClock) -> None:
    while True:
        live.update(fleet_table(simulation.stations, clock.now()), refresh=True)
        await asyncio.sleep(REFRESH_SECONDS)
