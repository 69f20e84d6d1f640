"""Charging stations as the API tells of them."""

from __future__ import annotations

from twinev.api.live import LiveView
from twinev.api.places import connectors_out, station_version
from twinev.api.station_limits import not_following_out
from twinev.domain.availability import availability_of
from twinev.domain.charge_points import ChargingStation, Evse
from twinev.domain.station_fault import StationFault
from twinev.wire.rest.stations import EvseOut, StationOut


def station_out(station: ChargingStation, live: LiveView, fault: StationFault | None) -> StationOut:
    """Tell of a station as it is now."""
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
        security_profile=station.security_profile,
        firmware_version=station.firmware_version,
        public=station.public,
        blocked_at=station.blocked_at,
        block_reason=station.block_reason,
        version=station_version(station),
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
        connectors=connectors_out(evse),
        availability=availability_of(station, evse),
        status_at=evse.status_at,
        error_code=evse.error_code,
    )
