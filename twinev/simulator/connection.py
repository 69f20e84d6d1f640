"""Keeps one station connected: one socket after the other, with pauses that spare a CSMS that comes back."""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import ssl
import uuid
from itertools import count
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.frames import CloseCode

from twinev.clock import PlatformClock
from twinev.simulator.link import Link
from twinev.simulator.speaker import LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS, Speaker
from twinev.simulator.station import Station

LOGGER = logging.getLogger(__name__)

# All in seconds of the wall clock: they are about the computer that serves, not about the EVs.
# Longer than a CSMS may take to decide: who asks again earlier only adds to its burden.
CALL_TIMEOUT_SECONDS = 30.0


class StationConnection:
    """Speaks for one station with the CSMS at ``url`` (the station's id is added to its path)."""

    def __init__(
        self,
        *,
        station: Station,
        url: str,
        clock: PlatformClock,
        seed: int = 1,
        tls: ssl.SSLContext | None = None,
        call_timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        self._station = station
        self._url = f"{url.rstrip('/')}/{quote(station.spec.id, safe='')}"
        self._clock = clock
        # One for all stations: each context would hold its own copy of the trusted certificates.
        self._tls = tls
        self._call_timeout_seconds = call_timeout_seconds
        # Not for secrets: a seed must give the same behaviour again.
        self._dice = random.Random(f"{seed}/{station.spec.id}/pauses")
        self._message_numbers = count(1)
        self._socket: ClientConnection | None = None
        self._speaker = Speaker(station=station, clock=clock, on_boot=self._count_messages_anew, on_deaf=self._abort)
        station.on_cut = self._cut

    @property
    def calls_answered(self) -> int:
        """How many CALLs the CSMS has answered."""
        return self._speaker.calls_answered

    async def run(self) -> None:
        """Connect, and again whenever the socket ends, until cancelled."""
        pause = SHORTEST_PAUSE_SECONDS
        while True:
            await self._until_online()
            try:
                if await self._speak_until_the_end():
                    pause = SHORTEST_PAUSE_SECONDS
            except (OSError, WebSocketException, TimeoutError) as error:
                LOGGER.info("%s: no connection to %s: %s", self._station.spec.id, self._url, error)
            # Not all at once: a CSMS that comes back should not meet every station in the same instant.
            await asyncio.sleep(pause * self._dice.uniform(0.5, 1.0))
            pause = min(pause * 1.6, LONGEST_PAUSE_SECONDS)

    async def _until_online(self) -> None:
        """Wait while the connection fails, or the station is without power."""
        while (off := (self._station.offline_until - self._clock.now()).total_seconds()) > 0:
            await asyncio.sleep(self._clock.wall_seconds(off) + 0.001)

    def _cut(self, reboots: bool) -> None:
        """The connection fails, without a word."""
        if reboots:
            self._speaker.booted = False
        self._abort()

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    def _count_messages_anew(self) -> None:
        self._message_numbers = count(1)

    def _new_id(self) -> str:
        return str(next(self._message_numbers) if self._station.spec.message_ids_reset else uuid.uuid4())

    async def _speak_until_the_end(self) -> bool:
        """One socket's life; returns whether the CSMS accepted the station in it."""
        station, dialect = self._station, self._station.dialect
        async with connect(
            self._url,
            subprotocols=[dialect.subprotocol],
            additional_headers=self._authorization(),
            compression=None,
            proxy=None,
            ssl=self._tls,
            open_timeout=5,
            close_timeout=1,
            # Heartbeats and time-outs find a dead CSMS; pings would cost each station a task.
            ping_interval=None,
        ) as socket:
            self._socket = socket
            link = Link(
                socket,
                station_id=station.spec.id,
                version=dialect.version,
                format_error=dialect.format_error,
                obey=lambda action, payload: dialect.obey(station, action, payload),
                new_id=self._new_id,
                timeout_seconds=self._call_timeout_seconds,
            )
            speaking = asyncio.create_task(self._speaker.speak(link))
            try:
                await link.listen()
            except asyncio.CancelledError:
                # The end of the simulator: a station that is switched off in good order says so.
                await socket.close(CloseCode.GOING_AWAY)
                raise
            finally:
                self._socket = None
                accepted = station.online
                station.disconnected()
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
            LOGGER.info("%s: the CSMS closed the socket (%s)", station.spec.id, socket.close_code)
            return accepted

    def _authorization(self) -> dict[str, str]:
        spec = self._station.spec
        if spec.key is None:
            return {}
        credentials = base64.b64encode(f"{spec.id}:{spec.key}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}
