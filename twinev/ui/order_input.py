"""What the operator typed, turned into an order, or into words about what is wrong with it and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.errors import BadInput, TwinEVError
from twinev.ui import formats, texts

LARGEST_LIMIT_KW = 1_000_000.0
# Which field of the form a key of the API's body belongs to.
FIELD_OF_KEY = {"station_ids": "stations", "limit_kw": "limit", "start": "start", "end": "end"}


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order that can be previewed and sent."""

    station_ids: frozenset[str]
    limit_kw: float
    start: datetime
    end: datetime
    v2g: bool


@dataclass(frozen=True, kw_only=True)
class OrderInput:
    """The form's fields as they stand.

    ``start`` None is now; ``duration_minutes`` None means that ``end`` was chosen. ``start`` and ``end`` are naive, in
    ``zone``; ``fixed_start`` and ``fixed_end`` are those of an order that is changed and rule over them.
    """

    station_ids: frozenset[str]
    limit_text: str
    start_later: bool = False
    start: datetime | None = None
    duration_minutes: int | None = 60
    end: datetime | None = None
    v2g: bool = False
    fixed_start: datetime | None = None
    fixed_end: datetime | None = None

    def read(self, *, now: datetime, zone: ZoneInfo) -> tuple[Order | None, Mapping[str, str]]:
        """The order, or what is wrong by field: ``stations``, ``limit``, ``start``, ``end``."""
        errors = {} if self.station_ids else {"stations": texts.ERROR_NO_STATION}
        limit_kw, limit_error = read_limit(self.limit_text)
        start = self.fixed_start or self._start(now, zone)
        end = self.fixed_end or self._end(start, zone)
        errors |= {
            field: words
            for field, words in (
                ("limit", limit_error),
                ("start", "" if start else texts.ERROR_START_MISSING),
                ("end", self._end_error(start, end, now=now, zone=zone)),
            )
            if words
        }
        if errors or start is None or end is None:
            return None, errors
        order = Order(station_ids=self.station_ids, limit_kw=limit_kw, start=start, end=end, v2g=self.v2g)
        return order, {}

    def _start(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        return _aware(self.start, zone) if self.start_later else now.replace(microsecond=0)

    def _end(self, start: datetime | None, zone: ZoneInfo) -> datetime | None:
        if self.duration_minutes is None:
            return _aware(self.end, zone)
        return start + timedelta(minutes=self.duration_minutes) if start else None

    def _end_error(self, start: datetime | None, end: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
        if end is None:
            return texts.ERROR_END_MISSING if self.duration_minutes is None else ""
        if start is not None and end <= start:
            return texts.ERROR_END_BEFORE_START.format(
                end=formats.day_and_clock(end, zone), start=formats.day_and_clock(start, zone)
            )
        return texts.ERROR_END_PAST.format(end=formats.day_and_clock(end, zone)) if end <= now else ""


def read_limit(text: str) -> tuple[float, str]:
    """The limit in kW and an empty text, or 0 and what is wrong. A decimal comma is read as a point."""
    typed = text.strip().lower().removesuffix("kw").strip()
    if not typed:
        return 0.0, texts.ERROR_LIMIT_MISSING
    # Digits and one separator only: neither "1e3" nor "nan" is what somebody means.
    value = float(typed.replace(",", ".")) if re.fullmatch(r"-?\d+([.,]\d*)?", typed) else None
    if value is None:
        return 0.0, texts.ERROR_LIMIT_NOT_A_NUMBER.format(text=text.strip()[:30])
    if value < 0:
        return 0.0, texts.ERROR_LIMIT_NEGATIVE
    return (value, "") if value <= LARGEST_LIMIT_KW else (0.0, texts.ERROR_LIMIT_TOO_HIGH)


def field_of(error: TwinEVError) -> str:
    """The field that the API's refusal speaks of; ``order`` where it speaks of the whole."""
    key = error.key.split(".")[-1].split("[")[0] if isinstance(error, BadInput) else ""
    return FIELD_OF_KEY.get(key, "order")


def _aware(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    return local.replace(tzinfo=zone) if local else None
