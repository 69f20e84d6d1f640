"""One socket's life: claimed, announced, read until it closes or a newer one takes the station, and cleared away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from twinev.adapters.ocpp.faults import ConnectionLost
from twinev.adapters.ocpp.ports import Claim, Clock, Commands, Inbox, Presence
from twinev.adapters.ocpp.station_link import StationLink
from twinev.domain.commands import CloseConnection, CommandMessage, CommandReply
from twinev.domain.facts import ConnectionChanged
from twinev.errors import Unavailable

logger = logging.getLogger(__name__)

CONNECTION_ACTION = "Connection"


class StationConnection:
    """Joins a socket with its `StationLink`, its presence and its inbox of commands.

    Parameters
    ----------
    renew_seconds : float
        How often the presence is renewed; well below the time after which it expires. [s]
    """

    def __init__(
        self,
        *,
        station_id: str,
        socket: ServerConnection,
        link: StationLink,
        gateway_id: str,
        clock: Clock,
        commands: Commands,
        presence: Presence,
        renew_seconds: float,
    ) -> None:
        self._station_id = station_id
        self._socket = socket
        self._link = link
        self._gateway_id = gateway_id
        self._clock = clock
        self._commands = commands
        self._presence = presence
        self._renew_seconds = renew_seconds
        self._connection_id = uuid.uuid4().hex
        self._claim: Claim | None = None
        self._inbox: Inbox | None = None
        self._announced = False
        self._superseded = False
        self._elsewhere = False
        self._renewing = asyncio.Lock()
        self._giving_up: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Return when the socket is closed and everything about it is cleared away."""
        try:
            # The inbox before the claim, which ends the older gateway's answers: no command finds nobody. One that
            # comes in between waits for the claim; rather two gateways carry it out than none.
            async with self._renewing:
                self._inbox = await self._commands.open(self._station_id, self._obey)
                self._claim = await self._presence.claim(
                    self._station_id, gateway_id=self._gateway_id, connection_id=self._connection_id
                )
            if self._superseded:
                await self._close_superseded()
                return
            await self._announce(online=True)
            self._announced = True
            async with self._background():
                await self._read()
        except Unavailable as error:
            logger.warning("station %s cannot be taken in: %s", self._station_id, error)
            await self._socket.close(CloseCode.TRY_AGAIN_LATER, "the central system is not available; try again")
        finally:
            await self._clear()

    async def supersede(self) -> None:
        """A newer connection has the station: take no more commands, and close without anybody waiting for it."""
        if not self._superseded:
            self._superseded = True
            self._link.close()
            async with self._renewing:
                pass  # A claim of ours that is under way must not come after the newer connection's.
            await self._stop_commands()
            self._closing = asyncio.create_task(self._close_superseded())

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed, ConnectionLost):
            async for frame in self._socket:
                await self._link.rpc.receive(frame)

    @contextlib.asynccontextmanager
    async def _background(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._serve()), asyncio.create_task(self._renew())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self) -> None:
        with contextlib.suppress(ConnectionLost):
            await self._link.rpc.serve()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._renew_seconds)
            if not await self._still_here():
                return

    async def _obey(self, message: CommandMessage) -> CommandReply | None:
        """Carry out a command; None, so that its sender hears nothing from here, when another gateway has the station.

        Until this gateway notices that, both get the command. Without this look both would tell the station, and the
        sender would hear the faster one, which may be that of a half-open socket.
        """
        if not await self._still_here():
            return None
        if isinstance(message.command, CloseConnection):
            # Beside the reply, which must leave before the inbox closes.
            self._closing = asyncio.create_task(self._close_for(message.command.reason))
            return CommandReply(command_id=message.command_id, outcome="accepted")
        return await self._link.obey(message)

    async def _still_here(self) -> bool:
        # One at a time: two renewals of the same revision would look like a newer claim.
        async with self._renewing:
            if self._elsewhere or self._claim is None:
                return False
            try:
                # A superseded socket has closed its link, which says so to whoever sends a command.
                if self._superseded or await self._claim.renew():
                    return True
            except Unavailable as error:
                logger.warning("station %s: %s", self._station_id, error)
                return True  # Nothing is known; the claim is tried again before it expires.
            logger.info("station %s has a newer connection at another gateway", self._station_id)
            self._elsewhere = True
        self._giving_up = asyncio.create_task(self.supersede())
        return False

    async def _clear(self) -> None:
        await self._stop_commands()
        # A superseded station is still online, through its newer socket.
        if self._announced and not self._superseded:
            try:
                await self._announce(online=False)
            except Unavailable as error:
                logger.warning("station %s went offline, which NATS did not take: %s", self._station_id, error)
        if self._claim is not None:
            await self._claim.release()
        if self._giving_up is not None:
            await self._giving_up
        if self._closing is not None:
            await self._closing

    async def _stop_commands(self) -> None:
        # First the link: a command under way ends as offline, which its sender hears before the inbox closes.
        self._link.close()
        if self._inbox is not None:
            inbox, self._inbox = self._inbox, None
            await inbox.close()

    async def _announce(self, *, online: bool) -> None:
        fact = ConnectionChanged(
            timestamp=self._clock.now(),
            online=online,
            gateway_id=self._gateway_id,
            connection_id=self._connection_id,
        )
        await self._link.tell(CONNECTION_ACTION, fact, (self._connection_id, online), {})

    async def _close_for(self, reason: str) -> None:
        # RFC 6455, §5.5.1: a control frame has 125 bytes, two of them for the code.
        shortened = reason.encode()[:123].decode(errors="ignore")
        await self._socket.close(CloseCode.POLICY_VIOLATION, shortened)

    async def _close_superseded(self) -> None:
        await self._socket.close(CloseCode.GOING_AWAY, "a newer connection of this station took over")
