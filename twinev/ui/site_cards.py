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
        self.widget.value = "".join(cards)


def card_html(site: SiteOut, stations: list[StationOut]) -> str:
    """One site's card."""
    import_kw = site.charging_kw + site.demand_kw - site.production_kw
    left_kw = site.supply_max_kw - import_kw
    state = "over" if left_kw < 0 else "near" if import_kw > NEARLY_FULL * site.supply_max_kw else "fine"
    room = (
        texts.SITE_FREE.format(free=formats.kw(left_kw))
        if left_kw >= 0
        else texts.SITE_OVER.format(over=formats.kw(-left_kw))
    )
    limit = texts.SITE_LIMIT.format(limit=formats.limit_kw(site.supply_max_kw))
    evs = texts.SITE_EV if site.active_sessions == 1 else texts.SITE_EVS.format(count=site.active_sessions)
    online = texts.SITE_STATIONS.format(online=sum(station.online for station in stations), total=len(stations))
    detail = texts.SITE_DETAIL.format(
        charging=formats.kw(site.charging_kw),
        demand=formats.kw(site.demand_kw),
        production=formats.kw(site.production_kw),
    )
    return (
        f'<article class="tv-card tv-card-{state}"><h3>{formats.safe(site.name)}</h3>'
        f'<p class="tv-figure"><b>{formats.kw(import_kw)}</b> <span>{formats.safe(limit)}</span>'
        f"<em>{formats.safe(room)}</em></p>{bar_html(site, import_kw)}"
        f'<p class="tv-detail"><b>{formats.safe(evs)}</b> · {formats.safe(online)}</p>'
        f'<p class="tv-detail">{formats.safe(detail)}</p></article>'
    )


def bar_html(site: SiteOut, import_kw: float) -> str:
    """A bar with the import's parts and a mark at the limit."""
    scale = BAR_SHARE_OF_LIMIT * 100 / site.supply_max_kw if site.supply_max_kw > 0 else 0.0
    # Production covers the building first; what is left of each part is what the supply point carries.
    building = max(0.0, site.demand_kw - site.production_kw)
    evs = max(0.0, import_kw - building)
    label = texts.SITE_BAR.format(
        name=site.name, power=formats.kw(import_kw), limit=formats.limit_kw(site.supply_max_kw)
    )
    building_share = min(100.0, building * scale)
    evs_share = min(100.0 - building_share, evs * scale)
    return (
        f'<div class="tv-bar" role="img" aria-label="{formats.safe(label)}">'
        f'<i class="tv-bar-building" style="width: {building_share:.1f}%"></i>'
        f'<i class="tv-bar-evs" style="width: {evs_share:.1f}%"></i>'
        f'<u style="left: {BAR_SHARE_OF_LIMIT * 100:.0f}%"></u></div>'
    )
