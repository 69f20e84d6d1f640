"""Registers a charging station and makes its key."""

from __future__ import annotations

from dataclasses import dataclass

from twinev.domain.charge_points import ChargingStation, Evse, Location
from twinev.errors import Conflict, NotFound
from twinev.services.answer_stations import WITHOUT_KEY
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.station_keys import key_hmac, make_key


@dataclass(frozen=True, kw_only=True)
class AddedStation:
    """A new station with its key, which nobody can read again; None where its security profile needs none (0, 3)."""

    station: ChargingStation
    key: str | None


def add_station(
    station_id: str,
    *,
    site_id: str,
    work: UnitOfWork,
    secret_key: str,
    name: str | None = None,
    location: Location | None = None,
    public: bool = True,
    evses: tuple[Evse, ...] = (),
    evse_count: int = 1,
    max_kw: float = 22.0,
    phases: int = 3,
    security_profile: int = 1,
) -> AddedStation:
    """Register a station at a site; the caller commits.

    Without ``evses`` it has ``evse_count`` of them that are alike; without ``location`` it is where its site is.

    Raises
    ------
    NotFound
        No site has that id.
    Conflict
        The station is registered already.
    """
    site = work.sites.get(site_id)
    station = ChargingStation(
        id=station_id,
        site_id=site.id,
        name=name or station_id,
        location=location or site.location,
        evses=evses or tuple(Evse(id=number, max_kw=max_kw, phases=phases) for number in range(1, evse_count + 1)),
        public=public,
        security_profile=security_profile,
    )
    return register(station, work=work, secret_key=secret_key)


def register(station: ChargingStation, *, work: UnitOfWork, secret_key: str) -> AddedStation:
    """Keep a new station, with a new key unless its security profile has none."""
    try:
        known = work.stations.get(station.id)
    except NotFound:
        work.stations.save(station)
    else:
        was = "registered already" if known.removed_at is None else "removed, and its history goes by that id"
        raise Conflict(f"station {station.id} is {was}; choose another id")
    if station.security_profile in WITHOUT_KEY:
        return AddedStation(station=station, key=None)
    key = make_key()
    work.stations.set_key_hmac(station.id, key_hmac(secret_key, station.id, key))
    return AddedStation(station=station, key=key)
