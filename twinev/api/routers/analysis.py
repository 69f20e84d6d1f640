"""How a month went: figures, days, a table for spreadsheets and a report to print, for who runs the charge points."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from twinev.analysis_view import texts
from twinev.analysis_view.report import report_html
from twinev.api.analysis_out import analysis_csv, analysis_out, month_out
from twinev.api.page_reader import login_and_back, reader_of
from twinev.api.platform import LongReading, Operator, ThePlatform
from twinev.domain.users import OPERATORS
from twinev.errors import BadInput, Forbidden, NotAuthenticated
from twinev.services.analyse_month import AnalyseMonth
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.wire.rest.analysis import AnalysisMonths, AnalysisOut

#: The report looks back on a year.
REPORT_MONTHS = 12

router = APIRouter(prefix="/api/v1/analysis", tags=["analysis"])
page_router = APIRouter(include_in_schema=False)


def analyse_month_of(request: Request) -> AnalyseMonth:
    return request.app.state.analyse_month


TheAnalysis = Annotated[AnalyseMonth, Depends(analyse_month_of)]
SiteId = Annotated[str, Query(min_length=1, max_length=64, description="one site; without it all together")]
Month = Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="YYYY-MM")]


@router.get("")
def get_analysis(
    analyse: TheAnalysis, platform: ThePlatform, _user: Operator, month: Month, site_id: SiteId | None = None
) -> AnalysisOut:
    """Show a month with its days; `docs/analysis.md` defines every figure."""
    return _analysis(analyse, platform, month, site_id)


@router.get("/months")
def list_analysed_months(
    analyse: TheAnalysis,
    platform: ThePlatform,
    _user: Operator,
    months: Annotated[int, Query(ge=1, le=24, description="how many months back, this one included")] = 12,
    site_id: SiteId | None = None,
) -> AnalysisMonths:
    """List the present month and those before it, back to the first session."""
    found = analyse.months(number=months, site_id=site_id)
    return AnalysisMonths(site_id=site_id, as_of=platform.clock.now(), items=tuple(month_out(one) for one in found))


@router.get("/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export_analysis(analyse: TheAnalysis, _user: Operator, month: Month, site_id: SiteId | None = None) -> Response:
    """Export a month and its days as CSV."""
    text = analysis_csv(analyse.month(_first_of(month), site_id=site_id))
    headers = {"Content-Disposition": f'attachment; filename="analysis-{month}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@page_router.get("/api/v1/analysis/report", response_model=None)
def show_report(
    *,
    request: Request,
    analyse: TheAnalysis,
    platform: ThePlatform,
    work: LongReading,
    month: Month | None = None,
    site_id: SiteId | None = None,
) -> Response:
    """Show a month, the present one by default, as a page to print.

    Who is not logged in goes to the login page and comes back.
    """
    try:
        user = reader_of(request)
    except NotAuthenticated:
        return login_and_back(request)
    if user.roles.isdisjoint(OPERATORS):
        raise Forbidden("the analysis is for charge point operators and administrators")
    place, zone = _place(work, site_id)
    present = platform.clock.now().astimezone(zone).strftime("%Y-%m")
    analysis = _analysis(analyse, platform, month or present, site_id)
    months = [month_out(one) for one in analyse.months(number=REPORT_MONTHS, site_id=site_id)]
    nonce = secrets.token_urlsafe(16)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:;"
        " frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(report_html(analysis, months, place=place, zone=zone, nonce=nonce), headers=headers)


def _analysis(analyse: AnalyseMonth, platform: ThePlatform, month: str, site_id: str | None) -> AnalysisOut:
    found = analyse.month(_first_of(month), site_id=site_id)
    return analysis_out(found, site_id=site_id, as_of=platform.clock.now(), co2=analyse.co2)


def _place(work: UnitOfWork, site_id: str | None) -> tuple[str, ZoneInfo]:
    """What the report calls the place, and whose clock it goes by."""
    if site_id is not None:
        site = work.sites.get(site_id)
        return site.name, ZoneInfo(site.time_zone)
    zones = {site.time_zone for site in work.sites.list()}
    return texts.REPORT_ALL_SITES, ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")


def _first_of(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise BadInput("month", month, "a month as YYYY-MM") from error
    # The days around it have to be dates too.
    if not 2000 <= first.year < 9999:
        raise BadInput("month", month, "a month from 2000-01 on")
    return first
