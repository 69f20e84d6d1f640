"""The ports of a gateway, and what one socket on them may cost."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from twinev.adapters.ocpp.certificates import Certificates
from twinev.adapters.ocpp.station_socket import Crowd, StationSocket
from twinev.adapters.ocpp.tls import TlsPort
from twinev.errors import Conflict

logger = logging.getLogger(__name__)

# After decompression too. Reports of 2.x stations come in parts of some ten kB; nothing in OCPP is larger.
LARGEST_FRAME_BYTES = 256 * 1024
# Frames of one station that wait for those before them; behind them the socket is not read.
MOST_FRAMES_WAITING = 8
# Connections that the kernel keeps until we take them: after an outage all stations come within a second or two.
BACKLOG = 4096
# How long a peer may take for its TLS handshake, and again for its request with the API's answer, its turn aside.
REQUEST_SECONDS = 10.0

Admit = Callable[[ServerConnection, Request], Awaitable[Response | None]]
SelectSubprotocol = Callable[[ServerConnection, Sequence[Subprotocol]], Subprotocol | None]
Serve = Callable[[ServerConnection], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class SocketLimits:
    """How many sockets there may be, and how long one may be silent.

    Parameters
    ----------
    most_connections : int
        How many stations may be connected.
    at_once : int
        How many handshakes ask the API at a time; the others wait.
    turn_seconds : float
        How long they wait before they are told to try again. [s]
    ping_seconds : float
        How often a socket is pinged; one that does not answer within twice that time is closed. [s]
    unread_seconds : float
        How long a station may leave unread what it is sent. [s]
    close_seconds : float
        How long a station may take to agree to the end of its connection. [s]
    """

    most_connections: int = 5000
    at_once: int = 32
    turn_seconds: float = 20.0
    ping_seconds: float = 20.0
    unread_seconds: float = 30.0
    close_seconds: float = 5.0


class Listeners:
    """A plain port, a TLS port, or both.

    Parameters
    ----------
    port : int or None
        The plain port; 0 takes any that is free, None has none.
    tls : TlsPort or None
        The TLS port.
    certificates : Certificates or None
        Its files.
    crowd : Crowd
        Counts the sockets of both.
    """

    def __init__(
        self, *, host: str, port: int | None, tls: TlsPort | None, certificates: Certificates | None,
        limits: SocketLimits, crowd: Crowd,
    ) -> None:  # fmt: skip
        self._host = host
        self._port = port
        self._tls = tls
        self._certificates = certificates
        self._limits = limits
        self._crowd = crowd
        self._servers: dict[str, Server] = {}

    @property
    def port(self) -> int | None:
        return self._real_port("ws", self._port)

    @property
    def tls_port(self) -> int | None:
        return self._real_port("wss", None if self._tls is None else self._tls.port)

    @property
    def sockets(self) -> tuple[ServerConnection, ...]:
        """The sockets that have come through their handshake."""
        return tuple(socket for server in self._servers.values() for socket in server.connections)

    async def start(self, *, admit: Admit, select_subprotocol: SelectSubprotocol, serve: Serve) -> None:
        """Listen.

        Raises
        ------
        BadInput, Conflict
            The files of the TLS port cannot be used; somebody else has the port.
        """
        listen = partial(self._listen, admit=admit, select_subprotocol=select_subprotocol, serve_station=serve)
        if self._port is not None:
            await listen("ws", self._port, None)
            logger.info("listening for charging stations on ws://%s:%d/ocpp/ (profile 1)", self._host, self.port)
        if self._tls is not None and self._certificates is not None:
            await listen("wss", self._tls.port, self._certificates.open())
            profile = self._tls.security_profile
            logger.info("listening on wss://%s:%d/ocpp/ (profile %d)", self._host, self.tls_port, profile)

    async def stop(self) -> None:
        """Close every socket; return when all handlers have ended."""
        for server in self._servers.values():
            server.close()
        for server in self._servers.values():
            await server.wait_closed()

    async def _listen(
        self, scheme: str, port: int, context: ssl.SSLContext | None,
        *, admit: Admit, select_subprotocol: SelectSubprotocol, serve_station: Serve,
    ) -> None:  # fmt: skip
        tls = {} if context is None else {"ssl": context, "ssl_handshake_timeout": REQUEST_SECONDS}
        try:
            self._servers[scheme] = await serve(
                serve_station,
                self._host,
                port,
                **tls,
                backlog=BACKLOG,
                process_request=admit,
                select_subprotocol=select_subprotocol,
                create_connection=partial(StationSocket, crowd=self._crowd, unread_seconds=self._limits.unread_seconds),
                open_timeout=REQUEST_SECONDS + self._limits.turn_seconds,
                ping_interval=self._limits.ping_seconds,
                ping_timeout=self._limits.ping_seconds,
                max_size=LARGEST_FRAME_BYTES,
                max_queue=MOST_FRAMES_WAITING,
                close_timeout=self._limits.close_seconds,
                server_header=None,
            )
        except OSError as error:
            raise Conflict(
                f"port {port} on {self._host} cannot be used for stations ({error.strerror or error}); "
                "end the program that holds it, or take another with --port or --tls-port"
            ) from error

    def _real_port(self, scheme: str, asked: int | None) -> int | None:
        server = self._servers.get(scheme)
        return asked if server is None else server.sockets[0].getsockname()[1]
