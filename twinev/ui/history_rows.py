"""The orders of the past and the present as table rows and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from twinev.domain.grid import Enforcement
from twinev.ui import formats, texts
from twinev.ui import texts_history as words
from twinev.ui.limits_panel import BAR_SHARE_OF_LIMIT, METER_TOLERANCE_KW, OPEN_STATES, bar_share, state_html
from twinev.ui.row_cells import cells_html
from twinev.wire.rest.restrictions import RestrictionOut, StationEnforcement

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def matches(
    restriction: RestrictionOut, *, find: str, state: str | None, site_of_station: dict[str, str],
    since: datetime | None = None,
) -> bool:  # fmt: skip
    """Whether a row is wanted: in force after ``since``, and every word of ``find`` occurs in who ordered it, its
    stations or their sites.
    """
    if state is not None and restriction.state != state:
        return False
    if since is not None and (restriction.revoked_at or restriction.end) <= since:
        return False
    places = {site_of_station.get(station_id, "") for station_id in restriction.station_ids}
    searched = " ".join((restriction.created_by, *restriction.station_ids, *places)).casefold()
    return all(word in searched for word in find.casefold().split())


def not_following(restriction: RestrictionOut) -> list[StationEnforcement]:
    """Those of its stations that do not follow; others may have a remark too."""
    return [station for station in restriction.stations if station.state == Enforcement.NOT_ENFORCED]


def can_be_revoked(restriction: RestrictionOut) -> bool:
    return restriction.state in OPEN_STATES


def row_html(restriction: RestrictionOut, *, zone: ZoneInfo, site_of_station: dict[str, str]) -> str:
    """One order as the cells of a row; on a narrow screen each cell carries its column's name."""
    cells = (
        _ordered(restriction, zone), _stations(restriction, site_of_station),
        f"{formats.limit_kw(restriction.limit_kw)} kW", _window(restriction, zone),
        texts.YES if restriction.v2g else texts.NO, _state(restriction, zone), _highest(restriction),
    )  # fmt: skip
    return cells_html(words.COLUMNS, cells)


def csv_text(restrictions: Iterable[RestrictionOut], *, site_of_station: dict[str, str]) -> str:
    """The orders as CSV: times in UTC, powers in kW, one row each."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(words.CSV_COLUMNS)
    writer.writerows([_harmless(cell) for cell in _csv_row(one, site_of_station)] for one in restrictions)
    return out.getvalue()


def _csv_row(restriction: RestrictionOut, site_of_station: dict[str, str]) -> tuple[object, ...]:
    sites = sorted({site_of_station.get(station_id, "") for station_id in restriction.station_ids} - {""})
    astray = (f"{station.station_id}: {station.reason}" for station in not_following(restriction))
    times = [
        instant.isoformat() if instant else "" for instant in (restriction.revoked_at, restriction.first_enforced_at)
    ]
    highest = "" if restriction.highest_kw is None else round(restriction.highest_kw, 3)
    return (
        restriction.id, restriction.created_at.isoformat(), restriction.created_by, " ".join(restriction.station_ids),
        " · ".join(sites), restriction.limit_kw, restriction.start.isoformat(), restriction.end.isoformat(),
        restriction.v2g, restriction.state, *times, highest, "; ".join(astray),
    )  # fmt: skip


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _ordered(restriction: RestrictionOut, zone: ZoneInfo) -> str:
    by = words.BY.format(user=restriction.created_by)
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
        revoked = words.REVOKED_AT.format(time=formats.clock(restriction.revoked_at, zone))
        parts.append(f"<small>{formats.safe(revoked)}</small>")
    reasons = not_following(restriction)
    if reasons:
        items = "".join(f"<li><b>{formats.safe(s.station_id)}</b> {formats.safe(s.reason or '')}</li>" for s in reasons)
        count = words.NOT_FOLLOWING.format(count=len(reasons))
        parts.append(f"<details><summary>{formats.safe(count)}</summary><ul>{items}</ul></details>")
    return "".join(parts)


def _highest(restriction: RestrictionOut) -> str:
    if restriction.highest_kw is None:
        return f"<small>{words.HIGHEST_UNKNOWN}</small>"
    over_kw = restriction.highest_kw - restriction.limit_kw
    over = over_kw > METER_TOLERANCE_KW
    figures = {"power": formats.kw(restriction.highest_kw), "limit": formats.limit_kw(restriction.limit_kw)}
    told = words.OVER.format(over=formats.kw(over_kw))
    note = f'<small class="tv-over">{formats.safe(told)}</small>' if over else ""
    return (
        f'{figures["power"]} kW<div class="tv-bar tv-bar-small{" tv-over" if over else ""}" role="img" '
        f'aria-label="{formats.safe(words.HIGHEST_BAR.format(**figures))}">'
        f'<i class="tv-bar-evs" style="width: {bar_share(restriction.highest_kw, restriction.limit_kw):.1f}%"></i>'
        f'<u style="left: {BAR_SHARE_OF_LIMIT * 100:.0f}%"></u></div>{note}'
    )
