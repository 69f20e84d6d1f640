"""One station: what it is, the state of its EVSEs, the profiles that it holds, and what it reported of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from twinev.client import Client
from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.fact_list import Markup, facts_html, paragraph_html, section_html, table_html
from twinev.ui.location_rows import connectors_of, equipment_of
from twinev.ui.station_plan import plan_html, power_words
from twinev.ui.technical_state import technical_state
from twinev.wire.rest.sessions import SessionProgressOut
from twinev.wire.rest.station_limits import ExternalLimitOut, InstalledProfile, StationLimitsOut
from twinev.wire.rest.stations import EvseOut, StationOut, StationReportOut

REPORTS_SHOWN = 10
EVSE_NUMBERS = frozenset({2, 5, 6})


@dataclass(frozen=True, kw_only=True)
class StationRead:
    """Everything about one station that its dialog shows; ``progress`` by EVSE."""

    station: StationOut
    limits: StationLimitsOut
    progress: Mapping[int, SessionProgressOut]
    reports: tuple[StationReportOut, ...]


def read_station(client: Client, station_id: str) -> StationRead:
    """Ask the API; it may take a moment."""
    station = client.station(station_id)
    return StationRead(
        station=station,
        limits=client.station_limits(station_id),
        progress={
            evse.id: client.session_progress(evse.session_id) for evse in station.evses if evse.session_id is not None
        },
        reports=tuple(client.station_reports(station_id, at_most=REPORTS_SHOWN)),
    )


def station_html(read: StationRead, *, site: str, zone: ZoneInfo, now: datetime) -> Markup:
    """The whole dialog's content."""
    station, limits = read.station, read.limits
    plans = "".join(plan_html(evse, read.progress.get(evse.evse_id), now=now, zone=zone) for evse in limits.evses)
    parts = (
        _facts(station, limits, site=site, zone=zone, now=now),
        section_html(texts.EVSES_TITLE, _evses(station, read.progress, zone, now)),
        section_html(texts.PLAN_TITLE, Markup(f'<div class="tv-charts">{plans}</div>')),
        section_html(texts.PROFILES_TITLE, _profiles(limits, zone, now)),
        section_html(texts.REPORTS_TITLE, _reports(read.reports, zone)),
    )
    return Markup("".join(parts))


def _facts(station: StationOut, limits: StationLimitsOut, *, site: str, zone: ZoneInfo, now: datetime) -> Markup:
    problem, seen = station.not_following, station.last_seen
    told = texts.STATION_ONLINE_NOW if station.online else None
    most = texts.STATION_POWER_OF.format(max=power_words(station.max_kw))
    values = {
        "state": texts.STATION_STATES[technical_state(station)],
        "site": site,
        "equipment": equipment_of(station) or texts.EQUIPMENT_UNKNOWN,
        "firmware": station.firmware_version,
        "protocol": station.protocol,
        "security": station.security_profile,
        "last_seen": " · ".join(filter(None, (told, formats.near(seen, zone, now=now) if seen else texts.NEVER))),
        "power": f"{power_words(station.power_kw)} {most}",
        "public": texts.PUBLIC_ALL if station.public else texts.PUBLIC_SOME,
        "problem": problem
        and texts.PROBLEM.format(reason=problem.reason, time=formats.near(problem.since, zone, now=now)),
        "blocked": station.blocked_at and f"{formats.day_and_clock(station.blocked_at, zone)}: {station.block_reason}",
        "others": "; ".join(_external(limit, zone, now) for limit in limits.external_limits),
    }
    return facts_html({texts.STATION_FACTS[key]: value for key, value in values.items()})


def _external(limit: ExternalLimitOut, zone: ZoneInfo, now: datetime) -> str:
    current = next((step.limit_kw for step in reversed(limit.steps) if step.start <= now), None)
    words = texts.EXTERNAL_NO_FIGURE if current is None else power_words(current)
    return texts.EXTERNAL_LIMIT.format(source=limit.source, limit=words, time=formats.near(limit.since, zone, now=now))


def _evses(station: StationOut, progress: Mapping[int, SessionProgressOut], zone: ZoneInfo, now: datetime) -> Markup:
    rows = [_evse(evse, zone, now) for evse in station.evses]
    return table_html(texts.EVSES_COLUMNS, rows, caption=texts.EVSES_TITLE, numbers=EVSE_NUMBERS)


def _evse(evse: EvseOut, zone: ZoneInfo, now: datetime) -> tuple[object, ...]:
    state = texts.CONNECTOR_STATES.get(evse.status, evse.status)
    if evse.error_code:
        state = f"{state}, {texts.EVSE_ERROR.format(code=evse.error_code)}"
    return (
        evse.id,
        connectors_of(evse),
        texts.EVSE_GIVES.format(kw=formats.limit_kw(evse.max_kw), phases=evse.phases),
        state,
        formats.near(evse.status_at, zone, now=now) if evse.status_at else texts.UNKNOWN,
        f"{formats.kw(evse.power_kw)} kW",
        texts.UNKNOWN if evse.planned_kw is None else f"{formats.kw(evse.planned_kw)} kW",
        evse.session_id or texts.UNKNOWN,
    )


def _profiles(limits: StationLimitsOut, zone: ZoneInfo, now: datetime) -> Markup:
    rows = [_profile(profile, zone, now) for evse in limits.evses for profile in evse.profiles]
    if not rows:
        return paragraph_html(texts.PROFILES_NONE)
    return table_html(texts.PROFILES_COLUMNS, rows, caption=texts.PROFILES_TITLE)


def _profile(profile: InstalledProfile, zone: ZoneInfo, now: datetime) -> tuple[object, ...]:
    over = profile.ends_at is not None and profile.ends_at <= now
    begun = [step for step in profile.steps if step.start <= now]
    current = texts.PROFILE_OVER if over else power_words(begun[-1].limit_kw) if begun else texts.PROFILE_NOT_YET
    following = next((step for step in profile.steps if step.start > now), None)
    later = (
        texts.PROFILE_NO_CHANGE
        if following is None
        else texts.PROFILE_NEXT.format(
            kw=power_words(following.limit_kw), time=formats.near(following.start, zone, now=now)
        )
    )
    return (
        profile.evse_id,
        texts.PURPOSES.get(profile.purpose, profile.purpose),
        profile.stack_level,
        current,
        texts.UNKNOWN if over else later,
        formats.near(profile.ends_at, zone, now=now) if profile.ends_at else texts.PROFILE_NO_END,
    )


def _reports(reports: tuple[StationReportOut, ...], zone: ZoneInfo) -> Markup:
    if not reports:
        return paragraph_html(texts.REPORTS_NONE)
    items = (
        f"<li><b>{formats.safe(report.report)}</b> "
        f'<span class="tv-detail">{formats.safe(formats.day_and_clock(report.timestamp, zone))}</span> '
        f"{formats.safe(_content(report))}</li>"
        for report in reports
    )
    return Markup(f'<ul class="tv-reports">{"".join(items)}</ul>')


def _content(report: StationReportOut) -> str:
    plain = (f"{name} {value}" for name, value in report.content.items() if isinstance(value, str | int | float))
    words = ", ".join(plain)
    return words if len(words) <= 160 else f"{words[:159]}…"
