"""Reads a table of energy prices: CSV, ``utc,eur_per_mwh`` or ``utc,eur_per_kwh``, gzipped or not.

``utc`` is where the price begins, ISO 8601 (no zone given: UTC). Rows are an hour or less apart, all of the same step;
a gap is allowed and is an error only when a replay needs what it misses.
"""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from twinev.adapters.feeds.text_file import read_text
from twinev.errors import BadInput
from twinev.services.replay.prices import PriceTable

_KEY = "--prices"
_EUR_PER_KWH_PER_UNIT = {"eur_per_mwh": 1e-3, "eur_per_kwh": 1.0}
_LONGEST_STEP = timedelta(hours=1)


def load_prices(path: Path) -> PriceTable:
    """Return the file's prices, per kWh and in order of time.

    Raises
    ------
    BadInput
        The header or a row cannot be used; the message names the line.
    """
    rows = csv.reader(read_text(path, _KEY).splitlines())
    factor = _EUR_PER_KWH_PER_UNIT[_unit(next(rows, []))]
    prices: dict[datetime, float] = {}
    for row in rows:
        if not row or not "".join(row).strip():
            continue
        where = f"{_KEY} line {rows.line_num}"
        start, price = _start(row, where), _price(row, where)
        if start in prices:
            raise BadInput(where, row[0], "each time once")
        prices[start] = price * factor
    if not prices:
        raise BadInput(_KEY, str(path), "at least one row under the header")
    starts = tuple(sorted(prices))
    return PriceTable(starts=starts, eur_per_kwh=tuple(prices[start] for start in starts), step=_step(starts))


def _unit(header: list[str]) -> str:
    names = [name.strip().lower() for name in header]
    if len(names) != 2 or names[0] != "utc" or names[1] not in _EUR_PER_KWH_PER_UNIT:
        raise BadInput(f"{_KEY} line 1", ",".join(header), "the header utc,eur_per_mwh or utc,eur_per_kwh")
    return names[1]


def _start(row: list[str], where: str) -> datetime:
    if len(row) != 2:
        raise BadInput(where, ",".join(row), "two values: a time and a price")
    try:
        start = datetime.fromisoformat(row[0].strip())
    except ValueError as error:
        raise BadInput(where, row[0], "a time such as 2021-08-03T14:00:00Z") from error
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)


def _price(row: list[str], where: str) -> float:
    try:
        price = float(row[1])
    except ValueError as error:
        raise BadInput(where, row[1], "a number") from error
    if not math.isfinite(price):
        raise BadInput(where, row[1], "a finite number")
    return price


def _step(starts: tuple[datetime, ...]) -> timedelta:
    """The shortest distance between two rows, an hour at most."""
    return min([_LONGEST_STEP, *(later - earlier for earlier, later in pairwise(starts))])
