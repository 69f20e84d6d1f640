"""``twinev up``: everything on this machine, supervised until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from twinev.clock import PlatformClock
from twinev.domain.dashboards import DASHBOARDS
from twinev.errors import TwinEVError
from twinev.settings import Settings
from twinev.simulator.scenario import PARTS_BESIDE_STATIONS, require_parts
from twinev.supervisor import Supervisor
from twinev.wiring.data_dir import held, remember_clock, resumed_clock
from twinev.wiring.gateway import tls_port_of
from twinev.wiring.system import Demonstration, WholeSystem, require_free_ports

CLOCK_KEPT_EVERY_SECONDS = 5.0

app = typer.Typer()
console = Console(highlight=False)


@app.command()
def up(
    simulator: Annotated[bool, typer.Option(help="Bring 12 simulated stations at 2 sites along.")] = True,
    speed: Annotated[
        float, typer.Option(min=1, max=600, help="How fast the clock runs; 60 is a day in 24 minutes.")
    ] = 1.0,
    scenario: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Which simulated EV comes when, and what goes wrong (JSON)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number, other simulated drivers.")] = 1,
) -> None:
    """Run everything on this machine: API, gateway, planner, dashboards, NATS and simulated stations."""
    settings = Settings()
    demonstration = Demonstration(scenario=scenario, seed=seed) if simulator else None
    try:
        if scenario is not None:
            require_parts(scenario, PARTS_BESIDE_STATIONS)
        with held(settings.data_dir.absolute()) as data_dir:
            settings = settings.model_copy(update={"data_dir": data_dir})
            require_free_ports(settings)
            tls_port_of(settings)
            clock = resumed_clock(data_dir, speed)
            system = WholeSystem(settings=settings, clock=clock, demonstration=demonstration)
            asyncio.run(_run(system, data_dir, clock))
    except TwinEVError as error:
        console.print(f"[red]twinev up:[/] {error}", soft_wrap=True)
        raise typer.Exit(1) from None


async def _run(system: WholeSystem, data_dir: Path, clock: PlatformClock) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    console.print(f"TwinEV starts; its data and logs are in {data_dir}")
    supervisor = Supervisor(system.specs(), tell=_tell)
    starting = asyncio.create_task(supervisor.start())
    stopping = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.is_set():
            await starting
            console.print(_welcome(system, data_dir, clock))
            await _keep_clock(data_dir, clock, ended)
    finally:
        starting.cancel()
        console.print("TwinEV ends; the data stays")
        await supervisor.stop()
        if clock.speed != 1.0:
            remember_clock(data_dir, clock)


async def _keep_clock(data_dir: Path, clock: PlatformClock, ended: asyncio.Event) -> None:
    """Wait for the end; meanwhile note how far an accelerated clock has come, in case this process is killed."""
    while not ended.is_set():
        if clock.speed != 1.0:
            remember_clock(data_dir, clock)
        try:
            async with asyncio.timeout(CLOCK_KEPT_EVERY_SECONDS):
                await ended.wait()
        except TimeoutError:
            continue


def _tell(name: str, what: str) -> None:
    console.print(f"  {name:<11} {what}")


def _welcome(system: WholeSystem, data_dir: Path, clock: PlatformClock) -> Panel:
    settings = system.settings
    table = Table.grid(padding=(0, 2))
    table.add_row("Start page", f"{settings.api_url}/")
    table.add_row("Drivers", f"{settings.api_url}/app")
    for dashboard in DASHBOARDS:
        table.add_row(dashboard.title, settings.dashboards_public_url + dashboard.path)
    table.add_row("REST API", f"{settings.api_url}/api/docs")
    table.add_row("Stations (OCPP)", f"ws://{settings.bind}:{settings.ocpp_port}/ocpp/<station id>")
    if settings.ocpp_tls_port:
        profile = 3 if settings.ocpp_tls_client_ca else 2
        table.add_row("", f"wss://{settings.bind}:{settings.ocpp_tls_port}/ocpp/<station id> (profile {profile})")
    if settings.oidc_issuer:
        table.add_row("Users", f"log in at {settings.oidc_issuer}")
    elif system.demonstration:
        table.add_row("Demo accounts", str(data_dir / "demo_accounts.json"))
    if system.demonstration:
        table.add_row("Try", "log in as grid_operator, select stations on the map, set a limit, watch the power fall")
    elif not settings.oidc_issuer:
        table.add_row("First account", str(data_dir / "first_account.json"))
    if clock.speed != 1.0:
        table.add_row("Clock", f"{clock.speed:g} times as fast as the wall's")
    table.add_row("End", "Ctrl-C")
    return Panel(table, title="TwinEV runs", expand=False)
