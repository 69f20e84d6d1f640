"""Which stations a grid operator means: some of them by name, those of sites, or those in an area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twinev.domain.area import Area
from twinev.errors import BadInput, NotFound
from twinev.services.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Exactly one of the three; an area means the stations that stand in it when it is ordered."""

    station_ids: tuple[str, ...] = ()
    site_ids: tuple[str, ...] = ()
    area: Area | None = None

    def __post_init__(self) -> None:
        given = [bool(self.station_ids), bool(self.site_ids), self.area is not None]
        if sum(given) != 1:
            raise BadInput("station_ids", list(self.station_ids), "exactly one of station_ids, site_ids and area")


def select_stations(selection: Selection, *, work: UnitOfWork) -> tuple[str, ...]:
    """Return the ids of the stations that are meant, each once; removed stations are none.

    Raises
    ------
    BadInput
        A station or site that nobody knows, or an area or sites without any station.
    """
    if selection.station_ids:
        _require_known(selection.station_ids, work)
        return tuple(dict.fromkeys(selection.station_ids))
    if selection.site_ids:
        return _of_sites(selection.site_ids, work)
    area = selection.area
    found = tuple(s.id for s in work.stations.list() if area is not None and area.contains(s.location))
    if not found:
        raise BadInput("area", "no station", "an area with at least one station in it")
    return found


def _of_sites(site_ids: Sequence[str], work: UnitOfWork) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for place, site_id in enumerate(site_ids):
        try:
            work.sites.get(site_id)
        except NotFound as error:
            raise BadInput(f"site_ids[{place}]", site_id, "the id of a site that is registered") from error
        found |= dict.fromkeys(station.id for station in work.stations.list(site_id=site_id))
    if not found:
        raise BadInput("site_ids", list(site_ids), "sites with at least one station")
    return tuple(found)


def _require_known(station_ids: Sequence[str], work: UnitOfWork) -> None:
    for place, station_id in enumerate(station_ids):
        try:
            station = work.stations.get(station_id)
        except NotFound as error:
            raise _unknown(place, station_id) from error
        if station.removed_at is not None:
            raise _unknown(place, station_id)


def _unknown(place: int, station_id: str) -> BadInput:
    return BadInput(f"station_ids[{place}]", station_id, "the id of a station that is registered")
