"""Prices, demand, production and flexibility over time."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from twinev.wire.base import WireModel
from twinev.wire.moment import Moment


class SeriesIn(WireModel):
    """PUT /series/{kind}/{subject}: values of equal steps; a value replaces the one that was there."""

    start: Moment
    step_minutes: int = Field(ge=1, le=1440)
    values: tuple[float, ...] = Field(min_length=1, max_length=40_000)


class SeriesOut(WireModel):
    kind: str
    subject: str
    start: AwareDatetime
    step_minutes: int
    values: tuple[float | None, ...]
