"""A station as its page in the drivers' app shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from twinev.api.driver_texts import connector_name
from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.reservation import ReservationRules
from twinev.domain.time_window import TimeWindow
from twinev.domain.users import User
from twinev.services.find_evse import Wish, candidates
from twinev.services.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class EvseView:
    """One place to charge, and what drivers call its plugs; ``busy_until`` is when its EV is expected to leave."""

    evse: Evse
    connectors: str
    availability: Availability
    busy_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class StationView:
    """A station with its site; ``private`` means that this driver may start here without a reservation."""

    station: ChargingStation
    site: Site
    evses: tuple[EvseView, ...]
    open_now: bool
    private: bool

    @property
    def address(self) -> str | None:
        address = self.site.address
        if address is None:
            return None
        return ", ".join((address.street, " ".join(filter(None, (address.postal_code, address.city)))))

    @property
    def free_from(self) -> datetime | None:
        """When the first EVSE is expected to be free, where none is now and somebody knows."""
        leaving = [one.busy_until for one in self.evses]
        return None if None in leaving else min(leaving, default=None)

    @property
    def geo(self) -> str:
        """The address for the phone's own map (RFC 5870)."""
        place = self.station.location
        point = f"{place.latitude_degrees},{place.longitude_degrees}"
        return f"geo:{point}?q={point}"


def station_view(
    station: ChargingStation, *, work: UnitOfWork, now: datetime, rules: ReservationRules, user: User | None
) -> StationView:
    """Read what the page shows; an EVSE with a session is occupied, whatever its station says.

    When somebody leaves is for those who can reserve.
    """
    site = work.sites.get(station.site_id)
    at_once = Wish(window=TimeWindow.around(now, now + rules.shortest), station_id=station.id)
    user_id = user and user.id
    found = candidates(at_once, user_id=user_id, work=work, now=now, rules=rules)
    busy_until = {one.evse.id: one.busy_until for one in found}
    return StationView(
        station=station,
        site=site,
        evses=tuple(
            EvseView(
                evse=evse,
                connectors=", ".join(connector_name(connector.type) for connector in evse.connectors),
                availability=Availability.OCCUPIED if busy_until.get(evse.id) else availability_of(station, evse),
                busy_until=busy_until.get(evse.id) if user else None,
            )
            for evse in station.evses
        ),
        open_now=site.open_at(now),
        private=user is not None and user.id in work.station_access.users(station.id),
    )
