"""What an EV would get at the EVSEs of many stations: each site is read once, and like EVSEs are computed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.services.driver_wish import DriverWish
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.site_headroom import Delivery, Headroom, deliver

ReadHeadroom = Callable[[UnitOfWork, Site, Sequence[ChargingStation], datetime], Headroom]


class SiteRooms:
    """Deliveries of one wish, by where and when."""

    def __init__(
        self,
        wish: DriverWish,
        *,
        work: UnitOfWork,
        stations: Iterable[ChargingStation],
        now: datetime,
        read: ReadHeadroom,
    ) -> None:
        self._wish, self._work, self._now = wish, work, now
        self._read = read
        self._stations: dict[str, list[ChargingStation]] = defaultdict(list)
        for station in stations:
            self._stations[station.site_id].append(station)
        self._headroom: dict[str, Headroom] = {}
        self._known: dict[tuple[object, ...], Delivery] = {}

    def delivery(self, station: ChargingStation, evse: Evse, *, site: Site, arrival: datetime) -> Delivery:
        """Charge as early as the site's power allows."""
        headroom = self._headroom_of(site)
        most_kw = self._wish.most_kw(evse)
        # What a station has depends on nothing else of it.
        key = (site.id, arrival, most_kw, headroom.limits_of(station.id))
        if key not in self._known:
            self._known[key] = deliver(
                headroom.at(station.id, most_kw),
                headroom.horizon,
                wanted_kwh=self._wish.energy_kwh,
                arrival=arrival,
                departure=arrival + self._wish.stay,
            )
        return self._known[key]

    def _headroom_of(self, site: Site) -> Headroom:
        if site.id not in self._headroom:
            self._headroom[site.id] = self._read(self._work, site, self._stations[site.id], self._now)
        return self._headroom[site.id]
