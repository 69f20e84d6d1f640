"""How a charging session went, for the screens of drivers and of who runs the stations."""

from __future__ import annotations

from fastapi import APIRouter

from twinev.api.platform import AnyRole, LongReading, ThePlatform
from twinev.services.agree_contract import is_operator
from twinev.services.own_sessions import seen_session
from twinev.services.session_course import session_course
from twinev.wire.rest.sessions import CourseReadingOut, CourseSlotOut, SessionCourseOut
from twinev.wire.rest.station_limits import LimitStep

router = APIRouter(prefix="/api/v1/sessions/{session_id}/course", tags=["sessions"])


@router.get("")
def get_course(session_id: str, work: LongReading, platform: ThePlatform, user: AnyRole) -> SessionCourseOut:
    """Show energy, power, plan and cost of each slot, the meter's readings, and the limits that the station had."""
    session = seen_session(session_id, user=user, work=work)
    course = session_course(session, work=work, now=platform.clock.now())
    # As with bills: the driver's own, and the operators' business.
    bills = session.user_id == user.id or is_operator(user)
    return SessionCourseOut(
        session_id=session.id,
        slot_minutes=course.slot_minutes,
        slots=tuple(
            CourseSlotOut(
                start=slot.start,
                end=slot.end,
                energy_kwh=slot.energy_kwh,
                power_kw=slot.power_kw,
                planned_kw=slot.planned_kw,
                cost_excl_vat=slot.cost_excl_vat if bills else None,
            )
            for slot in course.slots
        ),
        readings=tuple(CourseReadingOut(at=reading.at, energy_kwh=float(reading.kwh)) for reading in course.readings),
        planned=tuple(LimitStep(start=stretch.start, limit_kw=stretch.limit_kw) for stretch in course.planned),
        tariff_id=course.cost.tariff_id if bills else None,
        currency=course.cost.currency,
        other_excl_vat=course.other_excl_vat if bills else None,
        total_excl_vat=course.cost.total.excl_vat if bills else None,
        total_incl_vat=course.cost.total.incl_vat if bills else None,
    )
