"""How far a charging session has come, for its driver's screen."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from twinev.api.identity import Authenticator, CurrentLogin
from twinev.api.platform import AnyRole, Platform, Reading, ThePlatform
from twinev.api.progress_stream import progress_frames
from twinev.api.routers.tariffs import cost_out
from twinev.domain.users import User
from twinev.services.agree_contract import is_operator
from twinev.services.own_sessions import seen_session
from twinev.services.ports.unit_of_work import UnitOfWork
from twinev.services.price_session import session_owner
from twinev.services.session_progress import session_progress
from twinev.wire.rest.sessions import MeasuredStepOut, PlannedStepOut, SessionProgressOut

router = APIRouter(prefix="/api/v1/sessions/{session_id}/progress", tags=["sessions"])


@router.get("")
def get_progress(session_id: str, work: Reading, platform: ThePlatform, user: AnyRole) -> SessionProgressOut:
    """Show energy, power, cost so far, state of charge as far as it is known, and the plan ahead."""
    return progress_of(session_id, user=user, work=work, platform=platform)


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def stream_progress(
    session_id: str, request: Request, platform: ThePlatform, login: CurrentLogin, user: AnyRole
) -> StreamingResponse:
    """Stream the same, at once and whenever it changes, as events ``session.progress``; ends with the session."""

    def read() -> SessionProgressOut:
        with platform.reading() as work:
            return progress_of(session_id, user=user, work=work, platform=platform)

    first = await asyncio.to_thread(read)
    authenticator: Authenticator = request.app.state.identity
    frames = progress_frames(platform.events, partial(authenticator.is_open, login), read, first, clock=platform.clock)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def progress_of(session_id: str, *, user: User, work: UnitOfWork, platform: Platform) -> SessionProgressOut:
    """Read how far a session has come, as the user may see it.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    """
    session = seen_session(session_id, user=user, work=work)
    live = platform.live_view(work, sessions=[session])
    own = session_owner(session, work=work) == user.id
    progress = session_progress(session, plan=live.plans.get(session.site_id), work=work, now=live.now)
    return SessionProgressOut(
        session_id=session.id,
        active=session.active,
        charging_state=session.charging_state,
        energy_kwh=session.energy_kwh,
        energy_requested_kwh=session.needs.energy_kwh,
        power_kw=live.power_kw(session),
        planned_kw=live.planned_kw(session),
        soc=progress.soc,
        soc_told=progress.soc_told,
        target_soc=progress.target_soc,
        departure_at=session.needs.departure_at,
        done_at=progress.done_at,
        reservation_id=progress.reservation_id,
        stop_at_target=progress.stop_at_target,
        stop_at=progress.stop_at,
        # As with bills: the driver's own, and the operators' business.
        cost=cost_out(progress.cost) if own or is_operator(user) else None,
        measured=tuple(MeasuredStepOut(**vars(step)) for step in progress.measured),
        plan=tuple(PlannedStepOut(**vars(step)) for step in progress.plan),
        explanation=live.explanation(session),
    )
