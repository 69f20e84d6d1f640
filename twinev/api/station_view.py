"""A station as its page in the drivers' app shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from twinev.api.driver_texts import connector_name
from twinev.domain.availability import Availability, availability_of
from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.domain.users import User
from twinev.services.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class EvseView:
    """One place to charge; ``connectors`` is what drivers call them."""

    evse: Evse
    connectors: str
    availability: Availability


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
    def geo(self) -> str:
        """The address for the phone's own map (RFC 5870)."""
        place = self.station.location
        point = f"{place.latitude_degrees},{place.longitude_degrees}"
        return f"geo:{point}?q={point}"


def station_view(station: ChargingStation, *, work: UnitOfWork, now: datetime, user: User | None) -> StationView:
    """Read what the page shows; an EVSE with a session is occupied, whatever its station says."""
    site = work.sites.get(station.site_id)
    charging = {
        session.evse_id for session in work.sessions.active(site_id=site.id) if session.station_id == station.id
    }
    return StationView(
        station=station,
        site=site,
        evses=tuple(
            EvseView(
                evse=evse,
                connectors=", ".join(connector_name(connector.type) for connector in evse.connectors),
                availability=Availability.OCCUPIED if evse.id in charging else availability_of(station, evse),
            )
            for evse in station.evses
        ),
        open_now=site.open_at(now),
        private=user is not None and user.id in work.station_access.users(station.id),
    )
