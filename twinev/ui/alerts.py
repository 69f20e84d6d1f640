"""What is wrong now and what to do about it, the most urgent first: limits, sites and stations. Pure."""

from __future__ import annotations

from collections.abc import Iterator
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
    found = [*_sites(snapshot), *_limits(snapshot), *_stations(snapshot), *_offline(snapshot)]
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


def _stations(snapshot: Snapshot) -> Iterator[Alert]:
    reasons = _reasons(snapshot)
    under = _under_broken_limit(snapshot)
    for station in snapshot.stations:
        if station.id not in reasons:
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


def _offline(snapshot: Snapshot) -> Iterator[Alert]:
    """Stations that are only offline: one alert a site, for a site's line often takes all of them."""
    reasons = _reasons(snapshot)
    for site in snapshot.sites:
        away = [s for s in snapshot.stations if s.site_id == site.id and not s.online and s.id not in reasons]
        if away:
            yield _offline_at(site, away)


def _offline_at(site: SiteOut, away: list[StationOut]) -> Alert:
    title = words.OFFLINE_ONE if len(away) == 1 else words.OFFLINE
    return Alert(
        key=f"offline {site.id}",
        level="note",
        title=title.format(count=len(away), site=site.name, station=away[0].id),
        detail=words.OFFLINE_DETAIL.format(stations=", ".join(station.id for station in away)),
        advice=words.OFFLINE_ADVICE,
        station_ids=tuple(station.id for station in away),
        since=max((station.last_seen for station in away if station.last_seen is not None), default=None),
    )


def _reasons(snapshot: Snapshot) -> dict[str, tuple[str, str, datetime | None]]:
    """Cause, reason and since when, by station: as its last command shows, else as a limit in force tells."""
    away = {station.id for station in snapshot.stations if not station.online}
    told = {
        station.station_id: ("offline" if station.station_id in away else "other", station.reason, None)
        for restriction in snapshot.restrictions
        if restriction.state in (Enforcement.PARTLY, Enforcement.NOT_ENFORCED)
        for station in restriction.stations
        if station.state == Enforcement.NOT_ENFORCED and station.reason
    }
    return told | {
        station.id: (station.not_following.cause, station.not_following.reason, station.not_following.since)
        for station in snapshot.stations
        if station.not_following is not None
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
