"""The head of the charge point managers' page: how much goes on, and what needs somebody, at a glance."""

from __future__ import annotations

from twinev.ui import charge_points_texts as texts
from twinev.ui import formats
from twinev.ui.live import Snapshot
from twinev.ui.technical_state import PROBLEMS, technical_state


def summary_html(snapshot: Snapshot) -> str:
    """Four figures; those that need somebody are marked, and say so in words."""
    states = [technical_state(station) for station in snapshot.stations]
    running = sum(site.active_sessions for site in snapshot.sites)
    power_kw = sum(station.power_kw for station in snapshot.stations)
    offline, problems = states.count("offline"), sum(state in PROBLEMS for state in states)
    figures = (
        (str(running), texts.SUMMARY_RUNNING, False),
        (formats.kw(power_kw), texts.SUMMARY_POWER, False),
        (f"{offline} / {len(states)}", texts.SUMMARY_OFFLINE, offline > 0),
        (str(problems), texts.SUMMARY_PROBLEMS, problems > 0),
    )
    items = "".join(
        f"<div{' class=tv-needed' if needed else ''}><dd>{formats.safe(figure)}</dd><dt>{formats.safe(name)}</dt></div>"
        for figure, name, needed in figures
    )
    return f'<dl class="tv-operation">{items}</dl>'
