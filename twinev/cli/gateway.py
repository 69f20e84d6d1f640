"""``twinev gateway``."""

from __future__ import annotations

import typer
import uvloop

from twinev.logs import write_logs
from twinev.settings import Settings
from twinev.wiring.gateway import run_gateway

app = typer.Typer()


@app.command()
def gateway() -> None:
    """Serve charging stations over OCPP and pass what they say and are told over NATS."""
    write_logs()
    uvloop.run(run_gateway(Settings()))
