"""Charging sessions: what runs and ran, what the driver asks for, start and stop from afar, meter values.

Staff sees all sessions; drivers see, start, change and stop their own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from twinev.api.idempotency import OnlyOnce
from twinev.api.live import LiveView
from twinev.api.pagination import WantedPage, page_of
from twinev.api.platform import AnyRole, CallingApp, Driving, Platform, Reading, ThePlatform
from twinev.api.routers.commands import command_out
from twinev.domain.facts import Sample
from twinev.domain.plan import SentCommand
from twinev.domain.session import ChargingSession
from twinev.domain.users import OPERATORS, User
from twinev.domain.vehicles import DriverProfile
from twinev.errors import BadInput, Forbidden
from twinev.services.change_needs import change_needs
from twinev.services.own_sessions import is_staff, seen_session, steered_session
from twinev.services.ports.charging import SessionFilter
from twinev.services.start_charging import StartWish, start_charging
from twinev.wire.moment import Moment
from twinev.wire.rest.commands import CommandOut
from twinev.wire.rest.pages import Page
from twinev.wire.rest.sessions import ChargingWishIn, MeterValueOut, SessionNeedsIn, SessionOut, SessionStartIn

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])

_FIND = (
    "words that occur in the ids of station and transaction, in the id token or stop reason, or begin the session's id"
)
_CREATED: dict[int | str, dict[str, Any]] = {201: {"model": CommandOut}}


@router.get("")
def list_sessions(
    *,
    ask: WantedPage,
    work: Reading,
    platform: ThePlatform,
    user: AnyRole,
    site_id: str | None = None,
    station_id: str | None = None,
    active: bool | None = None,
    find: Annotated[str, Query(max_length=200, description=_FIND)] = "",
    since: Moment | None = None,
    until: Moment | None = None,
) -> Page[SessionOut]:
    """List the sessions, the newest first; a driver's list has his own."""
    own = None if is_staff(user) else user.id
    wanted = {"station_id": station_id, "active": active, "site_id": site_id, "user_id": own}
    began = SessionFilter(find=find, since=since, until=until)
    rows = work.sessions.list(limit=ask.one_more, before=ask.after, wanted=began, **wanted)
    live = platform.live_view(work, sessions=rows)
    return page_of(rows, ask, out=lambda session: _out(session, live), name=lambda session: session.id)


@router.get("/{session_id}")
def get_session(session_id: str, work: Reading, platform: ThePlatform, user: AnyRole) -> SessionOut:
    """Show one session, with what its site's plan says about it."""
    session = seen_session(session_id, user=user, work=work)
    return _out(session, platform.live_view(work, sessions=[session]))


@router.patch("/{session_id}")
def patch_session(session_id: str, body: SessionNeedsIn, platform: ThePlatform, user: Driving) -> SessionOut:
    """Change what the driver asks for; what is left out stays. The site is planned again."""
    changes = body.model_dump(exclude_unset=True)
    if changes.get("profile") is not None:
        changes["profile"] = _profile(changes["profile"])
    changes = {key: value for key, value in changes.items() if value is not None}
    with platform.unit_of_work() as work:
        steered_session(session_id, user=user, work=work)
        session = change_needs(session_id, changes, work=work)
        live = platform.live_view(work, sessions=[session])
        work.commit()
    return _out(session, live)


@router.post("", status_code=HTTPStatus.CREATED, response_model=None, responses=_CREATED)
async def start_session(
    body: SessionStartIn, platform: ThePlatform, user: Driving, app: CallingApp, only_once: OnlyOnce
) -> Any:
    """Ask a station to start charging; the answer tells how it took it, and the session begins when it says so."""

    async def start() -> CommandOut:
        if body.id_token is None:
            return command_out(await _start_own(body, platform, user, app))
        if user.roles.isdisjoint(OPERATORS):
            raise Forbidden("only an operator starts with an id_token; leave it out to charge with your own")
        if body.station_id is None:
            raise BadInput("station_id", None, "the id of a station")
        sent = await platform.command_station.start_session(
            body.station_id, evse_id=body.evse_id, id_token=body.id_token, issued_by=user.username, app=app
        )
        return command_out(sent)

    return await only_once.answer(start)


@router.post("/{session_id}/stop", status_code=HTTPStatus.CREATED, response_model=None, responses=_CREATED)
async def stop_session(
    session_id: str, platform: ThePlatform, user: Driving, app: CallingApp, only_once: OnlyOnce
) -> Any:
    """Ask the station to stop charging; the answer tells how it took it."""

    def require_own() -> None:
        with platform.reading() as work:
            steered_session(session_id, user=user, work=work)

    async def stop() -> CommandOut:
        await run_in_threadpool(require_own)
        return command_out(await platform.command_station.stop_session(session_id, issued_by=user.username, app=app))

    return await only_once.answer(stop)


def charging_wish(body: ChargingWishIn) -> StartWish:
    """What the caller wants for himself."""
    asked = body.model_dump(exclude={"id_token", "profile"})
    return StartWish(**asked, profile=None if body.profile is None else DriverProfile(body.profile))


async def _start_own(body: SessionStartIn, platform: Platform, user: User, app: str | None) -> SentCommand:
    return await start_charging(
        charging_wish(body),
        user=user,
        unit_of_work=platform.unit_of_work,
        clock=platform.clock,
        command_station=platform.command_station,
        rules=platform.reservation_rules,
        app=app,
    )


@router.get("/{session_id}/meter-values")
def list_meter_values(
    *,
    session_id: str,
    ask: WantedPage,
    work: Reading,
    user: AnyRole,
    since: Moment | None = None,
    measurand: str | None = None,
) -> Page[MeterValueOut]:
    """List what was measured in the session, the oldest first."""
    session = seen_session(session_id, user=user, work=work)
    samples = list(enumerate(work.meter_values.of_session(session, since=since, measurand=measurand)))
    first = 0 if ask.after is None else _position(ask.after) + 1
    page = samples[first : first + ask.one_more]
    return page_of(page, ask, out=lambda row: _meter_value(session, row[1]), name=lambda row: str(row[0]))


def _out(session: ChargingSession, live: LiveView) -> SessionOut:
    return SessionOut(
        id=session.id,
        site_id=session.site_id,
        station_id=session.station_id,
        evse_id=session.evse_id,
        ocpp_transaction_id=session.ocpp_transaction_id,
        id_token=session.id_token,
        started_at=session.started_at,
        ended_at=session.ended_at,
        stop_reason=session.stop_reason,
        charging_state=session.charging_state,
        energy_kwh=session.energy_kwh,
        power_kw=live.power_kw(session),
        measured_at=session.measured_at,
        energy_requested_kwh=session.needs.energy_kwh,
        departure_at=session.needs.departure_at,
        profile=session.needs.profile,
        planned_kw=live.planned_kw(session),
        explanation=live.explanation(session),
        missing_seq_nos=list(session.events.gaps),
    )


def _meter_value(session: ChargingSession, sample: Sample) -> MeterValueOut:
    return MeterValueOut(
        station_id=session.station_id,
        evse_id=session.evse_id,
        session_id=session.id,
        timestamp=sample.timestamp,
        measurand=sample.measurand,
        value=sample.value,
        unit=sample.unit,
        phase=sample.phase,
    )


def _profile(name: str) -> DriverProfile:
    try:
        return DriverProfile(name)
    except ValueError as error:
        raise BadInput("profile", name, f"one of {', '.join(DriverProfile)}") from error


def _position(after: str) -> int:
    if not after.isdecimal():
        raise BadInput("cursor", after, "the next_cursor of an earlier page")
    return int(after)
