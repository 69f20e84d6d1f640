"""The panels of the sessions: charging profiles and state of charge, for three EVs or for two thousand.

Up to ten sessions have a colour each. Beyond that the profiles are a heat map, a row per session in the order of
arrival, and the states of charge are faint lines on which those that miss their target stand out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twinev.sct.chart_parts import (
    BLUE,
    HEIGHT,
    NEGLIGIBLE_KW,
    PALE,
    RED,
    SESSION_COLOURS,
    Clock,
    colour,
    panel,
    power_axis,
    rounded,
)

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule, SessionSchedule
    from twinev.sct.session_request import SessionRequest

MOST_COLOURS = len(SESSION_COLOURS)
MOST_LABELS = 40
MOST_ROWS = 200
MOST_LINES = 300
ROW_HEIGHT = 8
TALLEST = 400

Pair = tuple["SessionRequest", "SessionSchedule"]


def session_panels(problem: Problem, schedule: Schedule, clock: Clock) -> list[dict[str, Any]]:
    """Charging profiles and states of charge."""
    pairs = list(zip(problem.sessions, schedule.sessions, strict=True))
    if len(pairs) <= MOST_COLOURS:
        return [_stacked_panel(problem, pairs, clock), _named_soc_panel(problem, pairs, clock)]
    ordered = sorted(pairs, key=lambda pair: (pair[0].arrival_slot, last_slot(problem, pair[0])))
    height = max(HEIGHT, min(TALLEST, ROW_HEIGHT * len(ordered)))
    return [_heat_panel(problem, ordered, clock, height), _faint_soc_panel(problem, ordered, clock, height)]


def last_slot(problem: Problem, request: SessionRequest) -> int:
    """The last slot of a stay."""
    return problem.slots - 1 if request.departure_slot is None else request.departure_slot


def _power_kw(problem: Problem, planned: SessionSchedule) -> list[float]:
    return [rounded(kwh / h) for kwh, h in zip(planned.energy_kwh, problem.horizon.slot_hours, strict=True)]


def _session_colour(pairs: Sequence[Pair]) -> dict[str, Any]:
    names = [request.id for request, _ in pairs]
    return colour(names, SESSION_COLOURS[: len(names)], field="session", columns=5, labelLimit=80)


def _stacked_panel(problem: Problem, pairs: Sequence[Pair], clock: Clock) -> dict[str, Any]:
    rows = [
        {"start": start, "session": request.id, "kw": kw, "order": place}
        for place, (request, planned) in enumerate(pairs)
        for start, kw in clock.steps(_power_kw(problem, planned))
    ]
    layer = {
        "data": {"values": rows},
        "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.85, "tooltip": True},
        "encoding": {
            "x": clock.axis(),
            "y": power_axis("Power, stacked [kW]"),
            "color": _session_colour(pairs),
            "order": {"field": "order", "type": "quantitative"},
        },
    }
    return panel("Charging profiles", [layer], note="one on top of the other")


def _named_soc_panel(problem: Problem, pairs: Sequence[Pair], clock: Clock) -> dict[str, Any]:
    lines = _line_layer([row for pair in pairs for row in _soc_rows(problem, pair, clock)], clock)
    lines["encoding"]["color"] = _session_colour(pairs)
    lines["mark"]["strokeWidth"] = 2
    colours = _session_colour(pairs)
    marks = [_departure_layer(pairs, clock, colours), _target_layer(pairs, clock, colours, size=90)]
    leaving = "   ┃ departure" if any(request.departure_slot is not None for request, _ in pairs) else ""
    return panel("State of charge", [lines, *marks], note=f"◆ target (red: missed){leaving}")


def _faint_soc_panel(problem: Problem, pairs: Sequence[Pair], clock: Clock, height: int) -> dict[str, Any]:
    """Faint lines; those of sessions that miss their target are red, and drawn whatever their number."""
    short = [pair for pair in pairs if pair[1].shortfall_kwh > 0][:MOST_LINES]
    served = [pair for pair in pairs if pair[1].shortfall_kwh <= 0]
    every = max(1, math.ceil(len(served) / max(MOST_LINES - len(short), 1)))
    drawn = served[::every]
    faint = _line_layer([row for pair in drawn for row in _soc_rows(problem, pair, clock)], clock)
    faint["mark"] |= {"color": BLUE, "opacity": max(0.15, min(0.6, 15 / len(pairs)))}
    layers = [faint]
    if short:
        red = _line_layer([row for pair in short for row in _soc_rows(problem, pair, clock)], clock)
        red["mark"] |= {"color": RED, "opacity": max(0.3, min(0.8, 15 / len(short)))}
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
        "mark": {"type": "line", "strokeWidth": 1, "tooltip": True},
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


def _heat_panel(problem: Problem, pairs: Sequence[Pair], clock: Clock, height: int) -> dict[str, Any]:
    """A row per session, or per few sessions of like arrival: when it stays (pale) and how much it charges."""
    per_row = math.ceil(len(pairs) / MOST_ROWS)
    bins = [pairs[first : first + per_row] for first in range(0, len(pairs), per_row)]
    stays, powers, misses = [], [], []
    for members in bins:
        row = {"session": members[0][0].id if per_row == 1 else f"{members[0][0].id} to {members[-1][0].id}"}
        first = min(request.arrival_slot for request, _ in members)
        last = max(last_slot(problem, request) for request, _ in members)
        stays.append({**row, "start": clock.starts[first], "end": clock.ends[last]})
        each_kw = [_power_kw(problem, planned) for _, planned in members]
        mean_kw = [rounded(sum(values) / len(members)) for values in zip(*each_kw, strict=True)]
        powers += [{**row, "start": a, "end": b, "kw": kw} for a, b, kw in clock.runs(mean_kw) if kw]
        misses += [
            {**row, "start": clock.ends[request.target_slot]}
            for request, planned in members
            if planned.shortfall_kwh > 0
        ]
    y = row_axis([row["session"] for row in stays])
    layers = [
        _rect_layer(stays, clock, y, {"value": PALE}),
        _rect_layer(powers, clock, y, _heat_colour(powers)),
        _miss_layer(misses, clock, y),
    ]
    mean = f", each row the mean of {per_row} sessions" if per_row > 1 else ""
    missed = "   ◆ target missed" if misses else ""
    note = f"grey: parked, not charging{mean}{missed}"
    return panel("Charging profiles, in order of arrival", layers, note=note, height=height)


def row_axis(names: list[str]) -> dict[str, Any]:
    """The encoding of a session by its row, named while names are legible."""
    axis = {"title": "Session", "labels": len(names) <= MOST_LABELS, "ticks": False, "grid": False, "domain": False}
    axis |= {"labelFontSize": 8, "labelLimit": 80}
    return {"field": "session", "type": "ordinal", "axis": axis, "scale": {"domain": names, "padding": 0.05}}


def _heat_colour(rows: list[dict[str, Any]]) -> dict[str, Any]:
    legend = {"title": "kW", "gradientLength": 120, "gradientThickness": 10}
    most = max((abs(row["kw"]) for row in rows), default=1.0)
    scale: dict[str, Any] = {"scheme": "viridis", "reverse": True, "domain": [0, most]}
    if any(row["kw"] < 0 for row in rows):
        scale = {"scheme": "blueorange", "reverse": True, "domain": [-most, most]}
    return {"field": "kw", "type": "quantitative", "scale": scale, "legend": legend}


def _rect_layer(rows: list[dict[str, Any]], clock: Clock, y: dict[str, Any], colours: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"values": rows},
        "mark": {"type": "rect", "tooltip": True},
        "encoding": {
            "x": clock.axis(),
            "x2": {"field": "end"},
            "y": y,
            "color": colours,
        },
    }


def _miss_layer(rows: list[dict[str, Any]], clock: Clock, y: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"values": rows},
        "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 30, "color": RED, "opacity": 1},
        "encoding": {"x": clock.axis(), "y": y},
    }
