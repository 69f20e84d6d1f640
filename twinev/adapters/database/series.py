"""The repository of values over time: prices, demand, production, flexibility orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from twinev.adapters.database.tables import series_values
from twinev.domain.tariff import Series, SeriesKind

_table = series_values


class DatabaseSeries:
    """Implements `twinev.services.ports.smart_charging.SeriesStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, series: Series) -> None:
        """Replace what is known within the series' time; a longer value keeps its ends outside it."""
        step = timedelta(minutes=series.step_minutes)
        end = series.start + step * len(series.values)
        where = self._overlapping(series.kind, series.subject, series.start, end)
        rows = []
        for old in self._connection.execute(select(_table).where(where)).all():
            if old.start < series.start:
                rows.append(dict(old._mapping) | {"end": series.start})
            if old.end > end:
                rows.append(dict(old._mapping) | {"start": end})
        head = {"kind": str(series.kind), "subject": series.subject}
        for position, value in enumerate(series.values):
            start = series.start + step * position
            rows.append({**head, "start": start, "end": start + step, "value": float(value)})
        self._connection.execute(delete(_table).where(where))
        self._connection.execute(_table.insert(), rows)

    def values(
        self, kind: SeriesKind, subject: str, start: datetime, *, step_minutes: float, count: int
    ) -> list[float | None]:
        step = timedelta(minutes=step_minutes)
        where = self._overlapping(kind, subject, start, start + step * count)
        statement = select(_table.c.start, _table.c.end, _table.c.value).where(where).order_by(_table.c.start)
        known = [tuple(row) for row in self._connection.execute(statement)]
        means: list[float | None] = []
        first = 0
        for position in range(count):
            begins = start + step * position
            while first < len(known) and known[first][1] <= begins:
                first += 1
            means.append(_mean(known, first, begins, begins + step))
        return means

    def _overlapping(self, kind: SeriesKind, subject: str, start: datetime, end: datetime) -> Any:
        return and_(_table.c.kind == str(kind), _table.c.subject == subject, _table.c.start < end, _table.c.end > start)


def _mean(known: list[Any], first: int, start: datetime, end: datetime) -> float | None:
    """Mean over the part of [start, end) that is covered; values before ``first`` end before ``start``."""
    weighted = seconds = 0.0
    for position in range(first, len(known)):
        value_start, value_end, value = known[position]
        if value_start >= end:
            break
        overlap = (min(value_end, end) - max(value_start, start)).total_seconds()
        weighted += value * overlap
        seconds += overlap
    return weighted / seconds if seconds else None
