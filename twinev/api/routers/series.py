"""Values over time from outside: prices of a zone; demand, production and flexibility orders of a site."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from twinev.api.platform import LongReading, Operator, Staff, ThePlatform
from twinev.domain.tariff import Series, SeriesKind
from twinev.errors import BadInput
from twinev.services.put_series import put_series
from twinev.wire.moment import Moment
from twinev.wire.rest.series import SeriesIn, SeriesOut

router = APIRouter(prefix="/api/v1/series", tags=["series"])


@router.put("/{kind}/{subject}")
def write_series(kind: str, subject: str, body: SeriesIn, platform: ThePlatform, _user: Operator) -> SeriesOut:
    """Write values of equal steps; each replaces the one that was there. The sites concerned are planned again."""
    series = Series(
        kind=_kind(kind), subject=subject, start=body.start, step_minutes=body.step_minutes, values=body.values
    )
    with platform.unit_of_work() as work:
        put_series(series, work=work)
        work.commit()
    return SeriesOut(kind=kind, subject=subject, start=body.start, step_minutes=body.step_minutes, values=body.values)


@router.get("/{kind}/{subject}")
def read_series(
    *,
    kind: str,
    subject: str,
    work: LongReading,
    _user: Staff,
    start: Moment,
    step_minutes: Annotated[int, Query(ge=1, le=1440)] = 15,
    count: Annotated[int, Query(ge=1, le=40_000)] = 96,
) -> SeriesOut:
    """Read the mean over each step; null where nothing is known."""
    values = work.series.values(_kind(kind), subject, start, step_minutes=step_minutes, count=count)
    return SeriesOut(kind=kind, subject=subject, start=start, step_minutes=step_minutes, values=tuple(values))


def _kind(name: str) -> SeriesKind:
    try:
        return SeriesKind(name)
    except ValueError as error:
        raise BadInput("kind", name, f"one of {', '.join(SeriesKind)}") from error
