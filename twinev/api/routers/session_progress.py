"""How far a charging session has come, for its driver's screen."""

from __future__ import annotations

from fastapi import APIRouter

from twinev.api.platform import AnyRole, Reading, ThePlatform
from twinev.api.routers.tariffs import cost_out
from twinev.services.agree_contract import is_operator
from twinev.services.own_sessions import seen_session
from twinev.services.price_session import session_owner
from twinev.services.session_progress import session_progress
from twinev.wire.rest.sessions import PlannedStepOut, SessionProgressOut

router = APIRouter(prefix="/api/v1/sessions/{session_id}/progress", tags=["sessions"])


@router.get("")
def get_progress(session_id: str, work: Reading, platform: ThePlatform, user: AnyRole) -> SessionProgressOut:
    """Show energy, power, cost so far, state of charge as far as it is known, and the plan ahead."""
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
        plan=tuple(PlannedStepOut(start=step.start, end=step.end, power_kw=step.power_kw) for step in progress.plan),
        explanation=live.explanation(session),
    )
