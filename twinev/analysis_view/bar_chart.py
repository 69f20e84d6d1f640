"""Draws values of days, hours or months as bars in a small inline SVG.

Colours come from the style sheet of the page that it stands in, so that it follows light, dark and print, and nothing
needs to be loaded. A value that is not known is a gap with a mark on the axis: it is no zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from twinev.analysis_view import texts
from twinev.analysis_view.figures import value_text

WIDTH, WIDE, HEIGHT = 640, 1310, 230
LEFT, RIGHT, TOP, BOTTOM = 56, 6, 14, 26
BAR_SHARE = 0.72
MOST_LABELS = 16
GRID_LINES = 4
LABEL_STEPS = (1, 2, 3, 4, 6, 12)


@dataclass(frozen=True, kw_only=True)
class Bars:
    """What is drawn.

    Parameters
    ----------
    values : sequence of float or None
        In the unit of the figure; None where nothing is known.
    labels, long_labels : sequence of str
        Of each bar, on the axis and when it is pointed at.
    unit : str
        As in `FigureOut`.
    wide : bool
        Twice as wide, for many bars.
    """

    title: str
    values: Sequence[float | None]
    labels: Sequence[str]
    long_labels: Sequence[str]
    unit: str
    wide: bool = False


def bar_chart_html(bars: Bars) -> str:
    """The chart with its title, as a figure."""
    chart = _Chart(bars)
    unit = texts.UNITS[bars.unit]
    title = texts.TITLE_UNIT.format(title=bars.title, unit=unit) if unit else bars.title
    kind = "tv-bars tv-bars-wide" if bars.wide else "tv-bars"
    return (
        # On a narrow screen it scrolls sideways: that must go by keyboard too.
        f'<figure class="{kind}" tabindex="0"><figcaption>{_safe(title)}</figcaption>'
        f'<svg viewBox="0 0 {chart.width} {HEIGHT}" role="img" aria-label="{_safe(describe(bars))}">'
        f"{chart.value_axis()}{chart.bars()}{chart.labels()}</svg></figure>"
    )


def describe(bars: Bars) -> str:
    """The chart in words, for who does not see it."""
    known = [(value, place) for place, value in enumerate(bars.values) if value is not None]
    if not known:
        return texts.CHART_EMPTY.format(title=bars.title)
    highest, place = max(known)
    return texts.CHART_DESCRIPTION.format(
        title=bars.title,
        highest=value_text(highest, bars.unit),
        where=bars.long_labels[place],
        known=len(known),
        total=len(bars.values),
    )


class _Chart:
    """The scales, and what is drawn to them."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self.width = WIDE if bars.wide else WIDTH
        known = [value for value in bars.values if value is not None]
        step = _round_step(max([0.0, *known]) - min([0.0, *known]))
        self._step = max(step, 1.0) if bars.unit == "1" else step
        self._low = math.floor(min([0.0, *known]) / self._step) * self._step
        self._high = max(math.ceil(max([0.0, *known]) / self._step), self._low / self._step + 1) * self._step
        self._band = (self.width - LEFT - RIGHT) / max(len(bars.values), 1)

    def y(self, value: float) -> float:
        return TOP + (self._high - value) / (self._high - self._low) * (HEIGHT - TOP - BOTTOM)

    def middle(self, place: int) -> float:
        return LEFT + (place + 0.5) * self._band

    def value_axis(self) -> str:
        count = round((self._high - self._low) / self._step)
        levels = [self._low + number * self._step for number in range(count + 1)]
        return "".join(
            f'<path class="{"tv-zero" if abs(level) < self._step / 2 else "tv-grid"}"'
            f' d="M{LEFT} {self.y(level):.1f}H{self.width - RIGHT}"/>'
            f'<text x="{LEFT - 6}" y="{self.y(level) + 4:.1f}" text-anchor="end">{_safe(words)}</text>'
            for level, words in ((level, self._level_text(level)) for level in levels)
        )

    def bars(self) -> str:
        return "".join(self._bar(place, value) for place, value in enumerate(self._bars.values))

    def labels(self) -> str:
        most = MOST_LABELS * self.width / WIDTH
        step = next((s for s in LABEL_STEPS if len(self._bars.labels) / s <= most), LABEL_STEPS[-1])
        return "".join(
            f'<text x="{self.middle(place):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{_safe(label)}</text>'
            for place, label in enumerate(self._bars.labels)
            if place % step == 0
        )

    def _bar(self, place: int, value: float | None) -> str:
        label = self._bars.long_labels[place]
        told = texts.NOT_KNOWN if value is None else value_text(value, self._bars.unit)
        tip = f"<title>{_safe(texts.BAR.format(label=label, value=told))}</title>"
        if value is None:
            mark = (
                f'<text class="tv-unknown" x="{self.middle(place):.1f}" y="{self.y(0) - 3:.1f}" text-anchor="middle">'
            )
            return f"<g>{tip}{mark}·</text></g>"
        left, top = self.middle(place) - self._band * BAR_SHARE / 2, self.y(max(value, 0.0))
        height = max(abs(self.y(value) - self.y(0)), 0.5 if value else 0.0)
        # The whole height answers to pointing, not only a bar of a few pixels.
        area = f'<rect class="tv-hover" x="{left:.1f}" y="{TOP}" width="{self._band * BAR_SHARE:.1f}"'
        return (
            f'<g>{tip}{area} height="{HEIGHT - TOP - BOTTOM}"/><rect class="tv-value" x="{left:.1f}" y="{top:.1f}"'
            f' width="{self._band * BAR_SHARE:.1f}" height="{height:.1f}"/></g>'
        )

    def _level_text(self, level: float) -> str:
        scale = 100 if self._bars.unit == "share" else 1
        places = max(0, -math.floor(math.log10(self._step * scale) + 1e-9))
        return f"{level * scale + 0.0:,.{places}f}".replace("-", "−")


def _round_step(span: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, so that some four cover ``span``."""
    if span <= 0:
        return 1.0
    raw = span / GRID_LINES
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)


def _safe(text: object) -> str:
    return escape(str(text), quote=True)
