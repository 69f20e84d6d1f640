"""Fills an empty database with a demonstration: sites, stations with keys, cards, offers, curves for the next days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from twinev.domain.charge_points import ChargingStation, Evse, Location, Site
from twinev.domain.tariff import Series, SeriesKind
from twinev.domain.users import AuthorizationStatus
from twinev.services.add_station import register
from twinev.services.demo_curves import demand_kw, price_eur_per_kwh, production_kw, renewable_share
from twinev.services.demo_offers import set_up_offers
from twinev.services.ports.clock import Clock
from twinev.services.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

#: At 60 times the speed two weeks pass in under six hours; afterwards planning carries the last known days on.
_DAYS = 14
_STEP_MINUTES = 15


def set_up_demo(
    fleet: Mapping[str, Any],
    *,
    unit_of_work: UnitOfWorkFactory,
    clock: Clock,
    secret_key: str,
    gateway_url: str,
    keep_fleet: Callable[[dict[str, Any]], None],
) -> bool:
    """Set the demonstration up, unless the database has sites already; tell whether it did.

    Parameters
    ----------
    fleet : Mapping
        Sites, stations and id tokens: the demonstration fleet's file.
    gateway_url : str
        Where the simulated stations connect.
    keep_fleet : Callable
        Writes what the simulator reads, keys included, where only it can read it. Called before the commit: stations
        whose keys nobody knows could never connect.
    """
    with unit_of_work() as work:
        if work.sites.list():
            return False
        sites = [_site(described) for described in fleet["sites"]]
        for site in sites:
            work.sites.save(site)
        stations = [_register(described, work, secret_key) for described in fleet["stations"]]
        for id_token in fleet["id_tokens"]:
            work.tokens.save(id_token, AuthorizationStatus.ACCEPTED)
        set_up_offers(sites, work=work, now=clock.now())
        for series in _curves(sites, clock.now()):
            work.series.put(series)
        keep_fleet({"url": gateway_url, "stations": stations, "id_tokens": list(fleet["id_tokens"])})
        work.commit()
    return True


def _site(described: Mapping[str, Any]) -> Site:
    known = ("id", "name", "supply_max_kw", "time_zone", "price_zone")
    return Site(location=_location(described), **{key: described[key] for key in known})


def _register(described: Mapping[str, Any], work: UnitOfWork, secret_key: str) -> dict[str, Any]:
    evse = Evse(
        id=1,
        max_kw=described["max_kw"],
        phases=described["phases"],
        connector_type=described["connector_type"],
    )
    station = ChargingStation(
        id=described["id"],
        site_id=described["site_id"],
        name=described["name"],
        location=_location(described),
        evses=(evse,),
        security_profile=1,
    )
    return {**described, "key": register(station, work=work, secret_key=secret_key).key}


def _location(described: Mapping[str, Any]) -> Location:
    return Location(latitude_degrees=described["latitude_degrees"], longitude_degrees=described["longitude_degrees"])


def _curves(sites: list[Site], now: datetime) -> list[Series]:
    """Price and renewable share of each zone, demand and production of each site, from today's local midnight on."""
    local = now.astimezone(ZoneInfo(sites[0].time_zone))
    # In UTC: steps in local time would jump when the clocks change.
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    instants = [midnight + timedelta(minutes=_STEP_MINUTES) * step for step in range(_DAYS * 24 * 60 // _STEP_MINUTES)]
    zones = {site.price_zone: site.time_zone for site in sites}
    curves = []
    for zone, time_zone in zones.items():
        prices = [price_eur_per_kwh(instant, zone=zone, time_zone=time_zone) for instant in instants]
        curves.append(_series(SeriesKind.PRICE, zone, midnight, prices))
        shares = [renewable_share(instant, zone=zone, time_zone=time_zone) for instant in instants]
        curves.append(_series(SeriesKind.RENEWABLE_SHARE, zone, midnight, shares))
    for site in sites:
        demand = [
            demand_kw(instant, site=site.id, time_zone=site.time_zone, supply_max_kw=site.supply_max_kw)
            for instant in instants
        ]
        roof = {
            "latitude_degrees": site.location.latitude_degrees,
            "longitude_degrees": site.location.longitude_degrees,
            "peak_kw": 0.5 * site.supply_max_kw,
        }
        production = [production_kw(instant, site=site.id, **roof) for instant in instants]
        curves.append(_series(SeriesKind.DEMAND, site.id, midnight, demand))
        curves.append(_series(SeriesKind.PRODUCTION, site.id, midnight, production))
    return curves


def _series(kind: SeriesKind, subject: str, start: datetime, values: list[float]) -> Series:
    return Series(kind=kind, subject=subject, start=start, step_minutes=_STEP_MINUTES, values=tuple(values))
