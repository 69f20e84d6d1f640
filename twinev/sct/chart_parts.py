"""What all panels of a chart share: clock times, axes, colours that everyone can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import SessionSchedule
    from twinev.sct.session_request import SessionRequest

WIDTH = 430
HEIGHT = 200
# Okabe and Ito's palette, told apart by colour-blind readers too; three of Tol's "muted" make it ten.
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#000000",
)
SESSION_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, "#882255", "#999933", "#332288", RED, BLACK)
GREY, PALE, PRICE_COLOUR = "#9a9a9a", "#e6e6e6", "#AA4499"
DIGITS = 4
# A limit so much farther away than all that flows would flatten what it limits.
FAR = 3.0
NEGLIGIBLE_KW = 1e-6
MOST_WIDE = 200
SHORT_NAME = 10

Pair = tuple["SessionRequest", "SessionSchedule"]


class Clock:
    """The site's clock times, written as if they were UTC: a chart looks the same wherever the reader is."""

    def __init__(self, problem: Problem) -> None:
        horizon = problem.horizon
        self._zone = problem.time_zone
        # A line as wide as its steps shows none of them.
        self.line_width = 2 if problem.slots <= MOST_WIDE else 1
        self.starts = [self.text(horizon.slot_start(t)) for t in range(problem.slots)]
        self.ends = [self.text(horizon.slot_end(t)) for t in range(problem.slots)]
        # One offset holds for the whole axis: a change of the clock must not fold it.
        self._first, self._last = self._shown(horizon.now), self._shown(horizon.end)

    def text(self, instant: datetime) -> str:
        """``instant`` for Vega-Lite."""
        return self._shown(instant).isoformat() + "Z"

    def axis(self) -> dict[str, Any]:
        """The encoding of time: hours, and the date where a day begins."""
        domain = [_milliseconds(moment) for moment in (self._first, self._last)]
        label = "utchours(datum.value) + utcminutes(datum.value) == 0 ? "
        label += "utcFormat(datum.value, '%d %b') : utcFormat(datum.value, '%H:%M')"
        return {
            "field": "start",
            "type": "temporal",
            "scale": {"type": "utc", "domain": domain, "nice": False},
            "axis": {"title": self.title(), "labelExpr": label, "tickCount": 8, "labelOverlap": True},
        }

    def title(self) -> str:
        """Name the axis with its first day and offset."""
        offset = f"{self._first.replace(tzinfo=self._zone):%z}"
        return f"Clock time from {self._first:%Y-%m-%d} (UTC{offset[:3]}:{offset[3:5]})"

    def _shown(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone).replace(tzinfo=None)

    def steps(self, values: Sequence[float]) -> Iterator[tuple[str, float]]:
        """Each slot's beginning with its value, and the last slot's end, so that its step is drawn too."""
        yield from zip(self.starts, values, strict=True)
        yield self.ends[-1], values[-1]

    def runs(self, values: Sequence[float]) -> Iterator[tuple[str, str, float]]:
        """Stretches of equal values with their beginning and end: far fewer marks than slots."""
        first = 0
        for t in range(1, len(values) + 1):
            if t == len(values) or values[t] != values[first]:
                yield self.starts[first], self.ends[t - 1], values[first]
                first = t


def _milliseconds(shown: datetime) -> int:
    return int(shown.replace(tzinfo=UTC).timestamp() * 1000)


def rounded(value: float) -> float:
    """As many digits as a picture shows; the specification stays small."""
    return round(value, DIGITS) + 0.0


def power_axis(title: str = "Power [kW]", padding: int = 0) -> dict[str, Any]:
    """The encoding of power; the padding keeps a limit off the panel's edge. [pixels]"""
    return {"field": "kw", "type": "quantitative", "axis": {"title": title}, "scale": {"padding": padding}}


def colour(
    names: Iterable[str], colours: Iterable[str], field: str = "quantity", *, lines: bool = False, **legend: Any
) -> dict[str, Any]:
    """The encoding of a name by a colour, with its legend above the panel."""
    symbols = {"symbolType": "stroke", "symbolStrokeWidth": 3} if lines else {"symbolType": "square"}
    return {
        "field": field,
        "type": "nominal",
        "sort": None,
        "scale": {"domain": list(names), "range": list(colours)},
        "legend": {"title": None, "orient": "top", "symbolOpacity": 1, **symbols, **legend},
    }


def panel(title: str, layers: list[dict[str, Any]], *, note: str = "", height: int = HEIGHT) -> dict[str, Any]:
    """A panel with its title; the note below it says what its marks mean."""
    text = {"text": title, "anchor": "start", "frame": "group", **({"subtitle": note} if note else {})}
    return {"title": text, "width": WIDTH, "height": height, "layer": layers}


def near(limits_kw: Iterable[float], flows_kw: Iterable[float]) -> list[float]:
    """Which limits are worth drawing beside these flows; those far away would flatten them."""
    flows = [0.0, *flows_kw]
    span = max(flows) - min(flows)
    if span < NEGLIGIBLE_KW:
        return list(limits_kw)
    return [kw for kw in limits_kw if min(flows) - FAR * span <= kw <= max(flows) + FAR * span]


def session_colour(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The encoding of a session by its colour."""
    names = [request.id for request, _ in pairs]
    wide = any(len(name) > SHORT_NAME for name in names)
    legend = {"columns": 2, "labelLimit": 170} if wide else {"columns": 5, "labelLimit": 70}
    return colour(names, SESSION_COLOURS[: len(names)], field="session", **legend)


def last_slot(problem: Problem, request: SessionRequest) -> int:
    """The last slot of a stay."""
    return problem.slots - 1 if request.departure_slot is None else request.departure_slot
