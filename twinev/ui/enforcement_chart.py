"""Draws what was measured under a restriction beside what was ordered."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from twinev.ui import formats
from twinev.ui import texts_history as words
from twinev.ui.time_chart import TimeChart
from twinev.wire.rest.restrictions import RestrictionMeasured

# As wide as it is shown at a desk, so that its letters have the size of the page's small ones.
WIDTH, HEIGHT = 540, 170


def enforcement_html(measured: RestrictionMeasured, *, zone: ZoneInfo) -> str:
    """The measured sum as a staircase, the ordered limit as a line; nothing before the first measurement."""
    if not measured.measured_kw or measured.start >= measured.until:
        return ""
    limits = [limit.limit_kw for limit in measured.ordered]
    chart = TimeChart(
        start=measured.start,
        until=measured.until,
        values_kw=(*measured.measured_kw, *limits),
        zone=zone,
        width=WIDTH,
        height=HEIGHT,
    )
    ordered = "".join(
        f'<path class="tv-line-limit" d="{chart.level(limit.limit_kw, limit.start, limit.end)}"/>'
        for limit in measured.ordered
    )
    label = words.CHART_DESCRIPTION.format(
        start=formats.day_and_clock(measured.start, zone),
        end=formats.near(measured.until, zone, now=measured.start),
        highest=formats.kw(measured.highest_kw or 0.0),
        kept=formats.percent(measured.kept_share or 0.0),
    )
    curve = chart.staircase(measured.measured_kw, timedelta(seconds=measured.step_seconds))
    return (
        f'<figure class="tv-chart"><svg viewBox="0 0 {chart.width} {chart.height}" role="img" '
        f'aria-label="{formats.safe(label)}">{chart.power_axis()}{chart.time_axis()}'
        f'<path class="tv-line-after" d="{curve}"/>{ordered}</svg>'
        f"<figcaption>{formats.safe(words.CHART_TITLE)}"
        f'<span class="tv-key-after">{formats.safe(words.CHART_MEASURED)}</span>'
        f'<span class="tv-key-limit">{formats.safe(words.CHART_ORDERED)}</span></figcaption></figure>'
    )
