"""The frame of a small inline SVG of power over time: scales, axes and staircases.

Colours come from the style sheet, so that the drawing follows light and dark, and nothing needs to be loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.ui import formats

WIDTH, HEIGHT = 440, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 26, 22
TIME_STEPS_MINUTES = (1, 2, 5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10_080)
MOST_TIME_LABELS = 6


def nice_step(largest: float, *, most_steps: int = 4) -> float:
    """The smallest of 1, 2, 5 × 10ⁿ that divides ``largest`` into at most ``most_steps``."""
    if largest <= 0:
        return 1.0
    rough = largest / most_steps
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


class TimeChart:
    """Scales from ``start`` to ``until``, and from a round power below all ``values_kw`` and 0 to one above.

    Parameters
    ----------
    start, until : datetime
        The ends of the time axis.
    values_kw : iterable of float
        What must fit in. [kW]
    zone : ZoneInfo
        Of the times on the axis.
    width, height : float
        The drawing's own units; the page scales it.
    """

    def __init__(
        self, *, start: datetime, until: datetime, values_kw: Iterable[float], zone: ZoneInfo,
        width: float = WIDTH, height: float = HEIGHT,
    ) -> None:  # fmt: skip
        self.start, self.until, self.zone = start, until, zone
        self.width, self.height = width, height
        values = (*values_kw, 1.0)
        self._step = nice_step(max(values) - min(*values, 0.0))
        self._top = math.ceil(max(values) / self._step - 1e-9) * self._step
        self._floor = math.floor(min(*values, 0.0) / self._step + 1e-9) * self._step

    def x(self, instant: datetime) -> float:
        share = (instant - self.start) / (self.until - self.start)
        return LEFT + min(1.0, max(0.0, share)) * (self.width - LEFT - RIGHT)

    def y(self, power_kw: float) -> float:
        share = (power_kw - self._floor) / (self._top - self._floor)
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)

    def staircase(self, values_kw: Sequence[float], step: timedelta) -> str:
        """The path of equal steps from the chart's start; the last may end with the chart."""
        parts = []
        for number, value in enumerate(values_kw):
            left, right = self.x(self.start + number * step), self.x(self.start + (number + 1) * step)
            parts.append(f"{'L' if parts else 'M'}{left:.1f} {self.y(value):.1f}L{right:.1f} {self.y(value):.1f}")
        return "".join(parts)

    def level(self, power_kw: float, start: datetime, end: datetime) -> str:
        """The path of a level line within [start, end)."""
        return f"M{self.x(start):.1f} {self.y(power_kw):.1f}H{self.x(end):.1f}"

    def window(self, start: datetime, end: datetime) -> str:
        """A ground behind the curves within [start, end)."""
        left, right = self.x(start), self.x(end)
        height = self.height - TOP - BOTTOM
        return (
            f'<rect class="tv-window" x="{left:.1f}" y="{TOP}" width="{max(0.0, right - left):.1f}" height="{height}"/>'
        )

    def power_axis(self) -> str:
        lines = round((self._top - self._floor) / self._step)
        levels = [self._floor + number * self._step for number in range(lines + 1)]
        return "".join(
            f'<path class="tv-grid" d="M{LEFT} {self.y(level):.1f}H{self.width - RIGHT}"/>'
            f'<text x="{LEFT - 5}" y="{self.y(level) + 3.5:.1f}" text-anchor="end">{_level_text(level)}</text>'
            for level in levels
        )

    def time_axis(self) -> str:
        minutes = (self.until - self.start) / timedelta(minutes=1)
        step = next((s for s in TIME_STEPS_MINUTES if minutes / s <= MOST_TIME_LABELS), TIME_STEPS_MINUTES[-1])
        midnight = self.start.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        first = math.ceil((self.start - midnight) / timedelta(minutes=step))
        labels = []
        for number in range(first, first + MOST_TIME_LABELS + 1):
            instant = midnight + timedelta(minutes=step) * number
            if instant > self.until - timedelta(minutes=minutes / 20):
                break
            words = formats.clock(instant, self.zone) if step < 1440 else formats.day(instant, self.zone)
            at = f'x="{self.x(instant):.1f}" y="{self.height - 6}"'
            labels.append(f'<text {at} text-anchor="middle">{words}</text>')
        return "".join(labels)


def _level_text(level_kw: float) -> str:
    return f"{formats.MINUS if level_kw < 0 else ''}{formats.limit_kw(abs(level_kw))}"
