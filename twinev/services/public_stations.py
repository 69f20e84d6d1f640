"""Which stations are for everybody: those that are called public, and that nobody in particular was let use."""

from __future__ import annotations

from twinev.domain.charge_points import ChargingStation
from twinev.services.ports.unit_of_work import UnitOfWork


def public_stations(*, work: UnitOfWork, site_id: str | None = None) -> list[ChargingStation]:
    """The stations of all sites, or of one, that everybody may know of and use."""
    private = work.station_access.stations()
    return [one for one in work.stations.list(site_id=site_id) if one.public and one.id not in private]


def is_public(station: ChargingStation, *, work: UnitOfWork) -> bool:
    """Whether everybody may know of a station and use it."""
    return station.public and not work.station_access.users(station.id)
