"""The places that everybody may find: sites with public stations, and what can be plugged in there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twinev.domain.charge_points import ChargingStation, Site
from twinev.domain.station_access import is_private
from twinev.services.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class PublicPlace:
    """A site with its public stations."""

    site: Site
    stations: Sequence[ChargingStation]

    @property
    def connector_types(self) -> frozenset[str]:
        return frozenset(
            connector.type for station in self.stations for evse in station.evses for connector in evse.connectors
        )


def public_places(work: UnitOfWork) -> list[PublicPlace]:
    """Return the sites that have any; the one with the most stations first, then by id."""
    named = work.station_access.stations()
    at_site: dict[str, list[ChargingStation]] = {}
    for station in work.stations.list():
        if not is_private(station, named.get(station.id, ())):
            at_site.setdefault(station.site_id, []).append(station)
    places = [PublicPlace(site=site, stations=at_site[site.id]) for site in work.sites.list() if site.id in at_site]
    return sorted(places, key=lambda place: (-len(place.stations), place.site.id))
