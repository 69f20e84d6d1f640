"""Charging stations with their EVSEs, as they are now."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from twinev.api.live import LiveView
from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.platform import Operator, Reading, Staff, ThePlatform
from twinev.api.station_limits import not_following_out, station_limits_out
from twinev.domain.charge_points import ChargingStation, Evse
from twinev.domain.station_fault import StationFault
from twinev.services.add_station import add_station
from twinev.services.show_limits import show_limits
from twinev.wire.rest.pages import Page
from twinev.wire.rest.station_limits import StationLimitsOut
from twinev.wire.rest.stations import EvseOut, StationCreated, StationIn, StationOut

router = APIRouter(prefix="/api/v1/stations", tags=["stations"])


@router.get("")
def list_stations(
    ask: WantedPage, work: Reading, platform: ThePlatform, _user: Staff, site_id: str | None = None
) -> Page[StationOut]:
    """List the stations, by id."""
    live = platform.live_view(work, site_id=site_id)
    rows = rows_after(work.stations.list(site_id=site_id), ask, name=_id)
    faults = work.station_faults.all()
    return page_of(rows, ask, out=lambda station: _out(station, live, faults.get(station.id)), name=_id)


@router.get("/{station_id}")
def get_station(station_id: str, work: Reading, platform: ThePlatform, _user: Staff) -> StationOut:
    """Show one station."""
    station = work.stations.get(station_id)
    return _out(station, platform.live_view(work, site_id=station.site_id), work.station_faults.get(station.id))


@router.get("/{station_id}/limits")
def get_station_limits(station_id: str, work: Reading, platform: ThePlatform, _user: Staff) -> StationLimitsOut:
    """Show what the station was told, what that comes to, what it reports, and what others limit it to."""
    return station_limits_out(show_limits(station_id, work=work, now=platform.clock.now()))


@router.post("", status_code=HTTPStatus.CREATED)
def create_station(body: StationIn, platform: ThePlatform, _user: Operator) -> StationCreated:
    """Register a station and tell its key, this once. A registered id is a conflict, so trying again is harmless."""
    given = body.model_dump()
    with platform.unit_of_work() as work:
        added = add_station(given.pop("id"), work=work, secret_key=platform.secret_key, **given)
        work.events.add("station.added", {"site_id": body.site_id, "station_id": body.id})
        work.commit()
    return StationCreated(id=added.station.id, key=added.key)


def _out(station: ChargingStation, live: LiveView, fault: StationFault | None) -> StationOut:
    evses = tuple(_evse(station, evse, live) for evse in station.evses)
    return StationOut(
        id=station.id,
        site_id=station.site_id,
        name=station.name,
        latitude_degrees=station.location.latitude_degrees,
        longitude_degrees=station.location.longitude_degrees,
        protocol=station.protocol,
        vendor=station.vendor,
        model=station.model,
        online=station.online,
        last_seen=station.last_seen,
        max_kw=station.max_kw,
        power_kw=sum(evse.power_kw for evse in evses),
        not_following=not_following_out(fault),
        evses=evses,
    )


def _evse(station: ChargingStation, evse: Evse, live: LiveView) -> EvseOut:
    session = live.at_evse.get((station.id, evse.id))
    return EvseOut(
        id=evse.id,
        connector_type=evse.connector_type,
        max_kw=evse.max_kw,
        phases=evse.phases,
        status=evse.status,
        power_kw=live.power_kw(session),
        planned_kw=live.planned_kw(session),
        session_id=session.id if session else None,
    )


def _id(station: ChargingStation) -> str:
    return station.id
