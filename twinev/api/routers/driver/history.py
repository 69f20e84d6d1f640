"""What a driver has charged, the newest first, with what it cost and the receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, driver_page
from twinev.api.platform import Reading
from twinev.domain.charge_detail_record import ChargeDetailRecord
from twinev.domain.charge_points import ChargingStation, Site
from twinev.domain.session import ChargingSession
from twinev.services.ports.unit_of_work import UnitOfWork

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

A_PAGE = 20


@dataclass(frozen=True, kw_only=True)
class PastSession:
    """``record`` is the bill that counts; None while it is being made."""

    session: ChargingSession
    station: ChargingStation
    site: Site
    record: ChargeDetailRecord | None


@router.get(f"{PREFIX}/history", response_model=None)
def show_history(
    request: Request, login: Driver, work: Reading, before: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """Show a page of them; ``before`` is the last session of the page before."""
    rows = work.sessions.list(limit=A_PAGE + 1, before=before, active=False, user_id=login.user.id)
    shown = rows[:A_PAGE]
    return driver_page(
        request,
        "history.html",
        login=login,
        past=[_past(session, work) for session in shown],
        earlier=shown[-1].id if len(rows) > A_PAGE else None,
    )


def _past(session: ChargingSession, work: UnitOfWork) -> PastSession:
    records = work.charge_detail_records.of_session(session.id)
    return PastSession(
        session=session,
        station=work.stations.get(session.station_id),
        site=work.sites.get(session.site_id),
        record=records[-1] if records else None,
    )
