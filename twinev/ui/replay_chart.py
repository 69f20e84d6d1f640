"""The chart of a replay: the site's power under each strategy against its limit, and the price below; an SVG."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import vl_convert

from twinev.errors import Unavailable

# Okabe and Ito's palette, told apart by colour-blind readers too. The first line is wide: it shows under others.
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_WIDTH = 920
# One tick every so many hours, for charts of at most so many hours.
_TICK_HOURS = ((1, 20), (2, 36), (6, 108))


def draw_power(outcome: Mapping[str, Any]) -> str:
    """Return the chart as an SVG element that refers to nothing outside itself.

    Parameters
    ----------
    outcome : mapping
        As in the metrics file: ``slots``, ``slot_minutes``, ``site_kw``.
    """
    svg = vl_convert.vegalite_to_svg(chart_spec(outcome))
    if "mark-line" not in svg:
        raise Unavailable("vl-convert drew no line: it prints its error and returns an empty chart")
    return svg


def chart_spec(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chart as a Vega-Lite specification."""
    prices = outcome["slots"]["price_eur_per_kwh"]
    panels = [_power_panel(outcome)]
    if None not in prices:
        panels.append(_price_panel(outcome))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "vconcat": panels,
        "spacing": 12,
        "resolve": {"scale": {"x": "shared"}},
        "config": {
            "font": "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif",
            "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": "#e8e8e8"},
            "legend": {"labelFontSize": 13, "symbolStrokeWidth": 3, "symbolSize": 260},
        },
    }


def _power_panel(outcome: Mapping[str, Any]) -> dict[str, Any]:
    names = list(outcome["slots"]["power_kw"])
    colours = {"domain": names, "range": list(_COLOURS[: len(names)])}
    line = {
        "data": {"values": _power_rows(outcome)},
        "mark": {"type": "line", "interpolate": "step-after", "opacity": 0.9},
        "encoding": {
            "strokeWidth": {"condition": {"test": f"datum.strategy === '{names[0]}'", "value": 5}, "value": 2},
            "x": _time_axis(outcome, title=outcome["slots"]["price_eur_per_kwh"][0] is None),
            "y": {"field": "kw", "type": "quantitative", "title": "Site power, mean over the slot (kW)"},
            "color": {
                "field": "strategy",
                "type": "nominal",
                "scale": colours,
                "legend": {"orient": "top", "title": None, "symbolType": "stroke"},
            },
        },
    }
    return {"width": _WIDTH, "height": 320, "layer": [line, *_limit_layers(outcome["site_kw"])]}


def _limit_layers(site_kw: float | None) -> list[dict[str, Any]]:
    if site_kw is None:
        return []
    data = {"values": [{"kw": site_kw, "text": f"site limit {site_kw:g} kW"}]}
    y = {"field": "kw", "type": "quantitative"}
    return [
        {"data": data, "mark": {"type": "rule", "strokeDash": [6, 4], "color": "#333"}, "encoding": {"y": y}},
        {
            "data": data,
            "mark": {"type": "text", "align": "right", "baseline": "bottom", "dy": -4, "fontSize": 12, "color": "#333"},
            "encoding": {"y": y, "x": {"value": _WIDTH}, "text": {"field": "text"}},
        },
    ]


def _price_panel(outcome: Mapping[str, Any]) -> dict[str, Any]:
    rows = [{"time": time, "price": price} for time, price in _steps(outcome, outcome["slots"]["price_eur_per_kwh"])]
    return {
        "width": _WIDTH,
        "height": 110,
        "data": {"values": rows},
        "mark": {
            "type": "area",
            "interpolate": "step-after",
            "color": "#999",
            "opacity": 0.35,
            "line": {"color": "#555"},
        },
        "encoding": {
            "x": _time_axis(outcome, title=True),
            "y": {"field": "price", "type": "quantitative", "title": "Price (€/kWh)", "axis": {"tickCount": 4}},
        },
    }


def _time_axis(outcome: Mapping[str, Any], *, title: bool) -> dict[str, Any]:
    """One offset, the first slot's, holds for the whole axis: a change of the clock must not fold it."""
    offset = datetime.fromisoformat(outcome["slots"]["start"][0]).strftime("%z")
    ticks, every_hours = _ticks(outcome)
    return {
        "field": "time",
        "type": "temporal",
        "scale": {"type": "utc"},
        "title": f"Local time (UTC{offset[:3]}:{offset[3:]})" if title else None,
        "axis": {"format": "%H:%M" if every_hours < 6 else "%d %b %H:%M", "labels": title, "values": ticks},
    }


def _ticks(outcome: Mapping[str, Any]) -> tuple[list[int], int]:
    """Full hours of the chart's clock, in milliseconds, and how many hours lie between two."""
    first, *_, end = (datetime.fromisoformat(time) for time in _clock_times(outcome))
    hours = (end - first) / timedelta(hours=1)
    every_hours = next((step for step, longest in _TICK_HOURS if hours <= longest), 24)
    midnight = first.replace(hour=0, minute=0, second=0)
    ticks = (midnight + timedelta(hours=hour) for hour in range(0, int(hours) + 25, every_hours))
    return [int(tick.timestamp() * 1000) for tick in ticks if first <= tick <= end], every_hours


def _power_rows(outcome: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"time": time, "kw": kw, "strategy": name}
        for name, powers in outcome["slots"]["power_kw"].items()
        for time, kw in _steps(outcome, powers)
    ]


def _steps(outcome: Mapping[str, Any], values: list[float]) -> list[tuple[str, float]]:
    """Each slot's beginning with its value, and the last slot's end, so that it is drawn too."""
    return list(zip(_clock_times(outcome), [*values, values[-1]], strict=True))


def _clock_times(outcome: Mapping[str, Any]) -> list[str]:
    """The slots' beginnings and the last one's end as the clock of the first shows them, written as if UTC."""
    starts = [datetime.fromisoformat(start) for start in outcome["slots"]["start"]]
    times = [*starts, starts[-1] + timedelta(minutes=outcome["slot_minutes"])]
    return [time.astimezone(starts[0].tzinfo).replace(tzinfo=None).isoformat() + "Z" for time in times]
