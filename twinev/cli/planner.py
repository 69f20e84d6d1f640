"""``twinev planner``."""

from __future__ import annotations

import typer
import uvloop

from twinev.logs import write_logs
from twinev.settings import Settings
from twinev.wiring.planner import run_planner

app = typer.Typer()


@app.command()
def planner() -> None:
    """Answer plan requests over NATS: a problem in, a verified plan out."""
    write_logs()
    uvloop.run(run_planner(Settings()))
