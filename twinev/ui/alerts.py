"""What is wrong now and what to do about it, the most urgent first: limits, sites and stations. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from twinev.domain.grid import Enforcement
from twinev.ui import formats, texts
from twinev.ui import texts_alerts as words
from twinev.ui.limits_panel import METER_TOLERANCE_KW
from twinev.ui.live import Snapshot
from twinev.ui.site_cards import import_kw, limit_now_kw
from twinev.wire.rest.restrictions import RestrictionOut
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import StationOut

Level = Literal["critical", "warning", "note"]
Reasons = Mapping[str, tuple[str, str, datetime | None]]
OFFLINE = "offline"
LEVELS: tuple[Level, ...] = ("critical", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One thing that is wrong; ``key`` stays the same while it lasts, ``station_ids`` are what to look at."""

    key: str
    level: Level
    title: str
    detail: str
    advice: str
    station_ids: tuple[str, ...]
    since: datetime | None = None

    @property
    def urgent(self) -> bool:
        return self.level != "note"


def alerts_of(snapshot: Snapshot) -> tuple[Alert, ...]:
    """All that is wrong, the most urgent first; within a level sites, limits, then stations."""
    reasons = _reasons(snapshot)
    found = [*_sites(snapshot), *_limits(snapshot), *_stations(snapshot, reasons), *_offline(snapshot, reasons)]
    return tuple(sorted(found, key=lambda alert: LEVELS.index(alert.level)))


def not_following_ids(snapshot: Snapshot) -> frozenset[str]:
    """The stations that do not do what they were told."""
    return frozenset(_reasons(snapshot))


def _sites(snapshot: Snapshot) -> Iterator[Alert]:
    for site in snapshot.sites:
        over_kw = import_kw(site) - limit_now_kw(site)
        if over_kw <= METER_TOLERANCE_KW:
            continue
        figures = {"power": formats.kw(import_kw(site)), "limit": formats.limit_kw(limit_now_kw(site))}
        yield Alert(
            key=f"site {site.id}",
            level="critical",
            title=words.SITE_OVER.format(site=site.name, over=formats.kw(over_kw)),
            detail=words.SITE_OVER_DETAIL.format(**figures),
            advice=words.SITE_OVER_ADVICE,
            station_ids=tuple(station.id for station in snapshot.stations if station.site_id == site.id),
        )


def _limits(snapshot: Snapshot) -> Iterator[Alert]:
    for restriction in snapshot.restrictions:
        if restriction.state == Enforcement.NOT_ENFORCED:
            yield _limit(restriction, "critical", words.LIMIT_BROKEN, words.LIMIT_BROKEN_DETAIL)
        elif restriction.state == Enforcement.PARTLY:
            yield _limit(restriction, "warning", words.LIMIT_PARTLY, words.LIMIT_PARTLY_DETAIL)


def _limit(restriction: RestrictionOut, level: Level, title: str, detail: str) -> Alert:
    count = len(restriction.station_ids)
    stations = texts.LIMIT_STATION if count == 1 else texts.LIMIT_STATIONS.format(count=count)
    return Alert(
        key=f"limit {restriction.id}",
        level=level,
        title=title.format(limit=formats.limit_kw(restriction.limit_kw)),
        detail=detail.format(power=formats.kw(restriction.power_kw), stations=stations, user=restriction.created_by),
        advice=words.LIMIT_BROKEN_ADVICE if level == "critical" else words.LIMIT_PARTLY_ADVICE,
        station_ids=restriction.station_ids,
        since=max(restriction.start, restriction.created_at),
    )


def _stations(snapshot: Snapshot, reasons: Reasons) -> Iterator[Alert]:
    under = _under_broken_limit(snapshot)
    for station in snapshot.stations:
        if station.id not in reasons or not station.online:
            continue
        cause, reason, since = reasons[station.id]
        site = snapshot.site_of(station)
        detail = words.STATION_DETAIL.format(
            reason=_sentence(reason), power=formats.kw(station.power_kw), site=site.name if site else station.site_id
        )
        yield Alert(
            key=f"station {station.id}",
            level="critical" if station.id in under else "warning",
            title=words.STATION.format(station=station.id),
            detail=f"{detail} {words.STATION_UNDER}" if station.id in under else detail,
            advice=words.ADVICE.get(cause, words.ADVICE["other"]),
            station_ids=(station.id,),
            since=since,
        )


def _offline(snapshot: Snapshot, reasons: Reasons) -> Iterator[Alert]:
    """Stations without a connection: one alert a site, for a site's line often takes all of them."""
    under = _under_broken_limit(snapshot)
    for site in snapshot.sites:
        away = [station for station in snapshot.stations if station.site_id == site.id and not station.online]
        charging = [station for station in away if station.id in reasons]
        idle = [station for station in away if station.id not in reasons]
        if charging:
            urgent = any(station.id in under for station in charging)
            yield _offline_at(site, charging, "critical" if urgent else "warning", with_ev=True)
        if idle:
            yield _offline_at(site, idle, "note", with_ev=False)


def _offline_at(site: SiteOut, away: list[StationOut], level: Level, *, with_ev: bool) -> Alert:
    ids = tuple(station.id for station in away)
    title = words.OFFLINE_ONE if len(away) == 1 else words.OFFLINE
    detail = words.OFFLINE_WITH_EV if with_ev else words.OFFLINE_IDLE
    return Alert(
        key=f"offline {site.id} {with_ev}",
        level=level,
        title=title.format(count=len(away), site=site.name, station=ids[0]),
        detail=detail if len(away) == 1 else f"{', '.join(ids)}. {detail}",
        advice=words.ADVICE["offline"] if with_ev else words.OFFLINE_ADVICE,
        station_ids=ids,
        since=max((station.last_seen for station in away if station.last_seen is not None), default=None),
    )


def _reasons(snapshot: Snapshot) -> Reasons:
    """Cause, reason and since when, by station: as its last command shows, else as a limit in force tells."""
    told = {
        station.station_id: ("other", station.reason, None)
        for restriction in snapshot.restrictions
        if restriction.state in (Enforcement.PARTLY, Enforcement.NOT_ENFORCED)
        for station in restriction.stations
        if station.state == Enforcement.NOT_ENFORCED and station.reason
    }
    return told | {
        station.id: (station.not_following.cause, station.not_following.reason, station.not_following.since)
        for station in snapshot.stations
        # One that is back is told again at this moment.
        if station.not_following is not None and not (station.online and station.not_following.cause == OFFLINE)
    }


def _under_broken_limit(snapshot: Snapshot) -> frozenset[str]:
    """Stations that matter to the grid now: while others make up for a station it only has to be looked into."""
    return frozenset(
        station_id
        for restriction in snapshot.restrictions
        if restriction.state == Enforcement.NOT_ENFORCED
        for station_id in restriction.station_ids
    )


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:].rstrip(".")
