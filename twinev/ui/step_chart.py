"""Curves over time whose steps are of any length: limits until the next one, a meter's readings, and where now is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from twinev.ui import formats
from twinev.ui.time_chart import TOP, TimeChart

WIDTH, HEIGHT = 500, 200
Step = tuple[datetime, float | None]


class StepChart:
    """A chart of ``curves``, each with its look (a class of the style sheet), its name and its path.

    Parameters
    ----------
    values : iterable of float
        What must fit in.
    """

    def __init__(self, *, start: datetime, until: datetime, values: Iterable[float], zone: ZoneInfo) -> None:
        self._frame = TimeChart(start=start, until=until, values_kw=values, zone=zone, width=WIDTH, height=HEIGHT)
        self._curves: list[str] = []
        self._keys: list[str] = []

    def add_steps(self, look: str, name: str, steps: Sequence[Step]) -> None:
        """A staircase; each value holds until the next one, None leaves a gap."""
        frame, parts, drawing = self._frame, [], False
        ends = [*(start for start, _ in steps[1:]), frame.until]
        for (start, value), end in zip(steps, ends, strict=False):
            if value is None or end <= frame.start or start >= frame.until:
                drawing = False
                continue
            height = frame.y(value)
            parts.append(f"{'L' if drawing else 'M'}{frame.x(start):.1f} {height:.1f}H{frame.x(end):.1f}")
            drawing = True
        self._add(look, name, "".join(parts))

    def add_line(self, look: str, name: str, points: Sequence[tuple[datetime, float]]) -> None:
        """Straight lines from point to point."""
        frame = self._frame
        parts = (f"{frame.x(at):.1f} {frame.y(value):.1f}" for at, value in points)
        self._add(look, name, "M" + "L".join(parts) if points else "")

    def mark(self, instant: datetime, words: str) -> None:
        """A line at this instant, where it is within the chart."""
        frame = self._frame
        if not frame.start < instant < frame.until:
            return
        x = frame.x(instant)
        anchor = "end" if x > WIDTH * 0.9 else "middle"
        self._curves.append(
            f'<path class="tv-line-now" d="M{x:.1f} {TOP - 6}V{frame.y(0):.1f}"/>'
            f'<text x="{x:.1f}" y="{TOP - 10}" text-anchor="{anchor}">{formats.safe(words)}</text>'
        )

    def html(self, *, title: str, description: str) -> str:
        """The figure; ``description`` says the same in words."""
        frame = self._frame
        return (
            f'<figure class="tv-chart"><figcaption><b>{formats.safe(title)}</b>{"".join(self._keys)}</figcaption>'
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{formats.safe(description)}">'
            f"{frame.power_axis()}{frame.time_axis()}{''.join(self._curves)}</svg></figure>"
        )

    def _add(self, look: str, name: str, path: str) -> None:
        if path:
            self._curves.append(f'<path class="tv-line-{look}" d="{path}"/>')
            self._keys.append(f'<span class="tv-key-{look}">{formats.safe(name)}</span>')


def largest(values: Iterable[float | None]) -> float:
    """The largest of the values that there are; 0 without any."""
    return max((value for value in values if value is not None), default=0.0)
