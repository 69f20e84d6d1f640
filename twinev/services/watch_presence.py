"""Corrects what is known of stations' connections by who really holds a socket.

Gateways tell of each socket that opens or closes. One that is killed tells nothing: its stations' presence expires, and
here they become offline. What gateways tell goes first; only what stays different for a while is corrected.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Protocol

from twinev.errors import Unavailable
from twinev.services.ports.clock import Clock
from twinev.services.ports.requests import Leadership
from twinev.services.ports.unit_of_work import UnitOfWorkFactory
from twinev.services.tell_availability import tell_availability

logger = logging.getLogger(__name__)


class Holder(Protocol):
    """Who holds a station's socket."""

    @property
    def connection_id(self) -> str: ...


class PresenceBoard(Protocol):
    """`twinev.adapters.messaging.presence.Presence`."""

    async def online(self) -> Mapping[str, Holder]:
        """Every station whose socket is held, and who holds it; raises `Unavailable`."""


class WatchPresence:
    """Compares now and then.

    Parameters
    ----------
    check_seconds : float
        How often. [s of the wall clock]
    patience_seconds : float
        How long a difference may last: facts are on their way, and presence comes back after NATS was away.
        [s of the wall clock]
    """

    def __init__(
        self,
        *,
        presence: PresenceBoard,
        unit_of_work: UnitOfWorkFactory,
        clock: Clock,
        leadership: Leadership,
        check_seconds: float = 5.0,
        patience_seconds: float = 12.0,
    ) -> None:
        self._presence = presence
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._leadership = leadership
        self._check_seconds = check_seconds
        self._patience_seconds = patience_seconds
        self._different_since: dict[str, float] = {}

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                if await asyncio.to_thread(self._leadership.held):
                    await self.check()
            except Unavailable as error:
                # Nothing is known: whoever differed has to do so again for the whole while.
                self._different_since.clear()
                logger.warning("presence is not compared: %s", error)
            await asyncio.sleep(self._check_seconds)

    async def check(self) -> None:
        """Compare once."""
        holders = await self._presence.online()
        await asyncio.to_thread(self._compare, holders, time.monotonic())

    def _compare(self, holders: Mapping[str, Holder], now_seconds: float) -> None:
        with self._unit_of_work() as work:
            stations = work.stations.list()
            differing = {station.id for station in stations if station.online != (station.id in holders)}
            self._different_since = {
                station_id: self._different_since.get(station_id, now_seconds) for station_id in differing
            }
            for station in stations:
                since = self._different_since.get(station.id)
                if since is None or now_seconds - since < self._patience_seconds:
                    continue
                holder = holders.get(station.id)
                online = holder is not None
                logger.warning("station %s is %s, which no gateway told", station.id, "online" if online else "offline")
                at = self._clock.now()
                work.stations.set_online(station.id, online, at, holder.connection_id if holder else None)
                kind = "station.online" if online else "station.offline"
                work.events.add(kind, {"site_id": station.site_id, "station_id": station.id})
                tell_availability(station.id, work=work)
                del self._different_since[station.id]
            work.commit()
