"""One charging station as a driver finds it: a public one, or a private one that he may use."""

from __future__ import annotations

from twinev.domain.charge_points import ChargingStation
from twinev.domain.station_access import may_use
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork


def seen_station(station_id: str, *, user_id: str | None, work: UnitOfWork) -> ChargingStation:
    """Return the station.

    Raises
    ------
    NotFound
        There is none, or it is not there for this driver.
    """
    station = work.stations.get(station_id)
    if station.removed_at is not None or not may_use(station, work.station_access.users(station_id), user_id):
        raise NotFound("charging station", station_id)
    return station
