"""Draws a schedule as the paper's four panels: power, supply point, charging profiles, state of charge (Vega-Lite)."""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
WIDTH = 420
HEIGHT = 190
SESSIONS_IN_LEGEND = 12
LETTERS_IN_LINE = 150


def chart_spec(problem: Problem, schedule: Schedule) -> dict[str, Any]:
    """Return the Vega-Lite specification of a schedule.

    Parameters
    ----------
    problem : Problem
        What was asked: times, limits, prices.
    schedule : Schedule
        What was answered.

    Returns
    -------
    dict
        A Vega-Lite 5 specification with its data inside; times are those of the scenario's time zone.
    """
    slots = _slot_rows(problem, schedule)
    sessions = _session_rows(problem, schedule)
    panels = [
        _panel("Site power: demand, production and EVs", "kW", slots, _site_layers()),
        _panel("Power at the supply point and its limits", "kW", slots, _supply_layers()),
        _panel("Charging profiles", "kW", sessions, [_session_layer("power_kw", "Power [kW]", schedule)]),
        _panel("State of charge", "%", _soc_rows(problem, schedule), [_soc_layer(schedule)]),
    ]
    return {
        "$schema": SCHEMA,
        "title": {"text": _title(schedule), "subtitle": _subtitle(schedule), "anchor": "start"},
        "concat": panels,
        "columns": 2,
        "resolve": {"scale": {"color": "independent"}},
        "config": {"view": {"continuousWidth": WIDTH, "continuousHeight": HEIGHT}},
    }


def _title(schedule: Schedule) -> str:
    short = f", {schedule.shortfall_kwh:.1f} kWh short" if schedule.shortfall_kwh > 0 else ""
    return f"{schedule.formulation}: {schedule.status}, € {schedule.objective:.2f}{short}"


def _subtitle(schedule: Schedule) -> list[str]:
    """The first explanations, in lines as long as the chart is wide."""
    return [line for text in schedule.explanations[:3] for line in textwrap.wrap(text, LETTERS_IN_LINE)]


def _slot_rows(problem: Problem, schedule: Schedule) -> list[dict[str, Any]]:
    """One row per slot and quantity, as powers: the mean over the slot."""
    supply, hours = schedule.supply_point, problem.horizon.slot_hours
    flexible = schedule.formulation != "cpo"
    rows = []
    for t in range(problem.slots):
        ev_kwh = sum(session.energy_kwh[t] for session in schedule.sessions)
        quantities = {
            "demand": problem.demand_kw[t],
            "production": -problem.production_kw[t],
            "EVs": ev_kwh / hours[t],
            "supply point": (supply.imported_kwh[t] - supply.exported_kwh[t]) / hours[t],
            "import limit": problem.supply_point.max_kw + (problem.flexibility_kw[t] if flexible else 0.0),
            "export limit": problem.supply_point.min_kw,
        }
        for moment in _moments(problem, t):
            rows += [{"start": moment, "quantity": name, "kw": round(kw, 6)} for name, kw in quantities.items()]
    return rows


def _session_rows(problem: Problem, schedule: Schedule) -> list[dict[str, Any]]:
    hours = problem.horizon.slot_hours
    return [
        {"start": moment, "session": session.id, "power_kw": round(session.energy_kwh[t] / hours[t], 6)}
        for session in schedule.sessions
        for t in range(problem.slots)
        for moment in _moments(problem, t)
    ]


def _soc_rows(problem: Problem, schedule: Schedule) -> list[dict[str, Any]]:
    """The state of charge at the beginning, then at the end of every slot. [%]"""
    rows = []
    for request, session in zip(problem.sessions, schedule.sessions, strict=True):
        scale = 100 / request.capacity_kwh if request.capacity_kwh else 0.0
        moments = [problem.horizon.now, *(problem.horizon.slot_end(t) for t in range(problem.slots))]
        for moment, soc_kwh in zip(moments, (request.soc_kwh, *session.soc_kwh), strict=True):
            rows.append(
                {"start": _local(problem, moment), "session": session.id, "soc_percent": round(soc_kwh * scale, 4)}
            )
    return rows


def _moments(problem: Problem, slot: int) -> list[str]:
    """When a step of the staircase begins; the last one needs its end too, to be drawn at its full width."""
    moments = [_local(problem, problem.horizon.slot_start(slot))]
    return [*moments, _local(problem, problem.horizon.end)] if slot == problem.slots - 1 else moments


def _local(problem: Problem, moment: datetime) -> str:
    # Without an offset Vega-Lite shows the clock time as it stands, wherever the browser is.
    return moment.astimezone(problem.time_zone).replace(tzinfo=None).isoformat()


def _panel(title: str, unit: str, rows: list[dict[str, Any]], layers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": f"{title} [{unit}]",
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": rows},
        "layer": layers,
    }


def _site_layers() -> list[dict[str, Any]]:
    kept = ["demand", "production", "EVs"]
    return [_step_layer(kept, {"domain": kept, "range": ["#7f7f7f", "#e6a817", "#1f77b4"]})]


def _supply_layers() -> list[dict[str, Any]]:
    kept = ["supply point", "import limit", "export limit"]
    return [_step_layer(kept, {"domain": kept, "range": ["#1f77b4", "#d62728", "#2ca02c"]})]


def _step_layer(kept: list[str], scale: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": {"field": "quantity", "oneOf": kept}}],
        "mark": {"type": "line", "interpolate": "step-after", "tooltip": True},
        "encoding": {
            "x": _time_axis(),
            "y": {"field": "kw", "type": "quantitative", "title": "Power [kW]"},
            "color": {"field": "quantity", "type": "nominal", "scale": scale, "title": None},
        },
    }


def _session_layer(field: str, title: str, schedule: Schedule) -> dict[str, Any]:
    return {
        "mark": {"type": "line", "interpolate": "step-after", "tooltip": True},
        "encoding": {
            "x": _time_axis(),
            "y": {"field": field, "type": "quantitative", "title": title},
            "color": _session_color(schedule),
        },
    }


def _soc_layer(schedule: Schedule) -> dict[str, Any]:
    layer = _session_layer("soc_percent", "State of charge [%]", schedule)
    layer["mark"] = {"type": "line", "tooltip": True}
    layer["encoding"]["y"]["scale"] = {"zero": False}
    return layer


def _session_color(schedule: Schedule) -> dict[str, Any]:
    # Beyond a dozen names a legend tells nothing; the tooltip still names the session.
    legend = {"title": "Session"} if len(schedule.sessions) <= SESSIONS_IN_LEGEND else None
    return {"field": "session", "type": "nominal", "sort": None, "legend": legend}


def _time_axis() -> dict[str, Any]:
    return {"field": "start", "type": "temporal", "title": "Clock time", "axis": {"format": "%H:%M"}}
