"""What a station told of itself: firmware, logs, security, its device model, alarms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from twinev.api.pagination import WantedPage, number_after, page_of
from twinev.api.platform import Operator, Reading
from twinev.domain.station_report import StationReport
from twinev.wire.rest.pages import Page
from twinev.wire.rest.stations import StationReportOut

router = APIRouter(prefix="/api/v1/stations/{station_id}/reports", tags=["stations"])

# What an integer of the database holds.
LARGEST_REQUEST_ID = 2**63 - 1


@router.get("")
def list_reports(
    *,
    station_id: str,
    ask: WantedPage,
    work: Reading,
    _user: Operator,
    report: str | None = None,
    request_id: Annotated[int | None, Query(ge=-LARGEST_REQUEST_ID, le=LARGEST_REQUEST_ID)] = None,
) -> Page[StationReportOut]:
    """List a station's reports, the last to come first; ``report`` is a message of OCPP 2.x, such as NotifyEvent."""
    work.stations.get(station_id)
    rows = work.reports.list(
        station_id, limit=ask.one_more, before=number_after(ask), report=report, request_id=request_id
    )
    return page_of(rows, ask, out=_out, name=lambda row: str(row.id))


def _out(report: StationReport) -> StationReportOut:
    return StationReportOut(
        id=str(report.id),
        station_id=report.station_id,
        report=report.report,
        timestamp=report.timestamp,
        received_at=report.received_at,
        evse_id=report.evse_id,
        request_id=report.request_id,
        seq_no=report.seq_no,
        to_be_continued=report.to_be_continued,
        content=report.content,
    )
