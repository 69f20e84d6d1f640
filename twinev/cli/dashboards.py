"""``twinev dashboards``."""

from __future__ import annotations

import typer

from twinev.logs import write_logs
from twinev.settings import Settings
from twinev.wiring.dashboards import serve_dashboards

app = typer.Typer()


@app.command()
def dashboards() -> None:
    """Serve the Voila pages for staff, behind the API's login."""
    write_logs()
    serve_dashboards(Settings())
