"""Keeps one station connected: socket, boot, and everything that it has to say, one CALL at a time."""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import ssl
import time
import uuid
from collections.abc import Callable
from itertools import count
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.frames import CloseCode

from twinev.clock import PlatformClock
from twinev.simulator.dialect import ACCEPTED, Request
from twinev.simulator.fleet import ClockSetting
from twinev.simulator.link import CallFailed, Link
from twinev.simulator.message_queue import QueuedMessage
from twinev.simulator.station import Station

LOGGER = logging.getLogger(__name__)

# All in seconds of the wall clock: they are about the computer that serves, not about the EVs.
# Longer than a CSMS may take to decide: who asks again earlier only adds to its burden.
CALL_TIMEOUT_SECONDS = 30.0
SHORTEST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
SHORTEST_HEARTBEAT_SECONDS = 1.0
# So many CALLs without an answer mean that nobody is there any more: a new socket is tried.
DEAF_AFTER_TIMEOUTS = 3
# CALLERRORs after which a message that need not arrive is given up.
HOPELESS = ("NotImplemented", "NotSupported", "FormationViolation", "FormatViolation", "PropertyConstraintViolation")

Answered = Callable[[dict], None]


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
        self._timeouts = 0
        #: How many CALLs the CSMS has answered.
        self.calls_answered = 0
        self._news = asyncio.Event()
        self._booted = False
        self._failures = 0
        self._retry_at = 0.0
        self._heartbeat_at = 0.0
        station.on_news = self._news.set
        station.on_cut = self._cut

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
            self._booted = False
        if self._socket is not None:
            self._socket.transport.abort()

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
            speaking = asyncio.create_task(self._speak(link))
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

    # ── What is said ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _speak(self, link: Link) -> None:
        try:
            if not self._booted:
                self._message_numbers = count(1)
                await self._boot(link)
            self._failures, self._timeouts, self._retry_at = 0, 0, 0.0
            self._schedule_heartbeat()
            self._station.connected()
            LOGGER.info("%s: online", self._station.spec.id)
            while True:
                await self._say_next(link)
        except CallFailed as failure:
            # Only the end of the socket ends the speaking; `listen` sees it too.
            LOGGER.debug("%s: %s", self._station.spec.id, failure)

    async def _boot(self, link: Link) -> None:
        station = self._station
        while not self._booted:
            wait_seconds = LONGEST_PAUSE_SECONDS
            try:
                answer = station.dialect.read_boot(await link.call(station.dialect.boot(station.spec, "PowerUp")))
            except CallFailed as failure:
                self._unless_closed(failure)
            else:
                self._booted = answer.status == ACCEPTED
                if self._booted and answer.interval_seconds > 0:
                    station.heartbeat_interval_seconds = answer.interval_seconds
                station.time_told(answer.current_time, by=ClockSetting.BOOT)
                wait_seconds = max(SHORTEST_PAUSE_SECONDS, self._clock.wall_seconds(answer.interval_seconds))
            if not self._booted:
                await asyncio.sleep(wait_seconds)

    async def _say_next(self, link: Link) -> None:
        """Make the most urgent CALL, or wait for something to say."""
        self._news.clear()
        station, now = self._station, time.monotonic()
        if now >= self._retry_at:
            # A card at the reader goes first, the queue before the heartbeat.
            if (card := next(station.cards_to_authorize, None)) is not None:
                return await self._authorize(link, *card)
            if station.reports.statuses:
                return await self._tell_status(link)
            if (message := station.reports.queue.first()) is not None:
                return await self._send_queued(link, message)
            if station.heartbeat_wanted or now >= self._heartbeat_at:
                return await self._beat(link)
        wake_at = self._retry_at if now < self._retry_at else self._heartbeat_at
        try:
            async with asyncio.timeout(max(0.0, wake_at - now)):
                await self._news.wait()
        except TimeoutError:
            return None
        return None

    async def _authorize(self, link: Link, evse_id: int, id_token: str) -> None:
        dialect = self._station.dialect
        await self._call(
            link,
            dialect.authorize(id_token),
            lambda answer: self._station.authorized(evse_id, id_token, *dialect.read_authorization(answer)),
        )

    async def _tell_status(self, link: Link) -> None:
        reports = self._station.reports
        told = reports.statuses[0]
        request = self._station.dialect.status(told.evse_id, told.condition, told.at)
        await self._call(link, request, lambda _: reports.status_told(told))

    async def _send_queued(self, link: Link, message: QueuedMessage) -> None:
        reports = self._station.reports
        request = Request(action=message.action, payload=reports.to_send(message))
        try:
            await self._call(link, request, lambda answer: self._station.confirmed(message, answer), reraise=True)
        except CallFailed as failure:
            if not message.must_arrive and failure.code in HOPELESS:
                reports.delivered(message)

    async def _beat(self, link: Link) -> None:
        station = self._station

        def confirmed(answer: dict) -> None:
            station.heartbeat_wanted = False
            station.time_told(station.dialect.read_heartbeat(answer), by=ClockSetting.HEARTBEAT)

        self._schedule_heartbeat()
        await self._call(link, station.dialect.heartbeat(), confirmed)

    async def _call(self, link: Link, request: Request, answered: Answered, *, reraise: bool = False) -> None:
        """Make one CALL; after a failure everything waits a little longer each time, then is tried anew."""
        try:
            answer = await link.call(request)
        except CallFailed as failure:
            self._unless_closed(failure)
            self._failures += 1
            pause = min(SHORTEST_PAUSE_SECONDS * 1.6 ** (self._failures - 1), LONGEST_PAUSE_SECONDS)
            self._retry_at = time.monotonic() + pause
            LOGGER.info("%s: %s failed (%s); again in %.1f s", self._station.spec.id, request.action, failure, pause)
            self._timeouts = self._timeouts + 1 if failure.code == "Timeout" else 0
            if self._timeouts >= DEAF_AFTER_TIMEOUTS and self._socket is not None:
                self._socket.transport.abort()
            if reraise:
                raise
        else:
            self._failures = self._timeouts = 0
            self.calls_answered += 1
            answered(answer)

    def _unless_closed(self, failure: CallFailed) -> None:
        if failure.code == "Closed":
            raise failure

    def _schedule_heartbeat(self) -> None:
        wall_seconds = self._clock.wall_seconds(self._station.heartbeat_interval_seconds)
        self._heartbeat_at = time.monotonic() + max(SHORTEST_HEARTBEAT_SECONDS, wall_seconds)
