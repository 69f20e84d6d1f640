"""``twinev api``."""

from __future__ import annotations

from typing import Annotated

import typer
import uvloop

from twinev.logs import write_logs
from twinev.settings import Settings
from twinev.wiring.api import run_api

app = typer.Typer()


@app.command()
def api(
    demo: Annotated[bool, typer.Option(help="Fill an empty database with the demonstration.")] = False,
) -> None:
    """Serve the REST API, keep the database, plan the sites."""
    write_logs()
    uvloop.run(run_api(Settings(), demo=demo))
