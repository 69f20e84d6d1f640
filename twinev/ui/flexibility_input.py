"""What the operator typed into the slots, turned into an order, or into words about what is wrong. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from twinev.ui import formats
from twinev.ui import texts_flexibility as words

LARGEST_KW = 1_000_000.0


@dataclass(frozen=True, kw_only=True)
class SlotGrid:
    """Equal slots from ``start``."""

    start: datetime
    step_minutes: int
    count: int

    @property
    def step(self) -> timedelta:
        return timedelta(minutes=self.step_minutes)

    @property
    def end(self) -> datetime:
        return self.start + self.step * self.count

    def starts(self) -> list[datetime]:
        return [self.start + self.step * number for number in range(self.count)]


def running_slot(now: datetime, step_minutes: int) -> datetime:
    """The begin of the slot that runs now; slots begin at the full hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + timedelta(minutes=now.minute // step_minutes * step_minutes)


def read_value(text: str) -> float | None:
    """A number as people write it, with a decimal comma and a true minus too; empty is 0; None when it is none."""
    typed = text.strip().lower().removesuffix("kw").strip().replace(formats.MINUS, "-").replace("–", "-")
    if not typed:
        return 0.0
    if not re.fullmatch(r"[+-]?\s?\d{1,9}([.,]\d*)?", typed, re.ASCII):
        return None
    return float(typed.replace(",", ".").replace(" ", "")) + 0.0


def read_values(
    typed: Sequence[str], grid: SlotGrid, *, supply_max_kw: float, now: datetime, zone: ZoneInfo
) -> tuple[tuple[float, ...] | None, str]:
    """The offsets, or what is wrong with the first that cannot be used. [kW]"""
    if grid.end <= now:
        return None, words.ERROR_PAST
    values: list[float] = []
    for text, start in zip(typed, grid.starts(), strict=True):
        value, at = read_value(text), formats.clock(start, zone)
        if value is None:
            return None, words.ERROR_NOT_A_NUMBER.format(start=at, text=text.strip()[:30])
        if abs(value) > supply_max_kw:
            figures = {"value": signed(value), "limit": formats.limit_kw(supply_max_kw)}
            return None, words.ERROR_TOO_LARGE.format(start=at, **figures)
        values.append(value)
    return tuple(values), ""


def signed(value_kw: float) -> str:
    """An offset with its sign: ``−10``, ``+2.5``, ``0``."""
    sign = formats.MINUS if value_kw < 0 else "+" if value_kw > 0 else ""
    return f"{sign}{formats.limit_kw(abs(value_kw))}"
