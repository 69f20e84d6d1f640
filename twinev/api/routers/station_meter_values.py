"""What was measured at a station over a time, whatever sessions there were."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from twinev.api.pagination import WantedPage, page_of, rows_after
from twinev.api.platform import LongReading, Staff
from twinev.domain.facts import Sample
from twinev.errors import BadInput
from twinev.wire.moment import Moment
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sessions import MeterValueOut

router = APIRouter(prefix="/api/v1/stations", tags=["stations"])

#: A month, and a little for those who ask from midnight to midnight across a change of clocks.
LONGEST = timedelta(days=32)


@router.get("/{station_id}/meter-values")
def list_station_meter_values(
    *,
    station_id: str,
    ask: WantedPage,
    work: LongReading,
    _user: Staff,
    start: Moment,
    end: Moment,
    measurand: Annotated[str | None, Query(max_length=60)] = None,
) -> Page[MeterValueOut]:
    """List what was measured at a station within [start, end), by time; a month at most."""
    if not start < end <= _after(start):
        raise BadInput("end", end.isoformat(), f"a time after start, and at most {LONGEST.days} days after it")
    work.stations.get(station_id)
    found = work.meter_values.of_station(station_id, start=start, end=end, measurand=measurand)
    rows = rows_after(found, ask, name=_name)
    return page_of(rows, ask, out=lambda row: _out(station_id, *row), name=_name)


def _after(start: datetime) -> datetime:
    try:
        return start + LONGEST
    except OverflowError as error:
        raise BadInput("start", start.isoformat(), "a time that has a month after it") from error


def _out(station_id: str, evse_id: int, sample: Sample) -> MeterValueOut:
    return MeterValueOut(
        station_id=station_id,
        evse_id=evse_id,
        session_id=None,
        timestamp=sample.timestamp,
        measurand=sample.measurand,
        value=sample.value,
        unit=sample.unit,
        phase=sample.phase,
    )


def _name(row: tuple[int, Sample]) -> str:
    evse_id, sample = row
    instant = sample.timestamp.isoformat(timespec="microseconds")
    return f"{instant}|{evse_id:04d}|{sample.measurand}|{sample.phase}|{sample.location}|{sample.context}"
