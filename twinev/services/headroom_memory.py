"""Keeps what each site has left for a few seconds: many drivers ask at once, and to read a site takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from twinev.domain.charge_points import ChargingStation, Site
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.site_headroom import Headroom, read_headroom

#: How old a site's headroom may be that is recommended by. [s]
KEPT_SECONDS = 5.0


class HeadroomMemory:
    """`read_headroom`, asked for each site once in `KEPT_SECONDS`.

    Parameters
    ----------
    seconds : Callable
        The wall's clock, in seconds from anywhere.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._reading = threading.Lock()
        self._known: dict[str, tuple[float, Headroom]] = {}

    def read(self, work: UnitOfWork, site: Site, stations: Sequence[ChargingStation], now: datetime) -> Headroom:
        """Return what was read lately, or read it."""
        # One at a time: who comes meanwhile would only read the same.
        with self._reading:
            known = self._known.get(site.id)
            if known is None or self._seconds() - known[0] > KEPT_SECONDS:
                known = (self._seconds(), read_headroom(work, site, stations, now))
                self._known[site.id] = known
        return known[1]
