"""Draws a site's import limit, as ordered so far and with an order that is being made."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from twinev.ui import formats
from twinev.ui import texts_flexibility as words
from twinev.ui.flexibility_input import SlotGrid
from twinev.ui.time_chart import TimeChart

# As wide as it is shown at a desk, so that its letters have the size of the page's small ones.
WIDTH, HEIGHT = 600, 180


def limit_chart_html(
    grid: SlotGrid, *, site_name: str, supply_max_kw: float, before_kw: Sequence[float], after_kw: Sequence[float],
    zone: ZoneInfo,
) -> str:  # fmt: skip
    """The two limits as staircases.

    Parameters
    ----------
    before_kw, after_kw : sequence of float
        The offset in each slot, as ordered so far and with the new order. [kW]
    """
    before = [max(0.0, supply_max_kw + offset) for offset in before_kw]
    after = [max(0.0, supply_max_kw + offset) for offset in after_kw]
    chart = TimeChart(
        start=grid.start, until=grid.end, values_kw=(*before, *after), zone=zone, width=WIDTH, height=HEIGHT
    )
    label = words.CHART_DESCRIPTION.format(
        start=formats.clock(grid.start, zone),
        end=formats.clock(grid.end, zone),
        lowest=formats.limit_kw(min(after)),
        highest=formats.limit_kw(max(after)),
    )
    return (
        f'<figure class="tv-chart"><svg viewBox="0 0 {chart.width} {chart.height}" role="img" '
        f'aria-label="{formats.safe(label)}">{chart.power_axis()}{chart.time_axis()}'
        f'<path class="tv-line-before" d="{chart.staircase(before, grid.step)}"/>'
        f'<path class="tv-line-after" d="{chart.staircase(after, grid.step)}"/></svg>'
        f"<figcaption>{formats.safe(words.CHART_TITLE.format(site=site_name))}"
        f'<span class="tv-key-before">{formats.safe(words.CHART_BEFORE)}</span>'
        f'<span class="tv-key-after">{formats.safe(words.CHART_AFTER)}</span></figcaption></figure>'
    )
