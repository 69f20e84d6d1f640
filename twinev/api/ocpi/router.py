"""The addresses of OCPI 2.2.1, all of them GET: versions, credentials, locations, tariffs, sessions, CDRs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from twinev.api.ocpi.charging import ocpi_cdr, ocpi_session
from twinev.api.ocpi.desk import Reader
from twinev.api.ocpi.envelope import OcpiRoute, WantedObjects, cut_page, envelope, page
from twinev.api.ocpi.locations import location
from twinev.api.ocpi.tariffs import ocpi_tariff
from twinev.api.platform import HeldReading, ThePlatform
from twinev.domain.charge_points import Site
from twinev.domain.tariffs import Tariff
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import price_session
from twinev.services.pricing.market_prices import MarketPrices, market_prices

VERSION = "2.2.1"
MODULES = ("locations", "tariffs", "sessions", "cdrs")
#: How far ahead market prices are shown: the market has traded no more than tomorrow.
AHEAD = timedelta(hours=48)
_MOST_TARIFFS = 10_000

router = APIRouter(prefix="/ocpi", tags=["ocpi"], route_class=OcpiRoute, include_in_schema=False)


@router.get("/versions")
def list_versions(reader: Reader) -> JSONResponse:
    """The one version that we speak."""
    return envelope([{"version": VERSION, "url": f"{reader.desk.base_url}/ocpi/{VERSION}"}])


@router.get(f"/{VERSION}")
def show_version(reader: Reader) -> JSONResponse:
    """The modules, and where each is."""
    url = f"{reader.desk.base_url}/ocpi/{VERSION}"
    endpoints = [
        {"identifier": module, "role": "SENDER", "url": f"{url}/{module}"} for module in ("credentials", *MODULES)
    ]
    return envelope({"version": VERSION, "endpoints": endpoints})


@router.get(f"/{VERSION}/credentials")
def show_credentials(reader: Reader) -> JSONResponse:
    """Who we are. Tokens are exchanged by the operators, not here."""
    desk = reader.desk
    role = {"role": "CPO", **desk.owner, "business_details": {"name": desk.operator_name}}
    return envelope({"token": reader.token, "url": f"{desk.base_url}/ocpi/versions", "roles": [role]})


@router.get(f"/{VERSION}/locations")
def list_locations(
    reader: Reader, ask: WantedObjects, work: HeldReading, platform: ThePlatform, request: Request
) -> JSONResponse:
    """List the sites."""
    now = platform.clock.now()
    objects = [location(site, reader.desk, work=work, now=now) for site in work.sites.list()]
    return page(*cut_page(objects, ask), ask, request, reader.desk.base_url)


@router.get(f"/{VERSION}/locations/{{location_id}}")
def show_location(location_id: str, reader: Reader, work: HeldReading, platform: ThePlatform) -> JSONResponse:
    """Show a site."""
    return envelope(_location(location_id, reader, work, platform.clock.now()))


@router.get(f"/{VERSION}/locations/{{location_id}}/{{evse_uid}}")
def show_evse(
    location_id: str, evse_uid: str, reader: Reader, work: HeldReading, platform: ThePlatform
) -> JSONResponse:
    """Show an EVSE."""
    return envelope(_part(_location(location_id, reader, work, platform.clock.now())["evses"], "uid", evse_uid))


@router.get(f"/{VERSION}/locations/{{location_id}}/{{evse_uid}}/{{connector_id}}")
def show_connector(
    *, location_id: str, evse_uid: str, connector_id: str, reader: Reader, work: HeldReading, platform: ThePlatform
) -> JSONResponse:
    """Show a connector."""
    evse = _part(_location(location_id, reader, work, platform.clock.now())["evses"], "uid", evse_uid)
    return envelope(_part(evse["connectors"], "id", connector_id))


@router.get(f"/{VERSION}/tariffs")
def list_tariffs(
    reader: Reader, ask: WantedObjects, work: HeldReading, platform: ThePlatform, request: Request
) -> JSONResponse:
    """List the latest version of every tariff; market prices are those of its first site's zone."""
    now = platform.clock.now()
    at = _first_sites(work, now)
    objects = []
    for tariff in work.tariffs.latest(limit=_MOST_TARIFFS):
        site = at.get(tariff.id)
        zone = ZoneInfo("UTC" if site is None else site.time_zone)
        objects.append(ocpi_tariff(tariff, reader.desk, zone=zone, market=_market(tariff, site, work, now)))
    return page(*cut_page(objects, ask), ask, request, reader.desk.base_url)


@router.get(f"/{VERSION}/sessions")
def list_sessions(reader: Reader, ask: WantedObjects, work: HeldReading, request: Request) -> JSONResponse:
    """List the sessions with what they have cost so far."""
    rows, total = work.sessions.changed(ask.date_from, ask.date_to, offset=ask.offset, limit=ask.limit)
    objects = [ocpi_session(session, price_session(session, work=work).cost, reader) for session in rows]
    return page(objects, total, ask, request, reader.desk.base_url)


@router.get(f"/{VERSION}/cdrs")
def list_cdrs(reader: Reader, ask: WantedObjects, work: HeldReading, request: Request) -> JSONResponse:
    """List the charge detail records, credits among them."""
    records = work.charge_detail_records
    rows, total = records.made(ask.date_from, ask.date_to, offset=ask.offset, limit=ask.limit)
    return page([ocpi_cdr(record, reader) for record in rows], total, ask, request, reader.desk.base_url)


def _location(location_id: str, reader: Reader, work: UnitOfWork, now: datetime) -> dict[str, Any]:
    shown = (location(site, reader.desk, work=work, now=now) for site in work.sites.list())
    return _part(shown, "id", location_id)


def _part(parts: Any, key: str, wanted: str) -> dict[str, Any]:
    """The one of that name; OCPI's ids do not tell upper from lower case."""
    found = next((part for part in parts if part[key].lower() == wanted.lower()), None)
    if found is None:
        raise NotFound("location, EVSE or connector", wanted)
    return found


def _first_sites(work: UnitOfWork, now: datetime) -> dict[str, Site]:
    """For each tariff the first site, by id, at which it rules."""
    first: dict[str, Site] = {}
    for site in sorted(work.sites.list(), key=lambda known: known.id):
        for rule in work.tariffs.assignments(site.id, at=now):
            if rule.tariff_id is not None:
                first.setdefault(rule.tariff_id, site)
    return first


def _market(tariff: Tariff, site: Site | None, work: UnitOfWork, now: datetime) -> MarketPrices:
    if site is None or not tariff.follows_market:
        return MarketPrices(start=now)
    return market_prices(work.series, site.price_zone, now, now + AHEAD)
