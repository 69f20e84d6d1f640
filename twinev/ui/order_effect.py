"""What an order is about and what it would do, in words and figures: beside the form's fields."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from twinev.ui import formats, texts
from twinev.ui.live import Snapshot
from twinev.wire.rest.restrictions import RestrictionOut, RestrictionPreview


def summary_html(snapshot: Snapshot, station_ids: frozenset[str]) -> str:
    """How many stations are selected and what they draw now."""
    stations = snapshot.selected(station_ids)
    if not stations:
        return f'<p class="tv-summary">{texts.FORM_NOTHING}</p>'
    words = (texts.FORM_SELECTED_ONE if len(stations) == 1 else texts.FORM_SELECTED).format(
        count=len(stations),
        power=formats.kw(sum(station.power_kw for station in stations)),
        max=formats.limit_kw(sum(station.max_kw for station in stations)),
    )
    return f'<p class="tv-summary">{formats.safe(words)}</p>'


def changing_html(restriction: RestrictionOut, snapshot: Snapshot, zone: ZoneInfo) -> str:
    """Which order is being changed, as it stands."""
    words = texts.FORM_CHANGING.format(
        limit=formats.limit_kw(restriction.limit_kw),
        stations=texts.LIMIT_STATION
        if len(restriction.station_ids) == 1
        else texts.LIMIT_STATIONS.format(count=len(restriction.station_ids)),
        start=formats.near(restriction.start, zone, now=snapshot.now),
        end=formats.near(restriction.end, zone, now=snapshot.now),
        power=formats.kw(restriction.power_kw),
    )
    ids = ", ".join(restriction.station_ids)
    return f'<p class="tv-summary"><abbr title="{formats.safe(ids)}">{formats.safe(words)}</abbr></p>'


def preview_html(preview: RestrictionPreview, curve: str) -> str:
    """The three figures, the curve, and the planner's explanations."""
    figures = (
        (str(preview.evs_affected), texts.PREVIEW_EVS),
        (formats.kw(preview.shortfall_kwh), texts.PREVIEW_SHORT),
        (formats.euros(preview.cost_eur), texts.PREVIEW_COST),
    )
    cells = "".join(
        f"<div><dd>{formats.safe(value)}</dd><dt>{formats.safe(name)}</dt></div>" for value, name in figures
    )
    notes = preview.explanations or ((texts.PREVIEW_NO_EFFECT,) if preview.before_kw == preview.after_kw else ())
    told = "".join(f"<li>{formats.safe(note)}</li>" for note in notes)
    return (
        f'<section class="tv-preview" aria-live="polite"><h3>{texts.PREVIEW_TITLE}</h3><dl>{cells}</dl>{curve}'
        f"{f'<ul class=tv-reasons>{told}</ul>' if told else ''}</section>"
    )
