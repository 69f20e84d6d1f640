"""The limits in force and to come, each with the measured power under it: limit and effect at a glance."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.domain.grid import Enforcement
from twinev.ui import formats, texts
from twinev.ui.live import Snapshot
from twinev.wire.rest.restrictions import RestrictionOut

OPEN_STATES = frozenset(
    {Enforcement.SCHEDULED, Enforcement.PENDING, Enforcement.ENFORCED, Enforcement.PARTLY, Enforcement.NOT_ENFORCED}
)
BAR_SHARE_OF_LIMIT = 0.7
# A meter reads to about a percent: what is over by less is not called over.
METER_TOLERANCE_KW = 0.1


class LimitsPanel:
    """A list in one widget."""

    def __init__(self) -> None:
        self.widget = widgets.HTML()
        self.widget.add_class("tv-limits")

    def update(self, snapshot: Snapshot) -> None:
        current = [restriction for restriction in snapshot.restrictions if restriction.state in OPEN_STATES]
        rows = "".join(limit_html(restriction, snapshot) for restriction in sorted(current, key=lambda r: r.start))
        title = texts.LIMITS_TITLE_COUNT.format(count=len(current)) if current else texts.LIMITS_TITLE
        body = f"<ul>{rows}</ul>" if rows else f'<p class="tv-help">{formats.safe(texts.LIMITS_NONE)}</p>'
        self.widget.value = f"<h2>{formats.safe(title)}</h2>{body}"


def limit_html(restriction: RestrictionOut, snapshot: Snapshot) -> str:
    """One limit: how much power, of how much, where, until when, and whether it holds."""
    zone = formats.zone_of(snapshot.sites[0].time_zone if snapshot.sites else "UTC")
    end = formats.near(restriction.end, zone, now=snapshot.now)
    start = formats.near(restriction.start, zone, now=snapshot.now)
    begun = restriction.start <= snapshot.now
    window = texts.LIMIT_UNTIL.format(end=end) if begun else texts.LIMIT_FROM.format(start=start, end=end)
    figures = {"power": formats.kw(restriction.power_kw), "limit": formats.limit_kw(restriction.limit_kw)}
    over = begun and restriction.power_kw > restriction.limit_kw + METER_TOLERANCE_KW
    label = texts.LIMIT_BAR.format(**figures)
    share = _share(restriction.power_kw, restriction.limit_kw)
    return (
        f'<li class="{"tv-over" if over else ""}">'
        f"<p><b>{texts.LIMIT_POWER.format(**figures)}</b> {state_html(restriction)}</p>"
        f'<div class="tv-bar" role="img" aria-label="{formats.safe(label)}">'
        f'<i class="tv-bar-evs" style="width: {share:.1f}%"></i>'
        f'<u style="left: {BAR_SHARE_OF_LIMIT * 100:.0f}%"></u></div>'
        f'<p class="tv-detail">{stations_html(restriction, snapshot)}, {formats.safe(window)}</p></li>'
    )


def state_html(restriction: RestrictionOut) -> str:
    """The state as a coloured word; colour alone never says it."""
    words = texts.STATES.get(restriction.state, restriction.state)
    return f'<span class="tv-state tv-state-{formats.safe(restriction.state)}">{formats.safe(words)}</span>'


def stations_html(restriction: RestrictionOut, snapshot: Snapshot) -> str:
    """How many stations, at which sites; pointing at it tells which."""
    ids = restriction.station_ids
    count = texts.LIMIT_STATION if len(ids) == 1 else texts.LIMIT_STATIONS.format(count=len(ids))
    sites = {station.site_id for station in snapshot.stations if station.id in ids}
    names = " · ".join(site.name for site in snapshot.sites if site.id in sites)
    return f'<abbr title="{formats.safe(", ".join(ids))}">{formats.safe(count)}</abbr>, {formats.safe(names)}'


def _share(power_kw: float, limit_kw: float) -> float:
    if limit_kw <= 0:
        return 100.0 if power_kw > METER_TOLERANCE_KW else 0.0
    return max(0.0, min(100.0, BAR_SHARE_OF_LIMIT * 100 * power_kw / limit_kw))
