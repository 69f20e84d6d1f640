"""What a row of the history unfolds into: how well the order was kept, who did what, and each station."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from twinev.ui import formats
from twinev.ui import texts_history as words
from twinev.ui.enforcement_chart import enforcement_html
from twinev.ui.limits_panel import state_html
from twinev.wire.rest.restrictions import (
    RestrictionActOut,
    RestrictionMeasured,
    RestrictionOut,
    StationEnforcement,
)


def detail_html(
    restriction: RestrictionOut,
    measured: RestrictionMeasured,
    acts: Sequence[RestrictionActOut],
    *,
    zone: ZoneInfo,
    speed: float,
) -> str:
    """The figures and the chart to the left, acts and stations to the right."""
    return (
        f'<div class="tv-history-detail"><section><h3>{formats.safe(words.MEASURED_TITLE)}</h3>'
        f"{_measured(restriction, measured, since=limit_since(restriction, acts), zone=zone, speed=speed)}</section>"
        f"<section><h3>{formats.safe(words.ACTS_TITLE)}</h3>{_acts(acts, zone)}"
        f"<h3>{formats.safe(words.STATIONS_TITLE)}</h3>{_stations(restriction.stations)}</section></div>"
    )


def limit_since(restriction: RestrictionOut, acts: Sequence[RestrictionActOut]) -> datetime:
    """From when on stations had to keep the limit as it is: its begin, or when it became this one."""
    since = restriction.created_at
    for before, act in pairwise(acts):
        if act.limit_kw != before.limit_kw:
            since = act.at
    return max(restriction.start, since)


def _measured(
    restriction: RestrictionOut, measured: RestrictionMeasured, *, since: datetime, zone: ZoneInfo, speed: float
) -> str:
    if measured.kept_share is None:
        start = formats.day_and_clock(restriction.start, zone)
        return f'<p class="tv-help">{formats.safe(words.NOT_BEGUN.format(start=start))}</p>'
    figures = (
        (formats.percent(measured.kept_share), words.KEPT),
        (formats.kw(measured.highest_kw or 0.0), words.HIGHEST),
        (formats.kwh(measured.excess_kwh), words.EXCESS),
        (_enforced_after(restriction, since, speed), words.ENFORCED_AFTER),
    )
    cells = "".join(
        f"<div><dd>{formats.safe(value)}</dd><dt>{formats.safe(name)}</dt></div>" for value, name in figures
    )
    silent = ""
    if measured.silent_station_ids:
        told = words.SILENT.format(stations=", ".join(measured.silent_station_ids))
        silent = f'<p class="tv-stale">{formats.safe(told)}</p>'
    return f'<dl class="tv-figures">{cells}</dl>{enforcement_html(measured, zone=zone)}{silent}'


def _enforced_after(restriction: RestrictionOut, since: datetime, speed: float) -> str:
    if restriction.first_enforced_at is None:
        return words.NEVER_ENFORCED
    return words.SECONDS.format(seconds=formats.seconds_text(restriction.first_enforced_at - since, speed=speed))


def _acts(acts: Sequence[RestrictionActOut], zone: ZoneInfo) -> str:
    items = "".join(
        f"<li><time>{formats.safe(formats.day_and_clock(act.at, zone))}</time> {formats.safe(_act(act, zone))}</li>"
        for act in acts
    )
    return f'<ul class="tv-acts">{items}</ul>'


def _act(act: RestrictionActOut, zone: ZoneInfo) -> str:
    if act.act == "revoked":
        return words.ACT_REVOKED.format(by=act.by)
    return words.ACT.format(
        act=words.ACTS.get(act.act, act.act),
        by=act.by,
        limit=formats.limit_kw(act.limit_kw),
        end=formats.near(act.end, zone, now=act.at),
        v2g=words.V2G_YES if act.v2g else words.V2G_NO,
    )


def _stations(stations: Sequence[StationEnforcement]) -> str:
    rows = "".join(
        f'<li><b class="tv-id">{formats.safe(station.station_id)}</b> '
        f"{state_html(station)} {formats.safe(station.reason or '')}</li>"
        for station in stations
    )
    return f'<ul class="tv-stations">{rows}</ul>'
