"""Takes in what another module announced (a price, a forecast, a flexibility order), or says why not."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from twinev.domain.announcement import Announcement
from twinev.domain.charge_points import Site
from twinev.domain.flexibility import FlexibilityOrder
from twinev.domain.tariff import SeriesKind
from twinev.errors import BadInput, Conflict, NotFound
from twinev.services.order_flexibility import keep_flexibility_order, require_within_supply
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.put_series import OF_ZONES, put_series

# A sender's clock may be wrong by this much.
CLOCK_TOLERANCE = timedelta(minutes=5)
# A year ahead is the longest forecast that anybody plans with.
FARTHEST = timedelta(days=400)
# Watts for kilowatts are a thousandfold; no building draws ten times what its connection carries.
MOST_TIMES_SUPPLY = 10.0


def take_announcement(announcement: Announcement, *, work: UnitOfWork, now: datetime) -> bool:
    """Keep the values, have the sites concerned planned, and remember the message; the caller commits.

    Returns False, and changes nothing, when the same message was taken in before.

    Raises
    ------
    BadInput
        A time or a value that cannot be meant.
    NotFound
        Nobody knows the zone or the site.
    Conflict
        Another message came with the same id, or a newer one speaks of the same time.
    """
    known = work.inbox.content_hash(announcement.source, announcement.message_id)
    if known is not None:
        return _require_same(announcement, known)
    _require_timely(announcement, now)
    _require_plausible(announcement, _concerned(announcement, work))
    newer = work.inbox.newer(announcement)
    if newer is not None:
        made = announcement.created_at.isoformat()
        raise Conflict(f"stale: it was made at {made}, and message {newer!r}, made later, speaks of the same time")
    said_by = {"source": announcement.source, "message_id": announcement.message_id}
    if announcement.series.kind is SeriesKind.FLEXIBILITY:
        keep_flexibility_order(_order(announcement, now), work=work, **said_by)
    else:
        put_series(announcement.series, work=work, **said_by)
    work.inbox.remember(announcement, now)
    return True


def _order(announcement: Announcement, now: datetime) -> FlexibilityOrder:
    series = announcement.series
    return FlexibilityOrder(
        id=uuid.uuid4().hex,
        site_id=series.subject,
        start=series.start,
        step_minutes=series.step_minutes,
        values_kw=series.values,
        ordered_by=announcement.source,
        ordered_at=now,
    )


def _require_same(announcement: Announcement, known: bytes) -> bool:
    if known != announcement.content_hash:
        raise Conflict(
            f"message {announcement.message_id!r} of {announcement.source} was taken in before with other content"
        )
    return False


def _require_timely(announcement: Announcement, now: datetime) -> None:
    told = now.isoformat(timespec="seconds")
    if announcement.created_at > now + CLOCK_TOLERANCE:
        raise BadInput("created_at", announcement.created_at.isoformat(), f"a time that has come; it is {told}")
    if announcement.end <= now:
        start = announcement.series.start.isoformat()
        raise BadInput("start", start, f"values that end after now; these ended {announcement.end}, it is {told}")
    if announcement.end > now + FARTHEST:
        allowed = f"values that end within {FARTHEST.days} days of now; these end {announcement.end}"
        raise BadInput("start", announcement.series.start.isoformat(), allowed)


def _concerned(announcement: Announcement, work: UnitOfWork) -> list[Site]:
    series = announcement.series
    if series.kind not in OF_ZONES:
        return [work.sites.get(series.subject)]
    sites = [site for site in work.sites.list() if site.price_zone == series.subject]
    if not sites:
        raise NotFound("price zone of a site", series.subject)
    return sites


def _require_plausible(announcement: Announcement, sites: list[Site]) -> None:
    series = announcement.series
    if series.kind in OF_ZONES:
        return
    (site,) = sites
    if series.kind is SeriesKind.FLEXIBILITY:
        require_within_supply(series.values, site, key="values")
        return
    highest_kw = MOST_TIMES_SUPPLY * max(site.supply_max_kw, -site.supply_min_kw)
    why = f"{MOST_TIMES_SUPPLY:g} times what the supply point carries"
    for place, value in enumerate(series.values):
        if abs(value) > highest_kw:
            allowed = f"a power of at most {highest_kw:g} kW at site {site.id}: {why}"
            raise BadInput(f"values[{place}]", value, allowed)
