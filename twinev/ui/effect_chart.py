"""Draws planned power with and without a limit as a small inline SVG.

Colours come from the style sheet, so that the drawing follows light and dark, and nothing needs to be loaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.ui import formats, texts
from twinev.wire.rest.restrictions import RestrictionPreview

WIDTH, HEIGHT = 440, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 26, 22
TIME_STEPS_MINUTES = (15, 30, 60, 120, 180, 360, 720, 1440)
MOST_TIME_LABELS = 6
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
    chart = _Chart(preview=cropped(preview, end=end), limit_kw=limit_kw, start=start, end=end, zone=zone)
    return (
        f'<figure class="tv-chart"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{chart.description()}">'
        f"{chart.window()}{chart.power_axis()}{chart.time_axis()}"
        f'<path class="tv-line-before" d="{chart.staircase(preview.before_kw)}"/>'
        f'<path class="tv-line-after" d="{chart.staircase(preview.after_kw)}"/>'
        f"{chart.limit_line()}</svg><figcaption>{formats.safe(texts.CHART_TITLE)}"
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


def nice_step(largest: float, *, most_steps: int = 4) -> float:
    """The smallest of 1, 2, 5 × 10ⁿ that divides ``largest`` into at most ``most_steps``."""
    if largest <= 0:
        return 1.0
    rough = largest / most_steps
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


class _Chart:
    def __init__(
        self, *, preview: RestrictionPreview, limit_kw: float, start: datetime, end: datetime, zone: ZoneInfo
    ) -> None:
        self._slot = timedelta(minutes=preview.slot_minutes)
        self._from = preview.start
        self._preview = preview
        count = max(len(preview.before_kw), len(preview.after_kw), 1)
        self._until = preview.start + count * self._slot
        self._limit_kw, self._start, self._end, self._zone = limit_kw, start, end, zone
        values = (*preview.before_kw, *preview.after_kw, limit_kw if self._limit_shows() else 0.0, 1.0)
        self._step = nice_step(max(values) - min(*values, 0.0))
        self._top = math.ceil(max(values) / self._step - 1e-9) * self._step
        self._floor = math.floor(min(*values, 0.0) / self._step + 1e-9) * self._step

    def _limit_shows(self) -> bool:
        # A limit far above all power would press the curves flat.
        return self._limit_kw <= 1.5 * max((*self._preview.before_kw, *self._preview.after_kw, 1.0))

    def x(self, instant: datetime) -> float:
        share = (instant - self._from) / (self._until - self._from)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def y(self, power_kw: float) -> float:
        share = (power_kw - self._floor) / (self._top - self._floor)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def staircase(self, values_kw: Sequence[float]) -> str:
        parts = []
        for number, value in enumerate(values_kw):
            left, right = self.x(self._from + number * self._slot), self.x(self._from + (number + 1) * self._slot)
            parts.append(f"{'L' if parts else 'M'}{left:.1f} {self.y(value):.1f}L{right:.1f} {self.y(value):.1f}")
        return "".join(parts)

    def window(self) -> str:
        left, right = self.x(self._start), self.x(self._end)
        height = HEIGHT - TOP - BOTTOM
        return (
            f'<rect class="tv-window" x="{left:.1f}" y="{TOP}" width="{max(0.0, right - left):.1f}" height="{height}"/>'
        )

    def limit_line(self) -> str:
        if not self._limit_shows():
            return ""
        left, right, height = self.x(self._start), self.x(self._end), self.y(self._limit_kw)
        words = formats.safe(texts.CHART_LIMIT.format(limit=formats.limit_kw(self._limit_kw)))
        # Above the window, where no curve runs; before its end where it begins at the right.
        anchor, at = ("start", left) if left < WIDTH * 0.6 else ("end", right)
        return (
            f'<path class="tv-line-limit" d="M{left:.1f} {height:.1f}L{right:.1f} {height:.1f}"/>'
            f'<text class="tv-limit-label" x="{at:.1f}" y="{TOP - 8}" text-anchor="{anchor}">{words}</text>'
        )

    def power_axis(self) -> str:
        lines = round((self._top - self._floor) / self._step)
        levels = [self._floor + number * self._step for number in range(lines + 1)]
        return "".join(
            f'<path class="tv-grid" d="M{LEFT} {self.y(level):.1f}H{WIDTH - RIGHT}"/>'
            f'<text x="{LEFT - 5}" y="{self.y(level) + 3.5:.1f}" text-anchor="end">{formats.limit_kw(level)}</text>'
            for level in levels
        )

    def time_axis(self) -> str:
        minutes = (self._until - self._from) / timedelta(minutes=1)
        step = next((s for s in TIME_STEPS_MINUTES if minutes / s <= MOST_TIME_LABELS), TIME_STEPS_MINUTES[-1])
        midnight = self._from.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        first = math.ceil((self._from - midnight) / timedelta(minutes=step))
        labels = []
        for number in range(first, first + MOST_TIME_LABELS + 1):
            instant = midnight + timedelta(minutes=step) * number
            if instant > self._until - timedelta(minutes=minutes / 20):
                break
            words = formats.clock(instant, self._zone)
            labels.append(f'<text x="{self.x(instant):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{words}</text>')
        return "".join(labels)

    def description(self) -> str:
        within = [
            value
            for number, value in enumerate(self._preview.after_kw)
            if self._from + number * self._slot < self._end and self._from + (number + 1) * self._slot > self._start
        ]
        words = texts.CHART_DESCRIPTION.format(
            start=formats.clock(self._from, self._zone),
            end=formats.clock(self._until, self._zone),
            before=formats.kw(max(self._preview.before_kw, default=0.0)),
            after=formats.kw(max(within, default=0.0)),
        )
        return formats.safe(words)
