"""The OCPP gateway: listens for charging stations and keeps one live connection for each."""

from __future__ import annotations

import asyncio
import logging
import weakref

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from twinev.adapters.ocpp.admission import Admission, Admitted
from twinev.adapters.ocpp.certificates import CHECK_SECONDS, Certificates
from twinev.adapters.ocpp.connection import StationConnection
from twinev.adapters.ocpp.dialects import load_dialects
from twinev.adapters.ocpp.faults import ConnectionLost
from twinev.adapters.ocpp.listeners import Listeners, SocketLimits
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.ports import Boots, Clock, Commands, Desk, Facts, Presence
from twinev.adapters.ocpp.repetitions import Repetitions
from twinev.adapters.ocpp.station_link import StationLink
from twinev.adapters.ocpp.station_socket import Crowd
from twinev.adapters.ocpp.tls import TlsPort
from twinev.adapters.ocpp.turns import Turns

logger = logging.getLogger(__name__)


class Gateway:
    """Listens on ``ws://host:port/ocpp/{id}`` and, where there is a TLS port, on ``wss://``.

    Parameters
    ----------
    port : int or None
        The plain port, of security profile 1 (and of stations without any); 0 takes any that is free, None has none.
    tls : TlsPort, optional
        The port of security profile 2 or 3.
    gateway_id : str
        Names this process among several gateways.
    decision_seconds : float
        How long a station waits for a decision of the API before it is told to try again. [s]
    renew_seconds : float
        How often the presence of a station is renewed. [s]
    limits : SocketLimits
        How many sockets there may be, and how long one may be silent.
    check_seconds : float
        How often the files of the TLS port are looked at. [s]
    """

    def __init__(
        self,
        *,
        host: str,
        port: int | None,
        gateway_id: str,
        clock: Clock,
        desk: Desk,
        facts: Facts,
        commands: Commands,
        boots: Boots,
        presence: Presence,
        tls: TlsPort | None = None,
        decision_seconds: float = 20.0,
        renew_seconds: float = 8.0,
        limits: SocketLimits | None = None,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._gateway_id = gateway_id
        self._clock = clock
        self._desk = desk
        self._facts = facts
        self._repetitions = Repetitions()
        self._commands = commands
        self._boots = boots
        self._presence = presence
        self._decision_seconds = decision_seconds
        self._renew_seconds = renew_seconds
        self._dialects = load_dialects()
        limits = limits or SocketLimits()
        self._certificates = None if tls is None else Certificates(tls, check_seconds=check_seconds)
        self._watching: asyncio.Task[None] | None = None
        crowd = Crowd(limits.most_connections)
        self._admission = Admission(
            desk=desk,
            boots=boots,
            protocols=tuple(self._dialects),
            turns=Turns(at_once=limits.at_once, wait_seconds=limits.turn_seconds),
            crowd=crowd,
            certificates=self._certificates,
        )
        self._listeners = Listeners(
            host=host, port=port, tls=tls, certificates=self._certificates, limits=limits, crowd=crowd
        )
        self._admitted: weakref.WeakKeyDictionary[ServerConnection, Admitted] = weakref.WeakKeyDictionary()
        self._connections: dict[str, StationConnection] = {}

    @property
    def port(self) -> int | None:
        """The plain port that is really listened on, where 0 was asked for."""
        return self._listeners.port

    @property
    def tls_port(self) -> int | None:
        """The TLS port that is really listened on."""
        return self._listeners.tls_port

    @property
    def connected(self) -> frozenset[str]:
        """The ids of the stations that are connected here now."""
        return frozenset(self._connections)

    @property
    def sockets(self) -> tuple[ServerConnection, ...]:
        """The sockets that have come through their handshake."""
        return self._listeners.sockets

    async def start(self) -> None:
        """Listen; from its return on stations can connect.

        Raises
        ------
        BadInput, Conflict
            The files of the TLS port cannot be used; somebody else has the port.
        """
        await self._listeners.start(
            admit=self._admit, select_subprotocol=self._admission.select_subprotocol, serve=self._serve_station
        )
        if self._certificates is not None:
            self._watching = asyncio.create_task(self._certificates.watch(self._close_revoked))

    async def stop(self) -> None:
        """Close every socket and return when all is cleared away; stations come again by themselves."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._listeners.stop()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        verdict = await self._admission.check(connection, request)
        if isinstance(verdict, Response):
            return verdict
        self._admitted[connection] = verdict
        return None

    async def _close_revoked(self) -> None:
        revoked = [socket for socket in self.sockets if self._admission.revoked(socket)]
        await asyncio.gather(*(_close_for_revocation(socket) for socket in revoked))

    async def _serve_station(self, socket: ServerConnection) -> None:
        if self._admission.revoked(socket):  # While the API was asked.
            await _close_for_revocation(socket)
            return
        if socket.subprotocol is None:
            spoken = ", ".join(sorted(self._dialects))
            await socket.close(CloseCode.PROTOCOL_ERROR, f"no common sub-protocol; spoken here: {spoken}")
            return
        admitted = self._admitted.pop(socket)
        station_id = admitted.station_id
        connection = self._make_connection(socket, admitted)
        older = self._connections.get(station_id)
        self._connections[station_id] = connection
        if older is not None:
            await older.supersede()
        try:
            await connection.run()
        finally:
            if self._connections.get(station_id) is connection:
                del self._connections[station_id]

    def _make_connection(self, socket: ServerConnection, admitted: Admitted) -> StationConnection:
        station_id, answer = admitted.station_id, admitted.answer
        protocol = str(socket.subprotocol)
        link = StationLink(
            station=Station(
                station_id=station_id,
                protocol=protocol,
                evse_count=answer.evse_count,
                phases=answer.phases,
                voltage_v=answer.voltage_v,
            ),
            dialect=self._dialects[protocol],
            clock=self._clock,
            desk=self._desk,
            facts=self._facts,
            repetitions=self._repetitions,
            send=lambda frame: _send(socket, frame),
            registration=admitted.registration,
            boots=self._boots,
            decision_seconds=self._decision_seconds,
        )
        return StationConnection(
            station_id=station_id,
            socket=socket,
            link=link,
            gateway_id=self._gateway_id,
            clock=self._clock,
            commands=self._commands,
            presence=self._presence,
            renew_seconds=self._renew_seconds,
        )


async def _close_for_revocation(socket: ServerConnection) -> None:
    logger.warning("a connection from %s is closed: its certificate was revoked", socket.remote_address)
    await socket.close(CloseCode.POLICY_VIOLATION, "the certificate was revoked")


async def _send(socket: ServerConnection, frame: str) -> None:
    try:
        await socket.send(frame)
    except ConnectionClosed as error:
        raise ConnectionLost("the socket closed") from error
