"""An operator changes the description of a station or a site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twinev.domain.charge_points import ChargingStation, Evse, Site
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.tell_availability import tell_availability


def edit_station(
    station_id: str,
    changes: Mapping[str, Any],
    *,
    work: UnitOfWork,
    require_unchanged: Callable[[ChargingStation], None],
) -> ChargingStation:
    """Change fields of a station; the caller commits.

    Parameters
    ----------
    changes : mapping
        Fields of `ChargingStation`; ``evses`` replaces them all, and keeps what each told of itself.
    require_unchanged : Callable
        Raises when the station is not the one that the changes were made from.

    Raises
    ------
    NotFound, BadInput, Conflict
        No such station or site; an EVSE or the site cannot go while an EV charges there.
    """
    station = get_station_to_edit(station_id, work=work)
    require_unchanged(station)
    site_id = changes.get("site_id", station.site_id)
    if site_id != station.site_id:
        _require_site(site_id, work)
    evses = _with_what_they_told(station, changes.get("evses", station.evses))
    gone = {evse.id for evse in station.evses} - {evse.id for evse in evses}
    _require_idle(station, gone, moved=site_id != station.site_id, work=work)
    edited = replace(station, **{**changes, "evses": evses})
    work.stations.describe(edited)
    fields = sorted(name for name in changes if getattr(edited, name) != getattr(station, name))
    for changed in {station.site_id, site_id} if fields else ():
        work.events.add("station.changed", {"site_id": changed, "station_id": station_id, "fields": fields})
    tell_availability(station_id, work=work)
    return edited


def get_station_to_edit(station_id: str, *, work: UnitOfWork) -> ChargingStation:
    """Return a station that has not been removed; until the commit nobody else gets it to edit."""
    station = work.stations.get_to_edit(station_id)
    if station.removed_at is not None:
        raise NotFound("charging station", station_id)
    return station


def edit_site(
    site_id: str, changes: Mapping[str, Any], *, work: UnitOfWork, require_unchanged: Callable[[Site], None]
) -> Site:
    """Change fields of a site; the caller commits.

    Raises
    ------
    NotFound, BadInput
        No such site; no such time zone.
    """
    site = work.sites.get_to_edit(site_id)
    require_unchanged(site)
    return save_site(replace(site, **changes), work=work)


def save_site(site: Site, *, work: UnitOfWork) -> Site:
    """Keep a site, new or changed, and tell of it."""
    try:
        ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput("time_zone", site.time_zone, "an IANA time zone, such as Europe/Amsterdam") from error
    work.sites.save(site)
    work.events.add("site.changed", {"site_id": site.id})
    return site


def _with_what_they_told(station: ChargingStation, evses: tuple[Evse, ...]) -> tuple[Evse, ...]:
    if not evses:
        raise BadInput("evses", [], "at least one EVSE")
    told = {evse.id: evse for evse in station.evses}
    return tuple(
        replace(evse, status=told[evse.id].status, status_at=told[evse.id].status_at) if evse.id in told else evse
        for evse in evses
    )


def _require_idle(station: ChargingStation, gone: set[int], *, moved: bool, work: UnitOfWork) -> None:
    busy = gone | ({evse.id for evse in station.evses} if moved else set())
    for evse_id in sorted(busy):
        session = work.sessions.active_at(station.id, evse_id)
        if session is not None:
            raise Conflict(
                f"an EV is charging at EVSE {evse_id} of station {station.id} (session {session.id}); "
                "stop the session first"
            )


def _require_site(site_id: str, work: UnitOfWork) -> None:
    try:
        work.sites.get(site_id)
    except NotFound as error:
        raise BadInput("site_id", site_id, "the id of a site that is there") from error
