"""Sites with their live state."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter

from twinev.api.live import LiveView
from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.platform import Operator, Reading, Staff, ThePlatform
from twinev.domain.charge_points import Location, Site
from twinev.domain.tariff import SeriesKind
from twinev.errors import BadInput
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sites import SiteIn, SiteOut

router = APIRouter(prefix="/api/v1/sites", tags=["sites"])


@router.get("")
def list_sites(ask: WantedPage, work: Reading, platform: ThePlatform, _user: Staff) -> Page[SiteOut]:
    """List the sites, by id."""
    now = platform.clock.now()
    live = platform.live_view(work)
    rows = rows_after(work.sites.list(), ask, name=_id)
    return page_of(rows, ask, out=lambda site: _out(site, work, live, now), name=_id)


@router.get("/{site_id}")
def get_site(site_id: str, work: Reading, platform: ThePlatform, _user: Staff) -> SiteOut:
    """Show one site."""
    now = platform.clock.now()
    site = work.sites.get(site_id)
    return _out(site, work, platform.live_view(work, site_id=site_id), now)


@router.put("/{site_id}")
def put_site(site_id: str, body: SiteIn, platform: ThePlatform, _user: Operator) -> SiteOut:
    """Make a site, or change what is given of one that is there."""
    try:
        ZoneInfo(body.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput("time_zone", body.time_zone, "an IANA time zone, such as Europe/Amsterdam") from error
    given = body.model_dump()
    location = Location(
        latitude_degrees=given.pop("latitude_degrees"), longitude_degrees=given.pop("longitude_degrees")
    )
    now = platform.clock.now()
    with platform.unit_of_work() as work:
        site = Site(id=site_id, location=location, **given)
        work.sites.save(site)
        work.events.add("site.changed", {"site_id": site_id})
        answer = _out(site, work, platform.live_view(work, site_id=site_id), now)
        work.commit()
    return answer


def _out(site: Site, work: UnitOfWork, live: LiveView, now: datetime) -> SiteOut:
    sessions = [session for session in live.at_evse.values() if session.site_id == site.id]
    return SiteOut(
        id=site.id,
        name=site.name,
        latitude_degrees=site.location.latitude_degrees,
        longitude_degrees=site.location.longitude_degrees,
        supply_max_kw=site.supply_max_kw,
        supply_min_kw=site.supply_min_kw,
        price_zone=site.price_zone,
        time_zone=site.time_zone,
        charging_kw=sum(live.power_kw(session) for session in sessions),
        demand_kw=_value_now(work, SeriesKind.DEMAND, site.id, now),
        production_kw=_value_now(work, SeriesKind.PRODUCTION, site.id, now),
        active_sessions=len(sessions),
    )


def _value_now(work: UnitOfWork, kind: SeriesKind, site_id: str, now: datetime) -> float:
    return work.series.values(kind, site_id, now, step_minutes=1, count=1)[0] or 0.0


def _id(site: Site) -> str:
    return site.id
