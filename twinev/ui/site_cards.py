"""A card per site: what it imports against what its supply point allows, and how many EVs are there."""

from __future__ import annotations

import ipywidgets as widgets

from twinev.ui import formats, texts
from twinev.ui.live import Snapshot
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import StationOut

# The bar is drawn to a little over the limit, so that an excess shows.
BAR_SHARE_OF_LIMIT = 0.85
NEARLY_FULL = 0.9
# A meter reads to about a percent: what is over by less is not called over.
OVER_KW = 0.1


class SiteCards:
    """The cards of all sites in one widget; it is sent only when a figure on it changed."""

    def __init__(self) -> None:
        self.widget = widgets.HTML()
        self.widget.add_class("tv-cards")

    def update(self, snapshot: Snapshot) -> None:
        cards = (
            card_html(site, [station for station in snapshot.stations if station.site_id == site.id])
            for site in snapshot.sites
        )
        self.widget.value = "".join(cards) or f'<p class="tv-card tv-help">{formats.safe(texts.SITES_NONE)}</p>'


def import_kw(site: SiteOut) -> float:
    """What the site draws from the grid now; negative when it gives. [kW]"""
    return site.charging_kw + site.demand_kw - site.production_kw


def limit_now_kw(site: SiteOut) -> float:
    """What the site may draw now: its supply limit, moved by what flexibility is ordered. [kW]"""
    return max(0.0, site.supply_max_kw + site.flexibility_kw)


def card_html(site: SiteOut, stations: list[StationOut]) -> str:
    """One site's card."""
    power_kw, limit_kw = import_kw(site), limit_now_kw(site)
    left_kw = limit_kw - power_kw
    state = "over" if left_kw < -OVER_KW else "near" if power_kw > NEARLY_FULL * limit_kw else "fine"
    room = (
        texts.SITE_FREE.format(free=formats.kw(max(left_kw, 0.0)))
        if left_kw >= -OVER_KW
        else texts.SITE_OVER.format(over=formats.kw(-left_kw))
    )
    limit = texts.SITE_LIMIT.format(limit=formats.limit_kw(limit_kw))
    evs = texts.SITE_EV if site.active_sessions == 1 else texts.SITE_EVS.format(count=site.active_sessions)
    online = texts.SITE_STATIONS.format(online=sum(station.online for station in stations), total=len(stations))
    detail = texts.SITE_DETAIL.format(
        charging=formats.kw(site.charging_kw),
        demand=formats.kw(site.demand_kw),
        production=formats.kw(site.production_kw),
    )
    return (
        f'<article class="tv-card tv-card-{state}"><h3>{formats.safe(site.name)}</h3>'
        f'<p class="tv-figure"><b>{formats.kw(power_kw)}</b> <span>{formats.safe(limit)}</span>'
        f"<em>{formats.safe(room)}</em></p>{bar_html(site)}{flexibility_html(site)}"
        f'<p class="tv-detail"><b>{formats.safe(evs)}</b> · {formats.safe(online)}</p>'
        f'<p class="tv-detail">{formats.safe(detail)}</p></article>'
    )


def flexibility_html(site: SiteOut) -> str:
    """By how much an order moves the limit now; nothing while none does."""
    if abs(site.flexibility_kw) < OVER_KW:
        return ""
    words = texts.SITE_FLEXIBILITY_LESS if site.flexibility_kw < 0 else texts.SITE_FLEXIBILITY_MORE
    told = words.format(offset=formats.limit_kw(abs(site.flexibility_kw)), limit=formats.limit_kw(site.supply_max_kw))
    return f'<p class="tv-detail tv-flexibility-note">{formats.safe(told)}</p>'


def bar_html(site: SiteOut) -> str:
    """A bar with the import's parts and a mark at the limit; a fainter one where the limit is without an order."""
    power_kw, limit_kw = import_kw(site), limit_now_kw(site)
    largest_kw = max(limit_kw, site.supply_max_kw)
    scale = BAR_SHARE_OF_LIMIT * 100 / largest_kw if largest_kw > 0 else 0.0
    # Production covers the building first; what is left of each part is what the supply point carries.
    building = max(0.0, site.demand_kw - site.production_kw)
    evs = max(0.0, power_kw - building)
    label = texts.SITE_BAR.format(name=site.name, power=formats.kw(power_kw), limit=formats.limit_kw(limit_kw))
    building_share = min(100.0, building * scale)
    evs_share = min(100.0 - building_share, evs * scale)
    moved = abs(site.flexibility_kw) >= OVER_KW
    unmoved = f'<u class="tv-mark-faint" style="left: {site.supply_max_kw * scale:.1f}%"></u>' if moved else ""
    return (
        f'<div class="tv-bar" role="img" aria-label="{formats.safe(label)}">'
        f'<i class="tv-bar-building" style="width: {building_share:.1f}%"></i>'
        f'<i class="tv-bar-evs" style="width: {evs_share:.1f}%"></i>'
        f'{unmoved}<u style="left: {limit_kw * scale:.1f}%"></u></div>'
    )
