"""The orders of the past and the present as table rows and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from twinev.ui import formats, texts
from twinev.ui.limits_panel import METER_TOLERANCE_KW, OPEN_STATES, state_html
from twinev.wire.rest.restrictions import RestrictionOut

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def matches(restriction: RestrictionOut, *, find: str, state: str | None, site_of_station: dict[str, str]) -> bool:
    """Whether a row is wanted: every word of ``find`` occurs in who ordered it, its stations or their sites."""
    if state is not None and restriction.state != state:
        return False
    places = {site_of_station.get(station_id, "") for station_id in restriction.station_ids}
    searched = " ".join((restriction.created_by, *restriction.station_ids, *places)).casefold()
    return all(word in searched for word in find.casefold().split())


def can_be_revoked(restriction: RestrictionOut) -> bool:
    return restriction.state in OPEN_STATES


def row_html(restriction: RestrictionOut, *, zone: ZoneInfo, site_of_station: dict[str, str]) -> str:
    """One order as the cells of a row; on a narrow screen each cell carries its column's name."""
    cells = (
        _ordered(restriction, zone), _stations(restriction, site_of_station),
        f"{formats.limit_kw(restriction.limit_kw)} kW", _window(restriction, zone),
        texts.YES if restriction.v2g else texts.NO, _state(restriction, zone), _highest(restriction),
    )  # fmt: skip
    columns = zip(texts.HISTORY_COLUMNS, cells, strict=True)
    return "".join(
        f'<div role="cell" data-name="{formats.safe(name)}"><div>{cell}</div></div>' for name, cell in columns
    )


def head_html() -> str:
    """The names of the columns."""
    return "".join(f'<div role="columnheader">{formats.safe(name)}</div>' for name in texts.HISTORY_COLUMNS)


def csv_text(restrictions: Iterable[RestrictionOut]) -> str:
    """The orders as CSV: times in UTC, powers in kW, one row each."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(texts.CSV_COLUMNS)
    writer.writerows([_harmless(cell) for cell in _csv_row(restriction)] for restriction in restrictions)
    return out.getvalue()


def _csv_row(restriction: RestrictionOut) -> tuple[object, ...]:
    not_following = (f"{s.station_id}: {s.reason}" for s in restriction.stations if s.reason)
    times = [
        instant.isoformat() if instant else "" for instant in (restriction.revoked_at, restriction.first_enforced_at)
    ]
    highest = "" if restriction.highest_kw is None else round(restriction.highest_kw, 3)
    return (
        restriction.id, restriction.created_at.isoformat(), restriction.created_by, " ".join(restriction.station_ids),
        restriction.limit_kw, restriction.start.isoformat(), restriction.end.isoformat(), restriction.v2g,
        restriction.state, *times, highest, "; ".join(not_following),
    )  # fmt: skip


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _ordered(restriction: RestrictionOut, zone: ZoneInfo) -> str:
    by = texts.HISTORY_BY.format(user=restriction.created_by)
    return f"{formats.day_and_clock(restriction.created_at, zone)}<small>{formats.safe(by)}</small>"


def _stations(restriction: RestrictionOut, site_of_station: dict[str, str]) -> str:
    sites = sorted({site_of_station.get(station_id, "") for station_id in restriction.station_ids} - {""})
    # Each id on one line: a hyphen in it is no place to break.
    ids = ", ".join(f'<span class="tv-id">{formats.safe(station_id)}</span>' for station_id in restriction.station_ids)
    return f"{ids}<small>{formats.safe(' · '.join(sites))}</small>"


def _window(restriction: RestrictionOut, zone: ZoneInfo) -> str:
    end = formats.near(restriction.end, zone, now=restriction.start)
    name = restriction.start.astimezone(zone).tzname()
    return f"{formats.day_and_clock(restriction.start, zone)} – {end}<small>{formats.safe(name)}</small>"


def _state(restriction: RestrictionOut, zone: ZoneInfo) -> str:
    parts = [state_html(restriction)]
    if restriction.revoked_at is not None:
        revoked = texts.HISTORY_REVOKED_AT.format(time=formats.clock(restriction.revoked_at, zone))
        parts.append(f"<small>{formats.safe(revoked)}</small>")
    reasons = [station for station in restriction.stations if station.reason]
    if reasons:
        items = "".join(f"<li><b>{formats.safe(s.station_id)}</b> {formats.safe(s.reason)}</li>" for s in reasons)
        count = texts.HISTORY_NOT_FOLLOWING.format(count=len(reasons))
        parts.append(f"<details><summary>{formats.safe(count)}</summary><ul>{items}</ul></details>")
    return "".join(parts)


def _highest(restriction: RestrictionOut) -> str:
    if restriction.highest_kw is None:
        return f"<small>{texts.HISTORY_HIGHEST_UNKNOWN}</small>"
    over = restriction.highest_kw - restriction.limit_kw
    words = texts.HISTORY_OVER.format(over=formats.kw(over))
    note = f'<small class="tv-over">{formats.safe(words)}</small>' if over > METER_TOLERANCE_KW else ""
    return f"{formats.kw(restriction.highest_kw)} kW{note}"
