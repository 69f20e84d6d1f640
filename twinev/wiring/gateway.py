"""Builds and runs the OCPP gateway."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import uuid

from twinev.adapters.messaging.boot_record import BootRecord
from twinev.adapters.messaging.command_inbox import CommandInbox
from twinev.adapters.messaging.connection import connect, disconnect, end
from twinev.adapters.messaging.fact_publisher import FactPublisher
from twinev.adapters.messaging.gateway_board import GatewayBoard
from twinev.adapters.messaging.presence import Presence
from twinev.adapters.messaging.station_desk import StationDesk
from twinev.adapters.messaging.watchdog import while_linked
from twinev.adapters.ocpp.gateway import Gateway
from twinev.adapters.ocpp.listeners import SocketLimits
from twinev.adapters.ocpp.tls import TlsPort
from twinev.clock import PlatformClock
from twinev.errors import BadInput
from twinev.settings import Settings
from twinev.wiring.nats_url import nats_url

logger = logging.getLogger(__name__)

# Beside the stations' sockets: handshakes under way, NATS, logs.
OTHER_FILES = 500


async def run_gateway(settings: Settings, *, plain: bool = True) -> None:
    """Serve stations until SIGTERM or SIGINT.

    Parameters
    ----------
    plain : bool
        Whether to listen on the plain port too.
    """
    tls = tls_port_of(settings)
    if tls is None and not plain:
        raise BadInput("--no-plain", None, "a gateway with TWINEV_OCPP_TLS_PORT or --tls-port: it would serve nobody")
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    _allow_files(settings.ocpp_connections)
    gateway_id = f"gateway-{uuid.uuid4().hex[:8]}"
    url = nats_url(settings, "gateway")
    client = await connect(url, user="gateway", name=gateway_id)
    gateway = Gateway(
        host=settings.bind,
        port=settings.ocpp_port if plain else None,
        tls=tls,
        gateway_id=gateway_id,
        clock=PlatformClock.from_text(settings.clock),
        desk=StationDesk(client=client),
        facts=FactPublisher(client=client),
        commands=CommandInbox(client=client),
        boots=BootRecord(client=client),
        presence=Presence(client=client),
        limits=SocketLimits(most_connections=settings.ocpp_connections),
    )
    board = asyncio.create_task(GatewayBoard(client=client, gateway_id=gateway_id).run())
    try:
        await gateway.start()
        await while_linked(ended.wait(), client, url)
    finally:
        await end(board)
        await gateway.stop()
        await disconnect(client)


def tls_port_of(settings: Settings) -> TlsPort | None:
    """The TLS port that the settings ask for, its files read once.

    Raises
    ------
    BadInput
        A file is not named or cannot be used, or is named for nothing.
    """
    files = {
        "TWINEV_OCPP_TLS_CERT": settings.ocpp_tls_cert,
        "TWINEV_OCPP_TLS_KEY": settings.ocpp_tls_key,
        "TWINEV_OCPP_TLS_CLIENT_CA": settings.ocpp_tls_client_ca,
        "TWINEV_OCPP_CLIENT_CRL": settings.ocpp_client_crl,
    }
    if settings.ocpp_tls_port is None:
        # Otherwise somebody believes that stations come over TLS.
        for name, path in files.items():
            if path is not None:
                raise BadInput(name, str(path), "nothing without TWINEV_OCPP_TLS_PORT (or --tls-port), such as 9443")
        return None
    for name in ("TWINEV_OCPP_TLS_CERT", "TWINEV_OCPP_TLS_KEY"):
        if files[name] is None:
            raise BadInput(name, None, "a PEM file, for there is a TLS port; docs/own_stations.md says how to make one")
    if settings.ocpp_client_crl is not None and settings.ocpp_tls_client_ca is None:
        raise BadInput(
            "TWINEV_OCPP_CLIENT_CRL", str(settings.ocpp_client_crl), "nothing without the CA of the stations"
        )
    tls = TlsPort(
        port=settings.ocpp_tls_port,
        certificate=settings.ocpp_tls_cert,
        key=settings.ocpp_tls_key,
        client_ca=settings.ocpp_tls_client_ca,
        client_crl=settings.ocpp_client_crl,
    )
    tls.context()
    tls.revocations()
    return tls


def _allow_files(connections: int) -> None:
    """Each station is an open file; what a shell allows by default is often 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        logger.warning("this process may open %d files, too few for %d stations; raise ulimit -n", hard, connections)
        wanted = hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
