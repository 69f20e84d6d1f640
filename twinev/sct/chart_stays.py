"""The panel of what sessions ask: when each stays, when its target is due, and how tight that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from twinev.sct.chart_parts import BLACK, HEIGHT, Clock, last_slot, panel, rounded
from twinev.sct.chart_sessions import MOST_ROWS, ROW_HEIGHT, TALLEST, row_axis

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.session_request import SessionRequest


def stay_panel(problem: Problem, clock: Clock) -> dict[str, Any]:
    """A bar per session in the order of arrival; its colour tells how much of its EVSE's energy it needs."""
    ordered = sorted(problem.sessions, key=lambda session: (session.arrival_slot, last_slot(problem, session)))
    every = max(1, math.ceil(len(ordered) / MOST_ROWS))
    rows = [
        {
            "session": session.id,
            "start": clock.starts[session.arrival_slot],
            "end": clock.ends[last_slot(problem, session)],
            "due": clock.ends[session.target_slot],
            "tight": rounded(100 * _tightness(problem, session)),
        }
        for session in ordered[::every]
    ]
    x, y = clock.axis(), row_axis([row["session"] for row in rows])
    scale = {"scheme": "viridis", "reverse": True, "domain": [0, 100], "clamp": True}
    legend = {"title": "need [%]", "gradientLength": 120, "gradientThickness": 10}
    bars = {
        "mark": {"type": "rect", "tooltip": True},
        "encoding": {
            "x": x,
            "x2": {"field": "end"},
            "y": y,
            "color": {"field": "tight", "type": "quantitative", "scale": scale, "legend": legend},
        },
    }
    targets = {
        "mark": {
            "type": "point",
            "shape": "diamond",
            "filled": True,
            "size": 60,
            "color": BLACK,
            "opacity": 1,
            "stroke": "white",
        },
        "encoding": {"x": {**x, "field": "due"}, "y": y},
    }
    sample = f"; one of {every} sessions drawn" if every > 1 else ""
    note = f"colour: energy asked, in % of what its EVSE gives by then; ◆ target due{sample}"
    height = max(HEIGHT, min(TALLEST, ROW_HEIGHT * len(rows)))
    return {**panel("Stays, in order of arrival", [bars, targets], note=note, height=height), "data": {"values": rows}}


def _tightness(problem: Problem, session: SessionRequest) -> float:
    """Energy asked as a share of what the session could take by its target slot if it were alone."""
    caps_kw = session.max_kw or (session.evse_power_kw,) * problem.slots
    until = range(session.arrival_slot, session.target_slot + 1)
    takeable_kwh = sum(min(caps_kw[t], session.evse_power_kw) * problem.horizon.slot_hours[t] for t in until)
    asked_kwh = session.need_kwh / session.charge_efficiency
    return min(asked_kwh / takeable_kwh, 1.0) if takeable_kwh > 0 else float(asked_kwh > 0)
