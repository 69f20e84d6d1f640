"""Sites with their live state: shown, made, and described anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from twinev.api.etags import Edit, TheEdit, tell_version
from twinev.api.live import LiveView
from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.places import (
    address_of,
    address_out,
    opening_hours_of,
    opening_hours_out,
    site_version,
    with_location,
)
from twinev.api.platform import Operator, Platform, Reading, Staff, ThePlatform
from twinev.domain.charge_points import Site
from twinev.domain.tariff import SeriesKind
from twinev.errors import NotFound
from twinev.services.edit_station import edit_site, save_site
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sites import SiteChangeIn, SiteIn, SiteOut

router = APIRouter(prefix="/api/v1/sites", tags=["sites"])

_MAY_BE_NONE = frozenset({"address", "opening_hours", "fallback_kw"})


@router.get("")
def list_sites(ask: WantedPage, work: Reading, platform: ThePlatform, _user: Staff) -> Page[SiteOut]:
    """List the sites, by id."""
    now = platform.clock.now()
    live = platform.live_view(work)
    rows = rows_after(work.sites.list(), ask, name=_id)
    return page_of(rows, ask, out=lambda site: _out(site, work, live, now), name=_id)


@router.get("/{site_id}")
def get_site(site_id: str, work: Reading, platform: ThePlatform, _user: Staff, response: Response) -> SiteOut:
    """Show one site; its ETag is what an edit has to name."""
    now = platform.clock.now()
    site = work.sites.get(site_id)
    tell_version(response, site_version(site))
    return _out(site, work, platform.live_view(work, site_id=site_id), now)


@router.put("/{site_id}")
def put_site(
    *, site_id: str, body: SiteIn, platform: ThePlatform, _user: Operator, edit: TheEdit, response: Response
) -> SiteOut:
    """Make a site, or describe one anew: then If-Match names the version that the edit was made from."""
    changes = _changes(body)

    def make_or_edit(work: UnitOfWork) -> Site:
        try:
            work.sites.get_to_edit(site_id)
        except NotFound:
            edit.require_new(f"site {site_id}")
            return save_site(Site(id=site_id, **changes), work=work)
        return edit_site(site_id, changes, work=work, require_unchanged=_unchanged(edit))

    return _write(make_or_edit, platform, response)


@router.patch("/{site_id}")
def patch_site(
    *, site_id: str, body: SiteChangeIn, platform: ThePlatform, _user: Operator, edit: TheEdit, response: Response
) -> SiteOut:
    """Change what is given of a site. If-Match names the version that the edit was made from."""

    def change(work: UnitOfWork) -> Site:
        changes = with_location(_changes(body), work.sites.get(site_id).location)
        return edit_site(site_id, changes, work=work, require_unchanged=_unchanged(edit))

    return _write(change, platform, response)


def _write(make: Callable[[UnitOfWork], Site], platform: Platform, response: Response) -> SiteOut:
    with platform.unit_of_work() as work:
        site = make(work)
        answer = _out(site, work, platform.live_view(work, site_id=site.id), platform.clock.now())
        work.commit()
    tell_version(response, answer.version)
    return answer


def _unchanged(edit: Edit) -> Callable[[Site], None]:
    return lambda site: edit.require_version(f"site {site.id}", site_version(site))


def _changes(body: SiteIn | SiteChangeIn) -> dict[str, Any]:
    """What is given, as fields of `Site`; null stands for something where nothing can be."""
    given = body.model_dump(exclude_unset=isinstance(body, SiteChangeIn))
    given = {name: value for name, value in given.items() if value is not None or name in _MAY_BE_NONE}
    if "address" in given:
        given["address"] = address_of(body.address)
    if "opening_hours" in given:
        given["opening_hours"] = opening_hours_of(body.opening_hours)
    return with_location(given) if isinstance(body, SiteIn) else given


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
        flexibility_kw=_value_now(work, SeriesKind.FLEXIBILITY, site.id, now),
        fallback_kw=site.fallback_kw,
        slot_minutes=site.slot_minutes,
        horizon_slots=site.horizon_slots,
        accepts_unknown_tokens=site.accepts_unknown_tokens,
        address=address_out(site.address),
        opening_hours=opening_hours_out(site.opening_hours),
        open_now=site.open_at(now),
        version=site_version(site),
    )


def _value_now(work: UnitOfWork, kind: SeriesKind, site_id: str, now: datetime) -> float:
    return work.series.values(kind, site_id, now, step_minutes=1, count=1)[0] or 0.0


def _id(site: Site) -> str:
    return site.id
