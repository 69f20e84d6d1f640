"""Keeps the page up to date: asks the API every second or two and tells the parts of the page what it said."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.client import Client
from twinev.errors import Forbidden, NotAuthenticated, TwinEVError
from twinev.ui import formats
from twinev.wire.rest.restrictions import RestrictionOut
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import StationOut

_log = logging.getLogger(__name__)

RECENT_RESTRICTIONS = 50
# Below this the platform's clock is the wall's and the difference is the network's.
SPEED_NOISE = 0.1


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the API said at one moment; ``now`` is the platform's time, ``speed`` how fast its clock runs."""

    now: datetime
    speed: float
    sites: tuple[SiteOut, ...]
    stations: tuple[StationOut, ...]
    restrictions: tuple[RestrictionOut, ...]

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown: that of the first site."""
        return formats.zone_of(self.sites[0].time_zone if self.sites else "UTC")

    def site_of(self, station: StationOut) -> SiteOut | None:
        return next((site for site in self.sites if site.id == station.site_id), None)

    def selected(self, station_ids: frozenset[str]) -> tuple[StationOut, ...]:
        return tuple(station for station in self.stations if station.id in station_ids)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Whether the page is up to date: ``lost`` says why it is not, ``ended`` that it will not be again."""

    lost: str | None = None
    ended: bool = False


class Live:
    """Polls the API in a task of the kernel's event loop.

    Parameters
    ----------
    client : Client
        Asked in a thread, so that the page stays responsive while the API is slow.
    poll_seconds : float
        The pause between two rounds. [s]
    monotonic : callable
        A clock in seconds that never goes back.
    """

    def __init__(
        self, *, client: Client, poll_seconds: float = 1.5, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.snapshot: Snapshot | None = None
        self.connection = Connection()
        self._client = client
        self._poll_seconds = poll_seconds
        self._monotonic = monotonic
        self._first: tuple[datetime, float] | None = None
        self._taken_at = 0.0
        self._on_snapshot: list[Callable[[Snapshot], None]] = []
        self._on_connection: list[Callable[[Connection], None]] = []
        self._hurry = asyncio.Event()

    def on_snapshot(self, callback: Callable[[Snapshot], None]) -> None:
        """Call back with each new snapshot, on the event loop's thread."""
        self._on_snapshot.append(callback)

    def on_connection(self, callback: Callable[[Connection], None]) -> None:
        """Call back after each round, whether it went well or not."""
        self._on_connection.append(callback)

    def now(self) -> datetime:
        """The platform's time, carried on from the last snapshot."""
        if self.snapshot is None:
            raise RuntimeError("nothing was read from the API yet")
        elapsed = self._monotonic() - self._taken_at
        return self.snapshot.now + timedelta(seconds=elapsed * self.snapshot.speed)

    def hurry(self) -> None:
        """Ask again at once: something was just ordered."""
        self._hurry.set()

    async def run(self) -> None:
        """Go on until the session ends."""
        while not self.connection.ended:
            await self.refresh()
            self._hurry.clear()
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._hurry.wait()
            except TimeoutError:
                continue

    async def refresh(self) -> None:
        """One round: read, then tell."""
        try:
            snapshot = await asyncio.to_thread(self.read)
        except (NotAuthenticated, Forbidden) as error:
            self.connection = Connection(lost=str(error), ended=True)
        except TwinEVError as error:
            self.connection = Connection(lost=str(error))
        else:
            self.connection = Connection()
            self._tell(self._on_snapshot, snapshot)
        self._tell(self._on_connection, self.connection)

    def read(self) -> Snapshot:
        """Ask the API now.

        Raises
        ------
        TwinEVError
            It does not answer, or not to this user.
        """
        health = self._client.health()
        taken_at = self._monotonic()
        snapshot = Snapshot(
            now=health.now,
            speed=self._speed(health.now, taken_at),
            sites=tuple(self._client.sites()),
            stations=tuple(self._client.stations()),
            restrictions=tuple(self._restrictions()),
        )
        self.snapshot, self._taken_at = snapshot, taken_at
        return snapshot

    def _restrictions(self) -> list[RestrictionOut]:
        """The latest, and all that are open however long ago they were ordered, newest first."""
        found = {one.id: one for one in self._client.restrictions(at_most=RECENT_RESTRICTIONS)}
        found |= {one.id: one for one in self._client.restrictions(state="open")}
        return sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True)

    def _speed(self, now: datetime, taken_at: float) -> float:
        if self._first is None:
            self._first = (now, taken_at)
        elapsed = taken_at - self._first[1]
        if elapsed < 1:
            return self.snapshot.speed if self.snapshot else 1.0
        speed = (now - self._first[0]).total_seconds() / elapsed
        return 1.0 if abs(speed - 1) < SPEED_NOISE else float(f"{speed:.2g}")

    def _tell(self, callbacks: list[Callable[..., None]], news: object) -> None:
        for callback in callbacks:
            try:
                callback(news)
            except Exception:
                # One part of the page that fails must not stop the others, nor the next round.
                _log.exception("a part of the page could not show the news")
