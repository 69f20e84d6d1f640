"""The report of a replay: one HTML page that asks for nothing from outside, made from the metrics file's data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twinev.ui.replay_chart import draw_power

_BASELINE = "uncontrolled"


def render_report(outcome: Mapping[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    outcome : mapping
        What the metrics file holds, with ``command``, ``inputs`` and ``versions``.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    first_day = outcome["slots"]["start"][0][:10]
    environment.filters["clock"] = lambda text: _clock(text, first_day)
    return environment.get_template("replay_report.html").render(
        outcome=outcome,
        names=list(outcome["strategies"]),
        limit="none" if outcome["site_kw"] is None else f"{outcome['site_kw']:g} kW",
        findings=find(outcome),
        figures=tabulate(outcome),
        chart=draw_power(outcome),
    )


def tabulate(outcome: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the table of figures: a label and one text per strategy, for the page and the terminal."""
    strategies = outcome["strategies"]
    alike = outcome["served_by_every_strategy"]
    return [
        ("Cost (€)", [_number(s["cost_eur"], 2) for s in strategies.values()]),
        ("Cost per kWh (€)", [_number(s["eur_per_kwh"], 4) for s in strategies.values()]),
        (
            f"Cost of the {alike['drivers']} drivers that every strategy served fully (€)",
            [_number(alike["cost_eur"][name], 2) for name in strategies],
        ),
        ("Peak, mean over a slot (kW)", [_number(s["peak_kw"], 1) for s in strategies.values()]),
        ("Highest power at any moment (kW)", [_number(s["highest_moment_kw"], 1) for s in strategies.values()]),
        ("Energy delivered (kWh)", [_number(s["energy_kwh"], 1) for s in strategies.values()]),
        (
            "Energy delivered (% of what was needed)",
            [_number(s["energy_delivered_percent"], 1) for s in strategies.values()],
        ),
        ("Drivers fully served", [_served(s) for s in strategies.values()]),
        ("Energy above the site's limit (kWh)", [_number(s["kwh_over_site_limit"], 1) for s in strategies.values()]),
        ("Plans made", [str(s["plans"] or "–") for s in strategies.values()]),
        (
            "Plans that fall short of what was asked",
            [str(s["plans_with_shortfall"]) if s["plans"] else "–" for s in strategies.values()],
        ),
        ("Mean time to plan (ms)", [_number(outcome["timing"][name]["mean_plan_ms"], 0) for name in strategies]),
    ]


def find(outcome: Mapping[str, Any]) -> list[str]:
    """Return what a reader should take home, in sentences; a cheaper plan that serves less is not praised for it."""
    strategies = outcome["strategies"]
    findings = [_compare(name, outcome) for name in strategies if name != _BASELINE] if _BASELINE in strategies else []
    early = next((o["count"] for o in outcome["oddities"] if o["key"] == "left_early"), 0)
    if early:
        findings.append(
            f"{early} of {len(outcome['sessions'])} drivers left more than 15 min before the departure that the "
            "planner was told or had to assume; whatever a plan had put off for them is lost."
        )
    if _BASELINE in strategies and outcome["site_kw"] is not None:
        findings.append(_limit_finding(strategies[_BASELINE], outcome["site_kw"]))
    return findings


def _compare(name: str, outcome: Mapping[str, Any]) -> str:
    strategy, alike = outcome["strategies"][name], outcome["served_by_every_strategy"]
    text = (
        f"{name.capitalize()} served {_served(strategy)} drivers fully, with "
        f"{_number(strategy['energy_delivered_percent'], 1)} % of the energy that was needed, and drew at most "
        f"{_number(strategy['highest_moment_kw'], 1)} kW."
    )
    own, base = alike["cost_eur"][name], alike["cost_eur"][_BASELINE]
    if own is None or not alike["drivers"] or base == 0:
        return text
    change = round(100 * (own - base) / abs(base), 1) + 0.0  # never −0.0
    return (
        f"{text} For the {alike['drivers']} drivers whom every strategy served fully it cost € {own:.2f} instead of "
        f"€ {base:.2f} ({change:+.1f} %)."
    )


def _limit_finding(baseline: Mapping[str, Any], site_kw: float) -> str:
    moment = f"{baseline['highest_moment_kw']:.1f} kW at its highest moment"
    if baseline["kwh_over_site_limit"] > 0:
        return (
            f"Uncontrolled charging would break the limit of {site_kw:g} kW for "
            f"{baseline['hours_over_site_limit']:.2f} h, with {baseline['peak_kw']:.1f} kW over a slot and {moment}."
        )
    if baseline["highest_moment_kw"] > site_kw:
        return (
            f"Uncontrolled charging keeps the limit of {site_kw:g} kW in the mean over each slot "
            f"({baseline['peak_kw']:.1f} kW), but not at every moment: {moment}."
        )
    return f"Uncontrolled charging stays below the limit of {site_kw:g} kW here, with {moment}."


def _served(strategy: Mapping[str, Any]) -> str:
    percent = strategy["drivers_fully_served_percent"]
    return f"{strategy['drivers_fully_served']} of {strategy['drivers']} ({percent:.0f} %)"


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:,.{decimals}f}"


def _clock(text: str, first_day: str) -> str:
    instant = datetime.fromisoformat(text)
    return instant.strftime("%H:%M" if text[:10] == first_day else "%d %b %H:%M")
