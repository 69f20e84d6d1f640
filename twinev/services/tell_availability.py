"""Publishes the availability of a station's EVSEs when it is another than what was published last."""

from __future__ import annotations

from twinev.domain.availability import availability_of
from twinev.domain.station_access import may_use
from twinev.services.ports.unit_of_work import UnitOfWork

EVENT = "station.availability"


def tell_availability(station_id: str, *, work: UnitOfWork) -> None:
    """Add an event for each EVSE whose availability changed; to be called in the transaction that may have done so."""
    station = work.stations.get(station_id)
    public = may_use(station, work.station_access.users(station_id), None)
    told = work.stations.told_availability(station_id)
    for evse in station.evses:
        availability = availability_of(station, evse)
        if told.get(evse.id) == availability:
            continue
        work.stations.set_told_availability(station_id, evse.id, availability)
        work.events.add(
            EVENT,
            {
                "site_id": station.site_id,
                "station_id": station_id,
                "evse_id": evse.id,
                "availability": availability,
                "public": public,
            },
        )
