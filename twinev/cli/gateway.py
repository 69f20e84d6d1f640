"""``twinev gateway``."""

from __future__ import annotations

from typing import Annotated

import typer
import uvloop

from twinev.logs import write_logs
from twinev.settings import Settings
from twinev.wiring.gateway import run_gateway

app = typer.Typer()


@app.command()
def gateway(
    *,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The plain port, instead of TWINEV_OCPP_PORT.")
    ] = None,
    tls_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The TLS port, instead of TWINEV_OCPP_TLS_PORT.")
    ] = None,
    plain: Annotated[bool, typer.Option(help="Listen on the plain port too.")] = True,
) -> None:
    """Serve charging stations over OCPP and pass what they say and are told over NATS.

    Several may run side by side: a station may come to any of them.
    """
    write_logs()
    given = {"ocpp_port": port, "ocpp_tls_port": tls_port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    uvloop.run(run_gateway(settings, plain=plain))
