"""What charges now and where one can start, and one session: live while it runs, with its receipt afterwards."""

from __future__ import annotations

from fastapi import APIRouter, Request, status
from fastapi.responses import RedirectResponse, Response

from twinev.api.driver_pages import PREFIX, Driver, DriverRoute, driver_page
from twinev.api.platform import Reading, ThePlatform
from twinev.api.routers.driver.departures import departures
from twinev.api.routers.session_progress import progress_of
from twinev.domain.session import ChargingSession
from twinev.domain.users import User
from twinev.domain.vehicles import DriverProfile
from twinev.errors import NotFound
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import session_owner
from twinev.services.start_places import LONGEST_STAY, start_places

router = APIRouter(include_in_schema=False, route_class=DriverRoute)

MOST_SHOWN = 10


@router.get(f"{PREFIX}/sessions", response_model=None)
def show_sessions(request: Request, login: Driver, work: Reading, platform: ThePlatform) -> Response:
    """Show what charges, and where charging can start; a session that is alone is shown at once."""
    now = platform.clock.now()
    running = work.sessions.list(limit=MOST_SHOWN, active=True, user_id=login.user.id)
    places = start_places(user=login.user, work=work, now=now, rules=platform.reservation_rules)
    begun = {(session.station_id, session.evse_id) for session in running}
    places = [place for place in places if (place.station.id, place.evse.id) not in begun]
    if len(running) == 1 and not places:
        return RedirectResponse(f"{PREFIX}/sessions/{running[0].id}", status.HTTP_303_SEE_OTHER)
    live = platform.live_view(work, sessions=running)
    return driver_page(
        request,
        "sessions.html",
        login=login,
        running=[_running(session, live.power_kw(session), work) for session in running],
        waiting=[place for place in places if place.order is not None],
        places=[place for place in places if place.order is None],
    )


@router.get(f"{PREFIX}/sessions/{{session_id}}", response_model=None)
def show_session(session_id: str, request: Request, login: Driver, work: Reading, platform: ThePlatform) -> Response:
    """Show a session of the person's own."""
    session = own_session(session_id, user=login.user, work=work)
    station, site = work.stations.get(session.station_id), work.sites.get(session.site_id)
    records = work.charge_detail_records.of_session(session.id)
    progress = progress_of(session.id, user=login.user, work=work, platform=platform)
    now = platform.clock.now()
    return driver_page(
        request,
        "session.html" if session.active else "session_over.html",
        login=login,
        session=session,
        station=station,
        site=site,
        progress=progress.model_dump(mode="json"),
        profiles=tuple(DriverProfile),
        departures=departures(now, progress.stop_at or now + LONGEST_STAY),
        record=records[-1] if records else None,
    )


def own_session(session_id: str, *, user: User, work: UnitOfWork) -> ChargingSession:
    """Return a session of the user's own, of staff's too: everybody else's is not shown here."""
    session = work.sessions.get(session_id)
    if session_owner(session, work=work) != user.id:
        raise NotFound("charging session", session_id)
    return session


def _running(session: ChargingSession, power_kw: float, work: UnitOfWork) -> dict[str, object]:
    station = work.stations.get(session.station_id)
    return {"session": session, "power_kw": power_kw, "station": station, "site": work.sites.get(session.site_id)}
