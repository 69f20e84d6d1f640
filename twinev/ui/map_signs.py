"""What the map's pins, badges and legend say, as style rules and HTML."""

from __future__ import annotations

from twinev.ui import formats, texts
from twinev.ui.live import Snapshot
from twinev.ui.site_cards import import_kw, limit_now_kw
from twinev.ui.station_state import level_of, status_text
from twinev.wire.rest.sites import SiteOut
from twinev.wire.rest.stations import StationOut


def pin_rule(
    number: int,
    station: StationOut,
    snapshot: Snapshot,
    *,
    selected: bool,
    alert: bool = False,
    level: str | None = None,
) -> str:
    """The rule that paints one pin: its colour, its number, what it says when pointed at, and its marks."""
    site = snapshot.site_of(station)
    zone = formats.zone_of(site.time_zone if site else "UTC")
    tip = texts.PIN_TIP.format(
        id=station.id, name=station.name, site=site.name if site else station.site_id,
        status=texts.LEGEND_ALERT if alert else status_text(station, zone), power=formats.kw(station.power_kw),
        max=formats.limit_kw(station.max_kw),
    )  # fmt: skip
    value = formats.short_kw(station.power_kw) if station.online else ""
    look = {
        "fill": f"var(--tv-{level or level_of(station)})",
        "ring": "var(--tv-ring-selected)" if selected else "var(--tv-ring)",
        "mark-shown": str(int(selected)),
        "alert-shown": str(int(alert)),
        "value": formats.css_string(value),
        "tip": formats.css_string(tip),
    }
    return f".tv-pin-{number} {{{'; '.join(f'--{name}: {value}' for name, value in look.items())}}}"


def badge_rule(number: int, site: SiteOut) -> str:
    """The rule that writes a site's power on its badge."""
    power = texts.SITE_POWER.format(power=formats.kw(import_kw(site)), limit=formats.limit_kw(limit_now_kw(site)))
    return f".tv-badge-{number} {{--value: {formats.css_string(power)}}}"


def legend_html() -> str:
    """What the colours mean."""
    keys = [*zip(("idle", "low", "medium", "high", "full"), texts.LEGEND, strict=True)]
    keys += [("offline", texts.LEGEND_OFFLINE), ("discharging", texts.LEGEND_DISCHARGING)]
    marks = [(f"background: var(--tv-{level})", words) for level, words in keys]
    marks.append(("border: 3px solid var(--tv-select)", texts.LEGEND_SELECTED))
    marks.append(("background: var(--tv-problem)", texts.LEGEND_ALERT))
    items = "".join(f'<li><i style="{look}"></i>{formats.safe(words)}</li>' for look, words in marks)
    return (
        f'<p class="tv-help">{formats.safe(texts.MAP_HELP)}</p>'
        f'<ul class="tv-legend"><li>{formats.safe(texts.LEGEND_TITLE)}</li>{items}</ul>'
    )
