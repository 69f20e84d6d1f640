"""The panel of the states of charge: lines from arrival to departure, targets, and who misses them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twinev.sct.chart_parts import BLUE, NEGLIGIBLE_KW, RED, Clock, Pair, last_slot, panel, rounded, session_colour

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.session_request import SessionRequest

MOST_LINES = 300


def named_soc_panel(problem: Problem, pairs: Sequence[Pair], clock: Clock) -> dict[str, Any]:
    """A line, a target and a departure in the colour of each session."""
    widths = _widths(pairs)
    rows = [
        {**row, "width": width}
        for pair, width in zip(pairs, widths, strict=True)
        for row in _soc_rows(problem, pair, clock)
    ]
    lines = _line_layer(rows, clock)
    lines["encoding"] |= {
        "color": session_colour(pairs),
        "strokeWidth": {"field": "width", "type": "quantitative", "scale": None, "legend": None},
    }
    colours = session_colour(pairs)
    marks = [_departure_layer(pairs, clock, colours), _target_layer(pairs, clock, colours, size=90)]
    leaving = "   ┃ departure" if any(request.departure_slot is not None for request, _ in pairs) else ""
    return panel("State of charge", [lines, *marks], note=f"◆ target (red: missed){leaving}")


def _widths(pairs: Sequence[Pair]) -> list[float]:
    """The first line widest: EVs that charge alike lie on each other, and all are seen."""
    step = min(1.0, 2.5 / max(len(pairs) - 1, 1))
    return [1.5 + step * place for place in reversed(range(len(pairs)))]


def faint_soc_panel(problem: Problem, pairs: Sequence[Pair], clock: Clock, height: int) -> dict[str, Any]:
    """Faint lines; those of sessions that miss their target are red, and drawn whatever their number."""
    short = [pair for pair in pairs if pair[1].shortfall_kwh > 0][:MOST_LINES]
    served = [pair for pair in pairs if pair[1].shortfall_kwh <= 0]
    every = max(1, math.ceil(len(served) / max(MOST_LINES - len(short), 1)))
    drawn = served[::every]
    faint = _line_layer([row for pair in drawn for row in _soc_rows(problem, pair, clock)], clock)
    faint["mark"] |= {"strokeWidth": 1, "color": BLUE, "opacity": max(0.15, min(0.6, 15 / len(pairs)))}
    layers = [faint]
    if short:
        red = _line_layer([row for pair in short for row in _soc_rows(problem, pair, clock)], clock)
        red["mark"] |= {"strokeWidth": 1, "color": RED, "opacity": max(0.3, min(0.8, 15 / len(short)))}
        layers.append(red)
    layers.append(_target_layer([*drawn, *short], clock, {"value": BLUE}, size=20))
    left = len(pairs) - len(drawn) - len(short)
    sample = f"; {len(drawn) + len(short)} of {len(pairs)} sessions" if left else ""
    return panel(
        "State of charge", layers, note=f"from arrival to departure; ◆ target (red: missed){sample}", height=height
    )


def _soc_rows(problem: Problem, pair: Pair, clock: Clock) -> Iterator[dict[str, Any]]:
    """The state of charge during the stay, at its bends only. [%]"""
    request, planned = pair
    first, last = request.arrival_slot, last_slot(problem, request)
    soc = (request.soc_kwh, *planned.soc_kwh)
    hours = problem.horizon.slot_hours
    for t in range(first, last + 2):
        inner = first < t <= last
        if inner and math.isclose(
            (soc[t] - soc[t - 1]) / hours[t - 1], (soc[t + 1] - soc[t]) / hours[t], abs_tol=NEGLIGIBLE_KW
        ):
            continue
        start = clock.starts[t] if t <= last else clock.ends[last]
        yield {"start": start, "session": request.id, "soc_percent": rounded(_percent(request, soc[t]))}


def _line_layer(rows: list[dict[str, Any]], clock: Clock) -> dict[str, Any]:
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "tooltip": True},
        "encoding": {
            "x": clock.axis(),
            "y": _soc_axis(),
            "detail": {"field": "session", "type": "nominal"},
        },
    }


def _soc_axis() -> dict[str, Any]:
    axis = {"title": "State of charge [%]"}
    return {"field": "soc_percent", "type": "quantitative", "axis": axis, "scale": {"zero": False, "nice": True}}


def _target_layer(pairs: Sequence[Pair], clock: Clock, colours: dict[str, Any], *, size: int) -> dict[str, Any]:
    """Targets where and when they are due."""
    rows = [
        {
            "start": clock.ends[request.target_slot],
            "session": request.id,
            "soc_percent": rounded(100 * request.target_soc),
            "missed": planned.shortfall_kwh > 0,
        }
        for request, planned in pairs
    ]
    missed = {"condition": {"test": "datum.missed", "value": RED}, **colours}
    return _point_layer(rows, clock, missed, {"shape": "diamond", "size": size, "filled": True, "opacity": 0.9})


def _departure_layer(pairs: Sequence[Pair], clock: Clock, colours: dict[str, Any]) -> dict[str, Any]:
    """Where and when the EVs leave that say so."""
    rows = [
        {
            "start": clock.ends[request.departure_slot],
            "session": request.id,
            "soc_percent": rounded(_percent(request, planned.soc_kwh[request.departure_slot])),
        }
        for request, planned in pairs
        if request.departure_slot is not None
    ]
    mark = {"shape": "stroke", "angle": 90, "size": 260, "strokeWidth": 2.5, "filled": False, "opacity": 1}
    return _point_layer(rows, clock, colours, mark)


def _percent(request: SessionRequest, soc_kwh: float) -> float:
    return 100 * soc_kwh / request.capacity_kwh if request.capacity_kwh else 0.0


def _point_layer(
    rows: list[dict[str, Any]], clock: Clock, colours: dict[str, Any], mark: dict[str, Any]
) -> dict[str, Any]:
    return {
        "data": {"values": rows},
        "mark": {"type": "point", "tooltip": True, **mark},
        "encoding": {
            "x": clock.axis(),
            "y": _soc_axis(),
            "color": colours,
            "detail": {"field": "session", "type": "nominal"},
        },
    }
