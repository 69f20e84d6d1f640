"""What a station says on its socket, one CALL at a time: the boot, cards, conditions, the queue, heartbeats."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from twinev.clock import PlatformClock
from twinev.simulator.dialect import ACCEPTED, Request
from twinev.simulator.fleet import ClockSetting
from twinev.simulator.link import CallFailed, Link
from twinev.simulator.message_queue import QueuedMessage
from twinev.simulator.station import Station

LOGGER = logging.getLogger(__name__)

# All in seconds of the wall clock: they are about the computer that serves, not about the EVs.
SHORTEST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 2.0
SHORTEST_HEARTBEAT_SECONDS = 1.0
# So many CALLs without an answer mean that nobody is there any more: a new socket is tried.
DEAF_AFTER_TIMEOUTS = 3
# CALLERRORs after which a message that need not arrive is given up.
HOPELESS = ("NotImplemented", "NotSupported", "FormationViolation", "FormatViolation", "PropertyConstraintViolation")

Answered = Callable[[dict], None]


class Speaker:
    """Speaks for one station, over one socket after the other.

    ``on_boot`` is called before a boot, ``on_deaf`` when the CSMS has left too many CALLs without an answer.
    """

    def __init__(
        self, *, station: Station, clock: PlatformClock, on_boot: Callable[[], None], on_deaf: Callable[[], None]
    ) -> None:
        self._station = station
        self._clock = clock
        self._on_boot = on_boot
        self._on_deaf = on_deaf
        #: How many CALLs the CSMS has answered.
        self.calls_answered = 0
        #: Whether the CSMS has accepted the station since it has had power.
        self.booted = False
        self._timeouts = 0
        self._news = asyncio.Event()
        self._failures = 0
        self._retry_at = 0.0
        self._heartbeat_at = 0.0
        station.on_news = self._news.set

    async def speak(self, link: Link) -> None:
        """Boot when need be, then say what there is to say until the socket ends."""
        try:
            if not self.booted:
                self._on_boot()
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
        while not self.booted:
            wait_seconds = LONGEST_PAUSE_SECONDS
            try:
                answer = station.dialect.read_boot(await link.call(station.dialect.boot(station.spec, "PowerUp")))
            except CallFailed as failure:
                self._unless_closed(failure)
            else:
                self.booted = answer.status == ACCEPTED
                if self.booted and answer.interval_seconds > 0:
                    station.heartbeat_interval_seconds = answer.interval_seconds
                station.time_told(answer.current_time, by=ClockSetting.BOOT)
                wait_seconds = max(SHORTEST_PAUSE_SECONDS, self._clock.wall_seconds(answer.interval_seconds))
            if not self.booted:
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
            if station.reports.heartbeat_wanted or now >= self._heartbeat_at:
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
            lambda answer: self._station.answers.authorized(evse_id, id_token, *dialect.read_authorization(answer)),
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
            await self._call(
                link, request, lambda answer: self._station.answers.confirmed(message, answer), reraise=True
            )
        except CallFailed as failure:
            # On a socket that has ended every further try would fail at once, and nobody else had a turn to notice.
            self._unless_closed(failure)
            if not message.must_arrive and failure.code in HOPELESS:
                reports.delivered(message)

    async def _beat(self, link: Link) -> None:
        station = self._station

        def confirmed(answer: dict) -> None:
            station.reports.heartbeat_wanted = False
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
            if self._timeouts >= DEAF_AFTER_TIMEOUTS:
                self._on_deaf()
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
