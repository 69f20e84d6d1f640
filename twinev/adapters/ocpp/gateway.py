"""The OCPP gateway: listens for charging stations and keeps one live connection for each."""

from __future__ import annotations

import logging
import weakref

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from twinev.adapters.ocpp.admission import Admission, Admitted
from twinev.adapters.ocpp.boot_gate import Registration
from twinev.adapters.ocpp.connection import StationConnection
from twinev.adapters.ocpp.dialects import load_dialects
from twinev.adapters.ocpp.faults import ConnectionLost
from twinev.adapters.ocpp.mapping.station import Station
from twinev.adapters.ocpp.ports import Clock, Commands, Desk, Facts, Presence
from twinev.adapters.ocpp.repetitions import Repetitions
from twinev.adapters.ocpp.station_link import StationLink

logger = logging.getLogger(__name__)

LARGEST_FRAME_BYTES = 1024 * 1024


class Gateway:
    """Listens on ``ws://host:port/ocpp/{id}``.

    Parameters
    ----------
    gateway_id : str
        Names this process among several gateways.
    decision_seconds : float
        How long a station waits for a decision of the API before it is told to try again. [s]
    renew_seconds : float
        How often the presence of a station is renewed. [s]
    ping_seconds : float
        How often a socket is pinged; one that does not answer within twice that time is closed. [s]
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        gateway_id: str,
        clock: Clock,
        desk: Desk,
        facts: Facts,
        commands: Commands,
        presence: Presence,
        decision_seconds: float = 20.0,
        renew_seconds: float = 8.0,
        ping_seconds: float = 20.0,
    ) -> None:
        self._host = host
        self._port = port
        self._gateway_id = gateway_id
        self._clock = clock
        self._desk = desk
        self._facts = facts
        self._repetitions = Repetitions()
        self._commands = commands
        self._presence = presence
        self._decision_seconds = decision_seconds
        self._renew_seconds = renew_seconds
        self._ping_seconds = ping_seconds
        self._dialects = load_dialects()
        self._admission = Admission(desk=desk, protocols=tuple(self._dialects))
        self._admitted: weakref.WeakKeyDictionary[ServerConnection, Admitted] = weakref.WeakKeyDictionary()
        self._connections: dict[str, StationConnection] = {}
        self._not_accepted: dict[str, Registration] = {}
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port that is really listened on, where 0 was asked for."""
        return self._server.sockets[0].getsockname()[1] if self._server is not None else self._port

    @property
    def connected(self) -> frozenset[str]:
        """The ids of the stations that are connected here now."""
        return frozenset(self._connections)

    async def start(self) -> None:
        """Listen; from its return on stations can connect."""
        self._server = await serve(
            self._serve_station,
            self._host,
            self._port,
            process_request=self._admit,
            select_subprotocol=self._admission.select_subprotocol,
            ping_interval=self._ping_seconds,
            ping_timeout=self._ping_seconds,
            max_size=LARGEST_FRAME_BYTES,
            close_timeout=5,
            server_header=None,
        )
        logger.info("listening for charging stations on ws://%s:%d/ocpp/", self._host, self.port)

    async def stop(self) -> None:
        """Close every socket and return when all is cleared away; stations come again by themselves."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        verdict = await self._admission.check(connection, request)
        if isinstance(verdict, Response):
            return verdict
        self._admitted[connection] = verdict
        return None

    async def _serve_station(self, socket: ServerConnection) -> None:
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
            # A station that reconnects without a boot is where it was (OCPP 1.6 ed. 2, §4.2).
            registration=self._not_accepted.get(station_id, Registration.ACCEPTED),
            on_registration=lambda registration: self._note_boot(station_id, registration),
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

    def _note_boot(self, station_id: str, registration: Registration) -> None:
        if registration is Registration.ACCEPTED:
            self._not_accepted.pop(station_id, None)
        else:
            self._not_accepted[station_id] = registration


async def _send(socket: ServerConnection, frame: str) -> None:
    try:
        await socket.send(frame)
    except ConnectionClosed as error:
        raise ConnectionLost("the socket closed") from error
