"""The panels of the site: its power by source; supply point, groups and phases against their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twinev.sct.chart_parts import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    NEGLIGIBLE_KW,
    ORANGE,
    PRICE_COLOUR,
    RED,
    SESSION_COLOURS,
    SKY,
    Clock,
    colour,
    near,
    panel,
    power_axis,
    rounded,
)
from twinev.sct.session_request import PHASES
from twinev.sct.summary import import_limit_kw

if TYPE_CHECKING:
    from twinev.sct.problem import Problem
    from twinev.sct.schedule import Schedule

SOURCES = {
    "demand": GREY,
    "EVs charge": BLUE,
    "production": ORANGE,
    "EVs give back": GREEN,
}
LIMIT_COLOURS = {"net import": BLUE, "limit": BLACK, "ordered by the grid": SKY, "beyond the limit": RED}
GROUPS_DRAWN = 4
LIMIT_PADDING = 8
DASHED = {"type": "line", "interpolate": "step-after", "strokeDash": [5, 3], "tooltip": True}
STEPS = {"type": "line", "interpolate": "step-after", "tooltip": True}
# A limit in its line's own colour: broad and pale, it shows beneath the line that has reached it.
BROAD = {**STEPS, "strokeWidth": 7, "opacity": 0.3}


def site_panel(problem: Problem, schedule: Schedule | None, clock: Clock) -> dict[str, Any]:
    """Who uses and who makes the power, stacked; the price beside it where it changes."""
    charging, giving = ev_power_kw(problem, schedule)
    sources = {
        "demand": list(problem.demand_kw),
        "EVs charge": charging,
        "production": [-kw for kw in problem.production_kw],
        "EVs give back": [-kw for kw in giving],
    }
    kept = [name for name in sources if any(sources[name]) or (name == "EVs charge" and schedule is not None)]
    rows = [
        {"start": start, "quantity": name, "kw": rounded(kw), "order": place}
        for place, name in enumerate(kept)
        for start, kw in clock.steps(sources[name])
    ]
    limits = [] if schedule is not None else _asked_limits(problem, sources)
    named = [*kept, *(["limit"] if limits else [])]
    colours = colour(named, [{**SOURCES, **LIMIT_COLOURS}[name] for name in named])
    powers = {
        "data": {"values": rows},
        "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.85, "tooltip": True},
        "encoding": {
            "x": clock.axis(),
            "y": power_axis(),
            "color": colours,
            "order": {"field": "order", "type": "quantitative"},
        },
    }
    lines = [_step_layer("limit", limit, clock, colours, DASHED) for limit in limits]
    signal = _signal_layer(problem, clock)
    note = "below zero: made, or given back" if {"production", "EVs give back"} & set(kept) else "mean over each slot"
    drawn = panel("Power of the site", [{"layer": [powers, *lines]}, *signal], note=note)
    return {**drawn, "resolve": {"scale": {"y": "independent"}}} if signal else drawn


def _asked_limits(problem: Problem, sources: dict[str, list[float]]) -> list[list[float]]:
    """The supply point's limits, with orders of the grid, that are worth drawing beside what is known already."""
    flows = [kw for values in sources.values() for kw in values]
    limits = (import_limit_kw(problem, "grid"), [problem.supply_point.min_kw] * problem.slots)
    return [limit for limit in limits if near(limit, flows)]


def _signal_layer(problem: Problem, clock: Clock) -> list[dict[str, Any]]:
    """What tells one slot from another: the price; where it is flat, the renewable share."""
    signals = (
        ("Price [€/kWh]", problem.price_eur_per_kwh),
        ("Renewable share [%]", [100 * share for share in problem.renewable_share]),
    )
    changing = [(title, values) for title, values in signals if min(values) < max(values)]
    if not changing:
        return []
    title, values = changing[0]
    rows = [{"start": start, "signal": rounded(value)} for start, value in clock.steps(values)]
    axis = {"title": title, "titleColor": PRICE_COLOUR, "labelColor": PRICE_COLOUR, "grid": False, "orient": "right"}
    return [
        {
            "data": {"values": rows},
            "mark": {**STEPS, "color": PRICE_COLOUR, "strokeWidth": 0.75 * clock.line_width},
            "encoding": {
                "x": clock.axis(),
                "y": {"field": "signal", "type": "quantitative", "axis": axis},
            },
        }
    ]


def ev_power_kw(problem: Problem, schedule: Schedule | None) -> tuple[list[float], list[float]]:
    """What all EVs together charge and what they give back, both [..T] and ≥ 0. [kW]"""
    charging, giving = [0.0] * problem.slots, [0.0] * problem.slots
    for session in schedule.sessions if schedule is not None else ():
        for t, (energy_kwh, hours) in enumerate(zip(session.energy_kwh, problem.horizon.slot_hours, strict=True)):
            charging[t] += max(energy_kwh, 0.0) / hours
            giving[t] += max(-energy_kwh, 0.0) / hours
    return charging, giving


def supply_panel(problem: Problem, schedule: Schedule, clock: Clock) -> dict[str, Any]:
    """The net flow at the supply point between its limits, orders and excess shaded."""
    supply, hours = schedule.supply_point, problem.horizon.slot_hours
    flow = [
        (bought - sold) / h for bought, sold, h in zip(supply.imported_kwh, supply.exported_kwh, hours, strict=True)
    ]
    upper, lower = import_limit_kw(problem, schedule.formulation), [problem.supply_point.min_kw] * problem.slots
    shades = [
        *_shades("ordered by the grid", upper, [problem.supply_point.max_kw] * problem.slots, clock),
        *_shades("beyond the limit", upper, [max(kw, top) for kw, top in zip(flow, upper, strict=True)], clock),
        *_shades("beyond the limit", lower, [min(kw, low) for kw, low in zip(flow, lower, strict=True)], clock),
    ]
    drawn = [limit for limit in (upper, lower) if near(limit, flow)]
    kept = ["net import", *(["limit"] if drawn else []), *dict.fromkeys(row["quantity"] for row in shades)]
    colours = colour(kept, [LIMIT_COLOURS[name] for name in kept], lines=not shades)
    layers = [_shade_layer(shades, clock, colours)] if shades else []
    layers.append(_step_layer("net import", flow, clock, colours, STEPS))
    layers += [_step_layer("limit", limit, clock, colours, DASHED) for limit in drawn]
    far = [
        f"{name} limit {kw:g} kW is off the chart"
        for name, limit, kw in (
            ("import", upper, problem.supply_point.max_kw),
            ("export", lower, -problem.supply_point.min_kw),
        )
        if limit not in drawn
    ]
    return panel("Power at the supply point", layers, note=", ".join(far) or "import positive")


def _shades(name: str, from_kw: list[float], to_kw: list[float], clock: Clock) -> list[dict[str, Any]]:
    """Rectangles between two lines where they differ."""
    pairs = list(zip(from_kw, to_kw, strict=True))
    return [
        {"start": start, "end": end, "quantity": name, "kw": rounded(pair[0]), "to_kw": rounded(pair[1])}
        for start, end, pair in clock.runs(pairs)
        if abs(pair[0] - pair[1]) > NEGLIGIBLE_KW
    ]


def _shade_layer(rows: list[dict[str, Any]], clock: Clock, colours: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"values": rows},
        "mark": {"type": "rect", "opacity": 0.5, "tooltip": True},
        "encoding": {
            "x": clock.axis(),
            "x2": {"field": "end"},
            "y": power_axis(padding=LIMIT_PADDING),
            "y2": {"field": "to_kw"},
            "color": colours,
        },
    }


def _step_layer(
    name: str, values: list[float], clock: Clock, colours: dict[str, Any], mark: dict[str, Any]
) -> dict[str, Any]:
    rows = [{"start": start, "quantity": name, "kw": rounded(kw)} for start, kw in clock.steps(values)]
    return {
        "data": {"values": rows},
        "mark": {"strokeWidth": clock.line_width, **mark},
        "encoding": {"x": clock.axis(), "y": power_axis(padding=LIMIT_PADDING), "color": colours},
    }


def group_panel(problem: Problem, schedule: Schedule, clock: Clock) -> dict[str, Any]:
    """The groups with the least room against their limits (broad): feeders, restrictions."""
    power = {session.id: session.energy_kwh for session in schedule.sessions}
    hours = problem.horizon.slot_hours
    flows = {
        group.id: [sum(power[member][t] for member in group.session_ids) / hours[t] for t in range(problem.slots)]
        for group in problem.groups
    }
    tight = sorted(
        problem.groups,
        key=lambda group: min(limit - kw for limit, kw in zip(group.max_kw, flows[group.id], strict=True)),
    )[:GROUPS_DRAWN]
    colours = colour([group.id for group in tight], SESSION_COLOURS[: len(tight)], lines=True, labelLimit=140)
    layers = []
    for group in tight:
        if near(group.max_kw, flows[group.id]):
            layers.append(_step_layer(group.id, list(group.max_kw), clock, colours, BROAD))
        layers.append(_step_layer(group.id, flows[group.id], clock, colours, STEPS))
    drawn = f"; the {len(tight)} tightest of {len(problem.groups)}" if len(tight) < len(problem.groups) else ""
    return panel("Groups under a limit of their own", layers, note=f"broad line: the limit{drawn}")


def phase_panel(problem: Problem, schedule: Schedule, clock: Clock) -> dict[str, Any]:
    """The flow through each phase against its fuse (broad), demand and production even over the phases."""
    flows = {name: [] for name in PHASES}
    for t, hours in enumerate(problem.horizon.slot_hours):
        even_kw = (problem.demand_kw[t] - problem.production_kw[t]) / len(PHASES)
        for name in PHASES:
            ev_kwh = sum(
                planned.energy_kwh[t] / len(request.phases)
                for request, planned in zip(problem.sessions, schedule.sessions, strict=True)
                if name in request.phases
            )
            flows[name].append(even_kw + ev_kwh / hours)
    colours = colour(PHASES, SESSION_COLOURS[: len(PHASES)], lines=True)
    limits = dict(zip(PHASES, problem.supply_point.phase_max_kw, strict=True))
    layers = [_step_layer(name, flows[name], clock, colours, STEPS) for name in PHASES]
    layers += [
        _step_layer(name, [kw] * problem.slots, clock, colours, BROAD)
        for name, most_kw in limits.items()
        for kw in near((most_kw, -most_kw), flows[name])
    ]
    return panel("Power through each phase", layers, note="broad line: the limit, either way")
