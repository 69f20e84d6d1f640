"""Draws planned power with and without a limit."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.ui import formats, texts
from twinev.ui.time_chart import TOP, TimeChart
from twinev.wire.rest.restrictions import RestrictionPreview

# Below this nothing is drawn on: the rest of the horizon, in which no EV charges, would press the curves together.
NOTHING_KW = 0.05
FEWEST_SLOTS = 8


def chart_html(preview: RestrictionPreview, *, limit_kw: float, start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """The two curves, the limit and its window.

    Parameters
    ----------
    preview : RestrictionPreview
        The planned sums of the selected stations, before and after.
    limit_kw : float
        The limit that the preview is of. [kW]
    start, end : datetime
        The limit's window.
    zone : ZoneInfo
        Of the times on the axis.
    """
    shown = cropped(preview, end=end)
    slot = timedelta(minutes=shown.slot_minutes)
    values = (*shown.before_kw, *shown.after_kw)
    # A limit far above all power would press the curves flat.
    limit_shows = limit_kw <= 1.5 * max((*values, 1.0))
    chart = TimeChart(
        start=shown.start,
        until=shown.start + max(len(shown.before_kw), len(shown.after_kw), 1) * slot,
        values_kw=(*values, limit_kw if limit_shows else 0.0),
        zone=zone,
    )
    label = formats.safe(_description(shown, chart, start=start, end=end))
    return (
        f'<figure class="tv-chart"><svg viewBox="0 0 {chart.width} {chart.height}" role="img" aria-label="{label}">'
        f"{chart.window(start, end)}{chart.power_axis()}{chart.time_axis()}"
        f'<path class="tv-line-before" d="{chart.staircase(shown.before_kw, slot)}"/>'
        f'<path class="tv-line-after" d="{chart.staircase(shown.after_kw, slot)}"/>'
        f"{_limit_line(chart, limit_kw, start, end) if limit_shows else ''}</svg>"
        f"<figcaption>{formats.safe(texts.CHART_TITLE)}"
        f'<span class="tv-key-before">{formats.safe(texts.CHART_BEFORE)}</span>'
        f'<span class="tv-key-after">{formats.safe(texts.CHART_AFTER)}</span></figcaption></figure>'
    )


def cropped(preview: RestrictionPreview, *, end: datetime) -> RestrictionPreview:
    """The preview without the slots at its end in which no EV charges and the limit is over."""
    busy = [
        number + 2
        for values in (preview.before_kw, preview.after_kw)
        for number, value in enumerate(values)
        if abs(value) > NOTHING_KW
    ]
    until_end = math.ceil((end - preview.start) / timedelta(minutes=preview.slot_minutes)) + 1
    count = max(FEWEST_SLOTS, until_end, *busy)
    return preview.model_copy(update={"before_kw": preview.before_kw[:count], "after_kw": preview.after_kw[:count]})


def _limit_line(chart: TimeChart, limit_kw: float, start: datetime, end: datetime) -> str:
    left, right = chart.x(start), chart.x(end)
    words = formats.safe(texts.CHART_LIMIT.format(limit=formats.limit_kw(limit_kw)))
    # Above the window, where no curve runs; before its end where it begins at the right.
    anchor, at = ("start", left) if left < chart.width * 0.6 else ("end", right)
    return (
        f'<path class="tv-line-limit" d="{chart.level(limit_kw, start, end)}"/>'
        f'<text class="tv-limit-label" x="{at:.1f}" y="{TOP - 8}" text-anchor="{anchor}">{words}</text>'
    )


def _description(shown: RestrictionPreview, chart: TimeChart, *, start: datetime, end: datetime) -> str:
    slot = timedelta(minutes=shown.slot_minutes)
    within = [
        value
        for number, value in enumerate(shown.after_kw)
        if shown.start + number * slot < end and shown.start + (number + 1) * slot > start
    ]
    return texts.CHART_DESCRIPTION.format(
        start=formats.clock(chart.start, chart.zone),
        end=formats.clock(chart.until, chart.zone),
        before=formats.kw(max(shown.before_kw, default=0.0)),
        after=formats.kw(max(within, default=0.0)),
    )
