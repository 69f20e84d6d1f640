"""The panels of the sessions: charging profiles and state of charge, for three EVs or for two thousand.

Up to ten sessions have a colour each. Beyond that the profiles are a heat map, a row per session in the order of
arrival, and the states of charge are faint lines on which those that miss their target stand out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twinev.sct.chart_parts import (
    HEIGHT,
    PALE,
    RED,
    SESSION_COLOURS,
    Clock,
    Pair,
    last_slot,
    panel,
    power_axis,
    rounded,
    session_colour,
)
from twinev.sct.chart_soc import faint_soc_panel, named_soc_panel

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule, SessionSchedule

MOST_COLOURS = len(SESSION_COLOURS)
MOST_LABELS = 40
MOST_ROWS = 200
ROW_HEIGHT = 8
TALLEST = 400


def session_panels(problem: Problem, schedule: Schedule, clock: Clock) -> list[dict[str, Any]]:
    """Charging profiles and states of charge."""
    pairs = list(zip(problem.sessions, schedule.sessions, strict=True))
    if len(pairs) <= MOST_COLOURS:
        return [_stacked_panel(problem, pairs, clock), named_soc_panel(problem, pairs, clock)]
    ordered = sorted(pairs, key=lambda pair: (pair[0].arrival_slot, last_slot(problem, pair[0])))
    height = max(HEIGHT, min(TALLEST, ROW_HEIGHT * len(ordered)))
    return [_heat_panel(problem, ordered, clock, height), faint_soc_panel(problem, ordered, clock, height)]


def _power_kw(problem: Problem, planned: SessionSchedule) -> list[float]:
    return [rounded(kwh / h) for kwh, h in zip(planned.energy_kwh, problem.horizon.slot_hours, strict=True)]


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
            "color": session_colour(pairs),
            "order": {"field": "order", "type": "quantitative"},
        },
    }
    return panel("Charging profiles", [layer], note="one on top of the other")


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
