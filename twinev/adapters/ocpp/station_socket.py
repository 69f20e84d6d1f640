"""A station's socket with two bounds: how many there may be, and how much we wait for one that does not read.

A peer that reads nothing would otherwise keep what we send in memory for ever: `websockets` waits until it is read,
and its keep-alive waits in the same queue.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from websockets.asyncio.server import ServerConnection

logger = logging.getLogger(__name__)

# What may wait for a station that does not read; far above a profile, far below what would hurt.
MOST_UNREAD_BYTES = 1024 * 1024
# A refused connection is told of in the log, but a storm of them not line by line.
LOG_EVERY_SECONDS = 10.0


class Crowd:
    """Counts the sockets of a process.

    Parameters
    ----------
    most : int
        How many stations may be connected.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.sockets = 0
        self._turned_away = 0
        self._last_line: float | None = None

    @property
    def full(self) -> bool:
        """Whether one more station is too many; its socket is counted already, and is told so."""
        return self.sockets > self.most

    @property
    def overrun(self) -> bool:
        """Whether there are so many sockets that a new one cannot even be told."""
        return self.sockets > 2 * self.most

    def turn_away(self) -> None:
        """Tell the log, once in a while."""
        self._turned_away += 1
        now = asyncio.get_running_loop().time()
        if self._last_line is not None and now - self._last_line < LOG_EVERY_SECONDS:
            return
        logger.error(
            "%d connections turned away: this gateway takes %d; start another one, or raise TWINEV_OCPP_CONNECTIONS",
            self._turned_away,
            self.most,
        )
        self._last_line, self._turned_away = now, 0


class StationSocket(ServerConnection):
    """Counts itself, and cuts off a peer that does not read for ``unread_seconds`` or lets too much pile up. [s]"""

    def __init__(self, *args: Any, crowd: Crowd, unread_seconds: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._crowd = crowd
        self._unread_seconds = unread_seconds
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._crowd.sockets += 1
        if self._crowd.overrun:
            self._crowd.turn_away()
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.sockets -= 1
        self._stop_waiting()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._patience = self.loop.call_later(self._unread_seconds, self._cut_off)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Pings are answered where nothing waits for the peer to read.
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self._cut_off()

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _cut_off(self) -> None:
        self._stop_waiting()
        logger.warning("a connection from %s is cut off: it does not read what it is sent", self.remote_address)
        self.transport.abort()
