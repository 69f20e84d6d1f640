"""Sites as OCPI locations, EVSEs with their live status and the tariffs that rule there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from twinev.api.ocpi.desk import OcpiDesk
from twinev.api.ocpi.values import date_time, evse_uid, short_id
from twinev.domain.charge_points import ChargingStation, ConnectorStatus, Evse, Location, Site
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.publish_tariff import tariff_at

#: When something of which nobody knows when it changed is said to have.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CONNECTOR_ID = "1"
#: OCPP 2.0.1 ConnectorEnumType to OCPI ConnectorType and ConnectorFormat; c is a cable, s a socket.
CONNECTORS: Mapping[str, tuple[str, str]] = {
    "cCCS1": ("IEC_62196_T1_COMBO", "CABLE"),
    "cCCS2": ("IEC_62196_T2_COMBO", "CABLE"),
    "cG105": ("CHADEMO", "CABLE"),
    "cTesla": ("TESLA_S", "CABLE"),
    "cType1": ("IEC_62196_T1", "CABLE"),
    "cType2": ("IEC_62196_T2", "CABLE"),
    "sType2": ("IEC_62196_T2", "SOCKET"),
    "sType3": ("IEC_62196_T3C", "SOCKET"),
    "s309-1P-16A": ("IEC_60309_2_single_16", "SOCKET"),
    "s309-3P-16A": ("IEC_60309_2_three_16", "SOCKET"),
    "s309-3P-32A": ("IEC_60309_2_three_32", "SOCKET"),
    "sBS1361": ("DOMESTIC_G", "SOCKET"),
    "sCEE-7-7": ("DOMESTIC_F", "SOCKET"),
}
_DIRECT_CURRENT = frozenset({"cCCS1", "cCCS2", "cG105", "cTesla"})
_MAINS_VOLTS, _DIRECT_VOLTS = 230, 500
_STATUS = {
    ConnectorStatus.AVAILABLE: "AVAILABLE",
    ConnectorStatus.RESERVED: "RESERVED",
    ConnectorStatus.UNAVAILABLE: "INOPERATIVE",
    ConnectorStatus.FAULTED: "OUTOFORDER",
}


def location(site: Site, desk: OcpiDesk, *, work: UnitOfWork, now: datetime) -> dict[str, Any]:
    """The OCPI Location of a site."""
    busy = {(session.station_id, session.evse_id) for session in work.sessions.active(site_id=site.id)}
    evses = [
        _evse(station, evse, desk, busy=busy, work=work, now=now)
        for station in work.stations.list(site_id=site.id)
        for evse in station.evses
    ]
    assigned = (rule.since for rule in work.tariffs.assignments(site.id, at=now))
    updated = max((*(one["last_updated"] for one in evses), *map(date_time, assigned)), default=date_time(LONG_AGO))
    return {
        **desk.owner,
        "id": short_id(site.id),
        "publish": True,
        "name": site.name[:255],
        # A site has no postal address of its own: its name and its coordinates are how it is found.
        "address": site.name[:45],
        "city": site.name[:45],
        "country": desk.country,
        "coordinates": coordinates(site.location),
        "evses": evses,
        "time_zone": site.time_zone,
        "last_updated": updated,
    }


def coordinates(place: Location) -> dict[str, str]:
    """OCPI's GeoLocation: degrees as text, with at most seven decimals."""
    return {"latitude": f"{place.latitude_degrees:.6f}", "longitude": f"{place.longitude_degrees:.6f}"}


def emi3_id(desk: OcpiDesk, station_id: str, evse_id: int) -> str:
    """The EVSE id for people, after eMI3: letters and digits of the station's name."""
    letters = "".join(letter for letter in station_id.upper() if letter.isascii() and letter.isalnum())
    return f"{desk.party.country_code}*{desk.party.party_id}*E{letters[:30]}*{evse_id}"


def connector_kind(connector_type: str, phases: int) -> dict[str, str]:
    """Standard, format and power type of a connector."""
    standard, form = CONNECTORS.get(connector_type, ("IEC_62196_T2", "SOCKET"))
    alternating = "AC_3_PHASE" if phases == 3 else "AC_1_PHASE"
    power_type = "DC" if connector_type in _DIRECT_CURRENT else alternating
    return {"standard": standard, "format": form, "power_type": power_type}


def _evse(
    station: ChargingStation,
    evse: Evse,
    desk: OcpiDesk,
    *,
    busy: Collection[tuple[str, int]],
    work: UnitOfWork,
    now: datetime,
) -> dict[str, Any]:
    tariff = tariff_at(station.site_id, station.id, evse.id, now, work=work)
    updated = date_time(evse.status_at or LONG_AGO)
    kind = connector_kind(evse.connector_type, evse.phases)
    volts = _DIRECT_VOLTS if kind["power_type"] == "DC" else _MAINS_VOLTS
    lines = evse.phases if kind["power_type"] == "AC_3_PHASE" else 1
    connector = {
        "id": CONNECTOR_ID,
        **kind,
        "max_voltage": volts,
        "max_amperage": int(evse.max_kw * 1000 / (volts * lines)),
        "max_electric_power": int(evse.max_kw * 1000),
        "tariff_ids": [] if tariff is None else [tariff.id],
        "last_updated": updated,
    }
    return {
        "uid": evse_uid(station.id, evse.id),
        "evse_id": emi3_id(desk, station.id, evse.id),
        "status": _status(station, evse, busy),
        "capabilities": ["RFID_READER", "CHARGING_PROFILE_CAPABLE"],
        "connectors": [connector],
        "coordinates": coordinates(station.location),
        "physical_reference": station.name[:16],
        "last_updated": updated,
    }


def _status(station: ChargingStation, evse: Evse, busy: Collection[tuple[str, int]]) -> str:
    if not station.online:
        return "UNKNOWN"
    if (station.id, evse.id) in busy:
        return "CHARGING"
    # Occupied without a session: something stands or hangs there that nobody charges.
    return _STATUS.get(evse.status, "BLOCKED")
